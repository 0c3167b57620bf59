//! The AWS CLI shows an order as it happens, and no log group ever holds a card number.
//!
//! Method: a page that stands here instead of in the documents, run like one of them, with the orders of the demo.

use std::time::{Duration, Instant};

use super::page::Page;

/// When to give up.
const SEEN_DEADLINE: Duration = Duration::from_secs(60);

const CARDS: [&str; 4] =
    ["4532123456789012", "5412345678901234", "4111111111111111", "378282246310005"];

const COMMANDS: &str = r#"
```sh server
cargo run -- serve
```

```sh
export AWS_ENDPOINT_URL=http://127.0.0.1:6737 AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
```

```sh terminal
aws logs tail /aws/lambda/ValidateOrder --follow --format short
```

```sh
cargo run -- catalog import SEED/products.json > import.out
for number in 1 2 3 4; do
  cargo run -- order place SEED/orders/order-00$number.json --wait > order.out || test $? = 3
done
for name in ValidateOrder AuthorizePayment AllocateInventory FulfillOrder; do
  aws logs filter-log-events --log-group-name /aws/lambda/$name --output text \
    --query 'events[].[message]' | sed "s/^/$name: /"
done
```
"#;

#[test]
fn the_aws_cli_follows_an_order_and_sees_no_card_number() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed");
    let page = Page::new(&COMMANDS.replace("SEED", seed));
    let _server = page.start_server();
    let _terminal = page.run_beside("sh terminal", "terminal.out");
    let out = page.run();
    for part in [
        "ValidateOrder: [DURABLE_EXECUTION] EXECUTION_STARTED executionArn=arn:aws:lambda:",
        "ValidateOrder: START RequestId: ",
        "ValidateOrder: REPORT RequestId: ",
        "AuthorizePayment: START RequestId: ",
        "\"message\":\"payment authorized\"",
        "\"message\":\"payment declined\"",
        "\"message\":\"inventory allocated\"",
        "FulfillOrder: {\"timestamp\":\"",
        "\"message\":\"order fulfilled\"",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    for card in CARDS {
        assert!(!out.contains(card), "{out}");
    }
    let begun = Instant::now();
    let ends = |seen: &str| {
        let step = |line: &str| {
            line.contains("[DURABLE_EXECUTION] STEP_SUCCEEDED ")
                && line.contains(" operationName=authorize-payment ")
        };
        seen.lines().any(step) && seen.contains(" EXECUTION_CLOSED ")
    };
    while !ends(&page.read("terminal.out")) {
        assert!(begun.elapsed() < SEEN_DEADLINE, "{}", page.read("terminal.out"));
        std::thread::sleep(Duration::from_millis(100));
    }
}
