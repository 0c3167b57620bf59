//! The AWS CLI reads the metrics of orders, and reads the same after the server was killed.
//!
//! Method: a page that stands here instead of in the documents, run like one of them; its last block once more on a second
//! server over the same data.

use super::page::Page;

const COMMANDS: &str = r#"
```sh server
cargo run -- serve
```

```sh
export AWS_ENDPOINT_URL=http://127.0.0.1:6737 AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
```

```sh order
cargo run -- catalog import SEED/products.json > import.out
cargo run -- order place SEED/orders/order-001.json --wait > order.out
```

```sh
aws cloudwatch list-metrics --namespace AWS/Lambda --dimensions Name=FunctionName,Value=ValidateOrder \
  --query 'Metrics[?length(Dimensions)==`1`].MetricName' --output text | tr '\t' '\n' | sort
for METRIC in DurableExecutionStarted DurableExecutionCompleted DurableExecutionCheckpointCreated Invocations; do
  echo sum $METRIC $(aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name $METRIC \
    --dimensions Name=FunctionName,Value=ValidateOrder --statistics Sum --period 3600 \
    --start-time $(date -u -d '-1 hour' +%FT%TZ) --end-time $(date -u -d '+1 minute' +%FT%TZ) \
    --query 'sum(Datapoints[].Sum)' --output text)
done
aws cloudwatch get-metric-data --start-time $(date -u -d '-1 hour' +%FT%TZ) --end-time $(date -u -d '+1 minute' +%FT%TZ) \
  --metric-data-queries '[{"Id": "operations", "MetricStat": {"Stat": "p99", "Period": 3600, "Metric": {
    "Namespace": "AWS/Lambda", "MetricName": "DurableExecutionOperations",
    "Dimensions": [{"Name": "FunctionName", "Value": "ValidateOrder"}]}}}]' \
  --query 'MetricDataResults[].[Id, StatusCode, sum(Values)]' --output text
aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Invocations --period 60 --statistics Mode \
  --start-time 2026-11-23T00:00:00Z --end-time 2026-11-23T01:00:00Z 2>&1 || true
```
"#;

#[test]
fn the_aws_cli_reads_the_metrics_of_an_order_also_after_a_kill() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed");
    let page = Page::new(&COMMANDS.replace("SEED", seed));
    let server = page.start_server();
    let placed = page.shell(&page.with_set_up("sh order")).output().unwrap();
    assert!(placed.status.success(), "{placed:?}");
    let out = page.run();
    for line in [
        "DurableExecutionDuration",
        "DurableExecutionStorageWrittenBytes",
        "DurableExecutionSucceeded",
        "Duration",
        "sum DurableExecutionStarted 1.0",
        "sum DurableExecutionCompleted 1.0",
        "sum DurableExecutionCheckpointCreated 8.0",
        "sum Invocations 1.0",
        "operations\tComplete\t5.0",
    ] {
        assert!(out.lines().any(|found| found == line), "{line} is not in {out}");
    }
    assert!(
        out.contains("(InvalidParameterValue)") && out.contains("must be a value in the set"),
        "{out}"
    );
    drop(server);
    let _server = page.start_server();
    assert_eq!(page.run(), out);
}
