//! Properties of functions, tables, versions, aliases and log groups: defaults, bounds, spelling.

use serde_json::json;

use crate::support::{function_with, problems, read_ok};

/// Problems of a function with these properties, without their positions.
fn function_problems(properties: &str) -> Vec<String> {
    let all = problems(&function_with(properties));
    let short = |it: &String| {
        let text = it.split_once(' ').unwrap().1;
        text.trim_start_matches("Resources.Order.Properties.").to_owned()
    };
    all.iter().map(short).collect()
}

fn resource(kind: &str, properties: &str) -> String {
    format!("Resources:\n  One: {{Type: '{kind}', Properties: {{{properties}}}}}")
}

#[test]
fn a_function_without_settings_has_those_of_lambda() {
    let stack = read_ok(&function_with(""));

    let order = &stack.functions[0];
    assert_eq!((order.timeout_seconds, order.memory_mb, order.ephemeral_storage_mb), (3, 128, 512));
    assert_eq!(
        (order.durable, order.max_concurrency, order.reserved_concurrency),
        (None, None, None)
    );
    assert!(
        order.environment.is_empty() && order.tags.is_empty() && order.architectures.is_empty()
    );
    assert_eq!((order.role.as_deref(), order.logging.as_ref()), (None, None));
}

#[test]
fn values_out_of_bounds_are_refused() {
    for (property, expected) in [
        ("Timeout: 0", "Timeout: it must be a whole number from 1 to 900, not 0"),
        ("Timeout: 901", "Timeout: it must be a whole number from 1 to 900, not 901"),
        ("Timeout: soon", "Timeout: it must be a whole number from 1 to 900, not soon"),
        ("Timeout: [3]", "Timeout: it must be a text, not a list"),
        ("Timeout:", "Timeout: it has no value; write one or remove the line"),
        ("MemorySize: 127", "MemorySize: it must be a whole number from 128 to 32768, not 127"),
        (
            "DurableConfig: {ExecutionTimeout: 31622401}",
            "DurableConfig.ExecutionTimeout: it must be a whole number from 1 to 31622400, not 31622401",
        ),
        (
            "DurableConfig: {RetentionPeriodInDays: 91}",
            "DurableConfig.RetentionPeriodInDays: it must be a whole number from 1 to 90, not 91",
        ),
        (
            "EphemeralStorage: {Size: 100}",
            "EphemeralStorage.Size: it must be a whole number from 512 to 32768, not 100",
        ),
        (
            "FunctionName: a/b",
            "FunctionName: \"a/b\" cannot be a name here; use 1 to 64 letters, digits and any of -_",
        ),
        (
            "Environment: {Variables: {A: x}}",
            "Environment.Variables.A: the name of a variable begins with a letter, followed by letters, digits and _, at least one",
        ),
        (
            "Environment: {Variables: {A-B: x}}",
            "Environment.Variables.A-B: the name of a variable begins with a letter, followed by letters, digits and _, at least one",
        ),
        (
            "Environment: {Variables: {AWS_REGION: x}}",
            "Environment.Variables.AWS_REGION: Lambda sets this variable itself and lets nobody else; choose another name",
        ),
        (
            "Environment: {Variables: {AB: [x]}}",
            "Environment.Variables.AB: it must be a text, not a list",
        ),
        (
            "LoggingConfig: {LogFormat: json}",
            "LoggingConfig.LogFormat: \"json\" is not one of Text, JSON; did you mean \"JSON\"?",
        ),
        (
            "LoggingConfig: {ApplicationLogLevel: INFO}",
            "LoggingConfig.ApplicationLogLevel: log levels need LogFormat: JSON",
        ),
        (
            "TenancyConfig: {TenantIsolationMode: NONE}",
            "TenancyConfig.TenantIsolationMode: \"NONE\" is not one of PER_TENANT",
        ),
        ("Architectures: [sparc]", "Architectures: it must be a list of one: x86_64 or arm64"),
    ] {
        assert_eq!(function_problems(property), [expected], "{property}");
    }
}

#[test]
fn an_environment_has_four_kilobytes() {
    let found =
        function_problems(&format!("Environment: {{Variables: {{AB: {}}}}}", "x".repeat(4095)));

    assert_eq!(found, ["Environment: the variables have 4097 bytes; Lambda allows 4096"]);
}

#[test]
fn properties_that_do_not_exist_are_refused_with_what_was_meant() {
    for (property, expected) in [
        (
            "Timout: 3",
            "Timout: AWS::Serverless::Function has no \"Timout\"; did you mean \"Timeout\"?",
        ),
        (
            "memorySize: 3",
            "memorySize: AWS::Serverless::Function has no \"memorySize\"; did you mean \"MemorySize\"?",
        ),
        (
            "TracingConfig: {}",
            "TracingConfig: AWS::Serverless::Function has no \"TracingConfig\"; did you mean \"Tracing\"?",
        ),
        ("Zzz: 3", "Zzz: AWS::Serverless::Function has no \"Zzz\""),
        ("DurableConfig: {Timeout: 3}", "DurableConfig.Timeout: DurableConfig has no \"Timeout\""),
        (
            "Environment: {Variable: {}}",
            "Environment.Variable: Environment has no \"Variable\"; did you mean \"Variables\"?",
        ),
    ] {
        assert_eq!(function_problems(property), [expected], "{property}");
    }
}

#[test]
fn known_properties_without_effect_are_listed_with_a_reason() {
    let stack = read_ok(&function_with(
        "DurableConfig: {KMSKeyArn: !Ref Nobody, ExecutionTimeout: 9}\nVpcConfig: {SubnetIds: [!GetAtt Nobody.Id]}\nLayers: [!Ref Nobody]\nTracing: Active\nSnapStart: {ApplyOn: None}",
    ));

    let ignored: Vec<_> =
        stack.ignored.iter().map(|it| (it.property.as_deref().unwrap(), it.why.as_str())).collect();
    assert_eq!(
        ignored,
        [
            ("DurableConfig.KMSKeyArn", "the data of executions is not encrypted here"),
            ("Layers", "layers are not fetched; put what the function needs into its code"),
            ("SnapStart", "processes are started without snapshots"),
            ("VpcConfig", "functions are in the network of this machine"),
            ("Tracing", "traces are not collected here"),
        ]
    );
}

#[test]
fn functions_on_managed_instances_run_several_invocations_and_longer() {
    let sam = "Timeout: 5400\nCapacityProviderConfig: {Arn: a, PerExecutionEnvironmentMaxConcurrency: 16}";
    let order = &read_ok(&function_with(sam)).functions[0];
    assert_eq!((order.max_concurrency, order.timeout_seconds), (Some(16), 5400));

    let config = "{LambdaManagedInstancesCapacityProviderConfig: {PerExecutionEnvironmentMaxConcurrency: 8}}";
    let properties =
        format!("Code: src, Handler: h, Runtime: nodejs22.x, CapacityProviderConfig: {config}");
    let plain = &read_ok(&resource("AWS::Lambda::Function", &properties)).functions[0];
    assert_eq!(plain.max_concurrency, Some(8));
}

#[test]
fn a_function_needs_a_runtime_and_mostly_a_handler() {
    let found = problems(&resource("AWS::Lambda::Function", "Code: src"));
    assert_eq!(
        found,
        [
            "2:3 Resources.One.Properties.Runtime: it is missing; it says what runs the code, such as \
          nodejs22.x, python3.13 or provided.al2023"
        ]
    );
    let found = problems(&resource("AWS::Lambda::Function", "Code: src, Runtime: python3.13"));
    let expected = "it is missing; it says what to call, such as index.handler";
    assert_eq!(found, [format!("2:3 Resources.One.Properties.Handler: {expected}")]);
    let custom = read_ok(&resource("AWS::Lambda::Function", "Code: src, Runtime: provided.al2023"));
    assert_eq!(custom.functions[0].handler, "");
}

#[test]
fn globals_merge_maps_join_lists_and_give_way_to_the_function() {
    let globals = "
Globals:
  Function:
    Timeout: 7
    MemorySize: 256
    Layers: [a]
    Architectures: [arm64]
    Tags: {one: '1', both: global}
    Environment: {Variables: {ONE: '1', BOTH: global, CALLED: !Sub 'a'}}
";
    let template = globals.to_owned()
        + &function_with(
            "MemorySize: 512\nTags: {two: '2', both: local}\n\
             Environment: {Variables: {TWO: '2', BOTH: local, CALLED: !Ref AWS::Region}}",
        );

    let order = &read_ok(&template).functions[0];

    assert_eq!((order.timeout_seconds, order.memory_mb), (7, 512));
    assert_eq!(order.architectures, ["arm64"]);
    let tags: Vec<_> = order.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(tags, [("both", "local"), ("one", "1"), ("two", "2")]);
    let variables: Vec<String> =
        order.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(variables, ["BOTH=local", "CALLED=eu-west-1", "ONE=1", "TWO=2"]);
    // Lists are joined: two architectures are one too many.
    let found = problems(&template.replace("MemorySize: 512", "Architectures: [x86_64]"));
    assert!(found[0].ends_with("it must be a list of one: x86_64 or arm64"), "{found:?}");
}

#[test]
fn a_resource_can_do_without_globals() {
    let globals = "Globals: {Function: {Timeout: 7, MemorySize: 256}}\n";
    let order = |ignored: &str| {
        let template = function_with("");
        let kind = "Type: AWS::Serverless::Function";
        let template = template.replace(kind, &format!("{kind}\n    IgnoreGlobals: {ignored}"));
        let order = read_ok(&(globals.to_owned() + &template)).functions.remove(0);
        (order.timeout_seconds, order.memory_mb)
    };

    assert_eq!(order("'*'"), (3, 128));
    assert_eq!(order("[Timeout]"), (3, 256));
}

#[test]
fn a_simple_table_has_one_key_and_is_paid_per_request() {
    let with = |properties: &str| {
        let resource = resource("AWS::Serverless::SimpleTable", properties);
        let stack = read_ok(&format!("Transform: AWS::Serverless-2016-10-31\n{resource}"));
        stack.tables[0].create_table.clone()
    };

    assert_eq!(
        with(""),
        json!({
            "TableName": "shop-One",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
    let numbered = with(
        "TableName: numbers, SSESpecification: {SSEEnabled: true}, PrimaryKey: {Name: n, Type: Number}, Tags: {team: shop}, \
         ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 2}",
    );
    assert_eq!(
        numbered,
        json!({
            "TableName": "numbers",
            "AttributeDefinitions": [{"AttributeName": "n", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
            "SSESpecification": {"Enabled": true},
            "Tags": [{"Key": "team", "Value": "shop"}],
        })
    );
}

#[test]
fn a_global_table_becomes_a_table_of_this_region() {
    let stack = read_ok(&resource(
        "AWS::DynamoDB::GlobalTable",
        "BillingMode: PAY_PER_REQUEST, Replicas: [{Region: eu-west-1}], \
         AttributeDefinitions: [{AttributeName: id, AttributeType: S}], \
         KeySchema: [{AttributeName: id, KeyType: HASH}]",
    ));

    assert_eq!(stack.tables[0].name, "shop-One");
    assert_eq!(stack.resources[0].kind, "AWS::DynamoDB::GlobalTable");
    assert_eq!(stack.ignored[0].property.as_deref(), Some("Replicas"));
}

#[test]
fn what_is_wrong_with_a_table_is_said() {
    let keys = "AttributeDefinitions: [{AttributeName: id, AttributeType: S}], \
                KeySchema: [{AttributeName: id, KeyType: HASH}]";
    let on_demand = format!("BillingMode: PAY_PER_REQUEST, {keys}");
    for (properties, expected) in [
        (
            keys.to_owned(),
            "ProvisionedThroughput: it is missing; give it, or BillingMode: PAY_PER_REQUEST",
        ),
        (
            on_demand.replace("KeyType: HASH", "KeyType: HSAH"),
            "KeySchema.0.KeyType: \"HSAH\" is not one of HASH, RANGE; did you mean \"HASH\"?",
        ),
        (
            on_demand.replace("[{AttributeName: id, K", "[{AttributeName: di, K"),
            "KeySchema.0.AttributeName: \"di\" is not in AttributeDefinitions",
        ),
        (
            on_demand.replace("AttributeType: S", "AttributeType: BOOL"),
            "AttributeDefinitions.0.AttributeType: \"BOOL\" is not one of S, N, B",
        ),
        (
            format!("{on_demand}, TimeToLive: x"),
            "TimeToLive: AWS::DynamoDB::Table has no \"TimeToLive\"; did you mean \"TimeToLiveSpecification\"?",
        ),
        (
            format!("{on_demand}, TableName: ab"),
            "TableName: \"ab\" cannot be a name here; use 3 to 255 letters, digits and any of -_.",
        ),
        (
            format!(
                "{on_demand}, GlobalSecondaryIndexes: [{{IndexName: x, {}}}]",
                keys.split_once("], ").unwrap().1
            ),
            "GlobalSecondaryIndexes.0.Projection: it is missing; ProjectionType: ALL is the usual one",
        ),
    ] {
        let found = problems(&resource("AWS::DynamoDB::Table", &properties));
        let expected = format!("Resources.One.Properties.{expected}");
        assert!(found.iter().any(|it| it.ends_with(&expected)), "{properties}: {found:#?}");
    }
}

#[test]
fn a_time_to_live_that_is_switched_off_is_none() {
    let table = |enabled| {
        let properties = format!(
            "BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}], \
             KeySchema: [{{AttributeName: id, KeyType: HASH}}], \
             TimeToLiveSpecification: {{AttributeName: at, Enabled: {enabled}}}"
        );
        read_ok(&resource("AWS::DynamoDB::Table", &properties)).tables.remove(0)
    };

    assert_eq!(table("true").time_to_live_attribute.as_deref(), Some("at"));
    assert_eq!(table("false").time_to_live_attribute, None);
}

#[test]
fn versions_and_aliases_must_fit_their_functions() {
    let functions = "
  One: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: h, Runtime: nodejs22.x}}
  Two: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: h, Runtime: nodejs22.x}}
  OfTwo: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Two}}
  Live: {Type: AWS::Lambda::Alias, Properties: ";
    for (properties, expected) in [
        (
            "{FunctionName: !Ref One, Name: live, FunctionVersion: !GetAtt OfTwo.Version}",
            "FunctionVersion: OfTwo is a version of shop-Two, and the alias is one of shop-One",
        ),
        (
            "{FunctionName: elsewhere, Name: live, FunctionVersion: '1'}",
            "FunctionName: \"elsewhere\" is no function of this template",
        ),
        (
            "{FunctionName: !Ref One, Name: '7', FunctionVersion: '1'}",
            "Name: \"7\" cannot be the name of an alias; use 1 to 128 letters, digits, - and _, not only digits",
        ),
        (
            "{FunctionName: !Ref One, Name: live, FunctionVersion: newest}",
            "FunctionVersion: newest is no version; it is usually !GetAtt VERSION.Version",
        ),
        (
            "{FunctionName: !Ref One, Name: live}",
            "FunctionVersion: it is missing; it is usually !GetAtt VERSION.Version",
        ),
        (
            "{FunctionName: !Ref One, Name: live, FunctionVersion: '1', RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: '2', FunctionWeight: 2}]}}",
            "RoutingConfig.AdditionalVersionWeights.0.FunctionWeight: it must be a number from 0 to 1",
        ),
    ] {
        let found = problems(&format!("Resources:{functions}{properties}}}"));
        let expected = format!("Resources.Live.Properties.{expected}");
        assert!(found.iter().any(|it| it.ends_with(&expected)), "{properties}: {found:#?}");
    }
}

#[test]
fn a_log_group_keeps_lines_for_one_of_the_times_of_aws() {
    let stack = read_ok(&resource("AWS::Logs::LogGroup", ""));
    assert_eq!(
        (stack.log_groups[0].name.as_str(), stack.log_groups[0].retention_days),
        ("shop-One", None)
    );

    let found = problems(&resource("AWS::Logs::LogGroup", "RetentionInDays: 2"));
    assert!(found[0].contains("\"2\" is not one of 1, 3, 5, 7, 14"), "{found:?}");
}
