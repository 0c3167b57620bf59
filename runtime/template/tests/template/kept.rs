//! What stays when a stack is deleted, and templates whose functions' code is in a program.

use durable_template::{Code, Stack, read_built_in};

use crate::support::{Project, options};

fn retained(stack: &Stack) -> Vec<&str> {
    let kept = stack.resources.iter().filter(|resource| resource.retained);
    kept.map(|resource| resource.logical_id.as_str()).collect()
}

#[test]
fn a_resource_stays_if_its_deletion_policy_says_so() {
    let table = |policy: &str| {
        format!(
            "{{ Type: AWS::DynamoDB::Table, {policy} Properties: {{ BillingMode: PAY_PER_REQUEST, \
             KeySchema: [{{ AttributeName: id, KeyType: HASH }}], \
             AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}] }} }}"
        )
    };
    let template = |policy: &str| {
        format!(
            "Resources:\n  None: {}\n  Gone: {}\n  Kept: {}\n  Mine: {}\n",
            table(""),
            table("DeletionPolicy: Delete,"),
            table("DeletionPolicy: Retain,"),
            table(&format!("DeletionPolicy: {policy},")),
        )
    };
    let stack = Project::new(template("RetainExceptOnCreate")).read(&options()).unwrap();
    assert_eq!(retained(&stack), ["Kept", "Mine"]);
    let error = Project::new(template("Keep")).read(&options()).unwrap_err().to_string();
    assert!(
        error.contains("Resources.Mine.DeletionPolicy: it must be Delete, Retain or"),
        "{error}"
    );
}

#[test]
fn the_code_of_a_template_in_a_program_is_not_looked_for() {
    let template = r#"{ "Resources": { "Flow": { "Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": "arn:aws:iam::000000000000:role/r",
        "Code": { "S3Bucket": "somewhere", "S3Key": "flow.zip" } } } } }"#;
    let stack = read_built_in("the shop", template, &options()).unwrap();
    assert_eq!(stack.functions[0].code, Code::BuiltIn);
    let error = Project::named("template.json", template).read(&options()).unwrap_err();
    assert!(error.to_string().contains("flow.zip"), "{error}");
    let error = read_built_in("the shop", "{", &options()).unwrap_err().to_string();
    assert!(error.starts_with("the template the shop cannot be used"), "{error}");
}
