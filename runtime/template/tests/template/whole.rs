//! Whole templates, as people write them and as tools make them.

use std::collections::BTreeMap;

use durable_template::{
    Alias, AliasVersion, Code, DurableConfig, LogGroup, LoggingConfig, Stack, read,
};
use serde_json::json;

use crate::support::{file, function, options, with_parameter};

fn environment(stack: &Stack, logical_id: &str) -> BTreeMap<String, String> {
    let variables = &function(stack, logical_id).environment;
    variables.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn outputs(stack: &Stack) -> BTreeMap<&str, String> {
    stack.outputs.iter().map(|it| (it.key.as_str(), it.value.to_string())).collect()
}

fn ignored(stack: &Stack) -> Vec<(&str, Option<&str>)> {
    stack.ignored.iter().map(|it| (it.logical_id.as_str(), it.property.as_deref())).collect()
}

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn a_sam_template_becomes_functions_with_versions_and_aliases() {
    let stack = read(&file("sam/template.yaml"), &options()).unwrap();

    assert_eq!(stack.name, "shop");
    assert_eq!(stack.description.as_deref(), Some("Orders, with a worker and a table"));
    let order = function(&stack, "OrderFunction");
    assert_eq!(order.name, "shop-OrderFunction");
    assert_eq!((order.runtime.as_str(), order.handler.as_str()), ("nodejs22.x", "index.handler"));
    assert_eq!((order.timeout_seconds, order.memory_mb), (30, 256));
    assert_eq!(order.code, Code::Directory(file("sam/src/orders")));
    assert_eq!(order.tags, strings(&[("team", "shop")]));
    let durable = DurableConfig { execution_timeout_seconds: Some(3600), retention_days: Some(7) };
    assert_eq!(order.durable, Some(durable));
    let worker = function(&stack, "Worker");
    assert_eq!((worker.name.as_str(), worker.runtime.as_str()), ("dev-worker", "python3.13"));
    // SAM merges the globals before anything is evaluated: a value that comes to nothing hides the global one.
    assert_eq!((worker.timeout_seconds, worker.durable), (3, None));

    let version = stack.versions.iter().find(|it| it.function_name == order.name).unwrap();
    assert!(version.logical_id.starts_with("OrderFunctionVersion"), "{}", version.logical_id);
    assert_eq!(version.description, "of the order workflow");
    let alias = stack.aliases.iter().find(|it| it.function_name == order.name).unwrap();
    assert_eq!(
        (alias.logical_id.as_str(), alias.name.as_str()),
        ("OrderFunctionAliaslive", "live")
    );
    assert_eq!(alias.version, AliasVersion::OfVersion(version.logical_id.clone()));
}

#[test]
fn globals_and_references_make_the_environment_of_a_function() {
    let stack = read(&file("sam/template.yaml"), &options()).unwrap();

    let worker_version = stack.versions.iter().find(|it| it.function_name == "dev-worker").unwrap();
    let number = &worker_version.logical_id;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:dev-worker";
    assert_eq!(
        environment(&stack, "OrderFunction"),
        strings(&[
            ("STAGE", "dev"),
            ("LOG_LEVEL", "debug"),
            ("TABLE_NAME", "shop-Products"),
            ("WORKER", &format!("{arn}:$LATEST")),
            ("WORKER_VERSION", &format!("{arn}:<number of {number}>")),
            ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-Queue"),
            ("API_VERSION", "1.10"),
        ])
    );
    let expected = strings(&[("STAGE", "dev"), ("LOG_LEVEL", "info")]);
    assert_eq!(environment(&stack, "Worker"), expected);
}

#[test]
fn a_function_comes_after_those_whose_versions_its_environment_names() {
    let stack = read(&file("sam/template.yaml"), &options()).unwrap();

    let order: Vec<&str> = stack.functions.iter().map(|it| it.logical_id.as_str()).collect();
    assert_eq!(order, ["Worker", "OrderFunction"]);
    let value = &function(&stack, "OrderFunction").environment["WORKER_VERSION"];
    assert_eq!(value.complete(), None);
    let versions: Vec<&str> = value.versions().collect();
    assert_eq!(versions, [stack.versions[0].logical_id.as_str()]);
    let resolved = value.resolve(|id| (id == versions[0]).then(|| "7".to_owned()));
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:dev-worker:7";
    assert_eq!(resolved.as_deref(), Some(arn));
    assert_eq!(value.resolve(|_| None), None);
}

#[test]
fn outputs_are_there_when_their_condition_holds() {
    let dev = read(&file("sam/template.yaml"), &options()).unwrap();
    let prod = read(&file("sam/template.yaml"), &with_parameter("Stage", "prod")).unwrap();

    let version = &dev.versions[1].logical_id;
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-OrderFunction";
    let of_version = format!("{arn}:<number of {version}>");
    assert_eq!(
        outputs(&dev),
        BTreeMap::from([
            ("OrderFunctionAlias", format!("{arn}:live")),
            ("OrderFunctionVersion", of_version),
            (
                "OrderApi",
                "https://shop-ServerlessHttpApi.execute-api.eu-west-1.amazonaws.com/".into()
            ),
            ("RoleArn", "arn:aws:iam::123456789012:role/shop-OrderFunctionRole".into()),
        ])
    );
    assert_eq!(dev.outputs[0].description.as_deref(), Some("What callers invoke"));
    assert_eq!(dev.outputs[3].export_name.as_deref(), Some("shop-role"));
    assert_eq!(outputs(&prod)["AuditTable"], "shop-Audit");
}

#[test]
fn a_condition_and_a_parameter_change_what_is_created() {
    let dev = read(&file("sam/template.yaml"), &options()).unwrap();
    let prod = read(&file("sam/template.yaml"), &with_parameter("Stage", "prod")).unwrap();

    let tables = |stack: &Stack| stack.tables.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    assert_eq!(tables(&dev), ["shop-Products"]);
    assert_eq!(tables(&prod), ["shop-Products", "shop-Audit"]);
    assert_eq!(function(&prod, "OrderFunction").memory_mb, 1024);
    assert_eq!(function(&prod, "Worker").timeout_seconds, 60);
    assert!(prod.aliases.iter().any(|it| it.name == "stable" && it.function_name == "prod-worker"));
}

#[test]
fn secrets_among_the_parameters_are_masked() {
    let stack = read(&file("sam/template.yaml"), &with_parameter("ApiKey", "4711")).unwrap();

    let shown: Vec<_> =
        stack.parameters.iter().map(|it| (it.key.as_str(), it.value.as_str())).collect();
    assert_eq!(shown, [("Stage", "dev"), ("ApiKey", "****")]);
}

#[test]
fn resources_are_listed_with_their_types_after_the_transform() {
    let stack = read(&file("sam/template.yaml"), &options()).unwrap();

    let resources: Vec<_> =
        stack.resources.iter().map(|it| (it.kind.as_str(), it.physical_id.to_string())).collect();
    let arn = |name: &str| format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
    let (worker, order) = (&stack.versions[0].logical_id, &stack.versions[1].logical_id);
    assert_eq!(
        resources,
        [
            ("AWS::Lambda::Function", "shop-OrderFunction".to_owned()),
            ("AWS::Lambda::Version", arn(&format!("shop-OrderFunction:<number of {order}>"))),
            ("AWS::Lambda::Alias", arn("shop-OrderFunction:live")),
            ("AWS::Lambda::Function", "dev-worker".to_owned()),
            ("AWS::Lambda::Version", arn(&format!("dev-worker:<number of {worker}>"))),
            ("AWS::Lambda::Alias", arn("dev-worker:live")),
            ("AWS::DynamoDB::Table", "shop-Products".to_owned()),
        ]
    );
}

#[test]
fn what_nobody_does_is_listed_with_a_reason() {
    let stack = read(&file("sam/template.yaml"), &options()).unwrap();

    let expected =
        [("OrderFunction", Some("Events")), ("OrderFunction", Some("Policies")), ("Queue", None)];
    assert_eq!(ignored(&stack), expected);
    assert!(stack.ignored.iter().all(|it| !it.why.is_empty()));
    assert_eq!(stack.ignored[2].kind, "AWS::SQS::Queue");
}

#[test]
fn a_cloudformation_template_in_json_is_read_in_full() {
    let stack = read(&file("cloudformation/template.json"), &options()).unwrap();

    let workflow = function(&stack, "Workflow");
    assert_eq!(workflow.name, "workflow");
    let text = "def handler(event, context):\n    return event".to_owned();
    assert_eq!(workflow.code, Code::Inline { file_name: "index.py".to_owned(), text });
    assert_eq!((workflow.timeout_seconds, workflow.memory_mb), (900, 512));
    assert_eq!(workflow.description, "The workflow");
    assert_eq!(workflow.role.as_deref(), Some("arn:aws:iam::123456789012:role/shop-Role"));
    assert_eq!(workflow.architectures, ["arm64"]);
    assert_eq!((workflow.ephemeral_storage_mb, workflow.reserved_concurrency), (1024, Some(5)));
    assert_eq!(workflow.tenant_isolation_mode.as_deref(), Some("PER_TENANT"));
    let durable = DurableConfig { execution_timeout_seconds: Some(86_400), retention_days: None };
    assert_eq!(workflow.durable, Some(durable));
    let some = |text: &str| Some(text.to_owned());
    let logging = LoggingConfig {
        format: some("JSON"),
        application_level: some("DEBUG"),
        system_level: some("WARN"),
        group: some("/shop/workflow"),
    };
    assert_eq!(workflow.logging, Some(logging));
    let table = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders";
    let expected = strings(&[("SECOND_ZONE", "b"), ("TABLE", table)]);
    assert_eq!(environment(&stack, "Workflow"), expected);
    assert_eq!(
        stack.log_groups,
        [LogGroup {
            logical_id: "Log".to_owned(),
            name: "/shop/workflow".to_owned(),
            retention_days: Some(14),
            tags: BTreeMap::new(),
        }]
    );
    let expected = [
        ("Role", None),
        ("Workflow", Some("Layers")),
        ("Workflow", Some("Role")),
        ("Orders", Some("PointInTimeRecoverySpecification")),
    ];
    assert_eq!(ignored(&stack), expected);
}

#[test]
fn aliases_mean_a_version_of_the_template_a_number_or_the_latest() {
    let stack = read(&file("cloudformation/template.json"), &options()).unwrap();

    let alias = |logical_id: &str, name: &str, version, routing| Alias {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        function_name: "workflow".to_owned(),
        version,
        routing,
        description: String::new(),
    };
    let second = AliasVersion::OfVersion("Second".to_owned());
    let routing = vec![(AliasVersion::Number(1), 0.25)];
    let newest = alias("Newest", "newest", AliasVersion::Latest, Vec::new());
    assert_eq!(stack.aliases, [alias("Live", "live", second, routing), newest]);
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:workflow";
    assert_eq!(
        outputs(&stack),
        BTreeMap::from([
            ("Version", format!("{arn}:<number of Second>")),
            ("Number", "<number of Second>".to_owned()),
        ])
    );
}

#[test]
fn a_table_becomes_the_request_that_creates_it() {
    let stack = read(&file("cloudformation/template.json"), &options()).unwrap();

    let table = &stack.tables[0];
    assert_eq!(table.name, "orders");
    assert_eq!(table.time_to_live_attribute.as_deref(), Some("expiresAt"));
    assert_eq!(
        table.create_table,
        json!({
            "TableName": "orders",
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "at", "AttributeType": "N"},
                {"AttributeName": "customer", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "id", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2},
            "GlobalSecondaryIndexes": [{
                "IndexName": "byCustomer",
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
                "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            }],
            "LocalSecondaryIndexes": [{
                "IndexName": "byCustomerOfId",
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "customer", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
            "SSESpecification": {"Enabled": true},
            "Tags": [{"Key": "team", "Value": "shop"}],
        })
    );
}

#[test]
fn the_output_of_cdk_synth_is_read_with_its_assets() {
    let stack = read(&file("cdk/OrdersStack.template.json"), &options()).unwrap();

    let directory = Code::Directory(file("cdk/asset.6f1c9f5d1a7e"));
    // One names its asset in its metadata, the other only in the manifest.
    assert_eq!(function(&stack, "Order7A1B0C2D").code, directory);
    assert_eq!(function(&stack, "Plain9E8D7C6B").code, directory);
    assert_eq!(
        stack.aliases[0].version,
        AliasVersion::OfVersion("OrderCurrentVersion5D3E9B7A1f0c".to_owned())
    );
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-Order7A1B0C2D";
    assert_eq!(
        environment(&stack, "Plain9E8D7C6B"),
        strings(&[
            ("ORDER_ALIAS", &format!("{arn}:live")),
            ("ORDER_VERSION", &format!("{arn}:<number of OrderCurrentVersion5D3E9B7A1f0c>")),
        ])
    );
    // The condition of CDKMetadata does not hold in this region.
    let expected = [
        ("Rules", None),
        ("OrderRole3B1E4C6F", None),
        ("Order7A1B0C2D", Some("Role")),
        ("Plain9E8D7C6B", Some("Role")),
    ];
    assert_eq!(ignored(&stack), expected);
    let elsewhere = &stack.parameters[0];
    assert_eq!(elsewhere.value, "/cdk-bootstrap/hnb659fds/version");
}
