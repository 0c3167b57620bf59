//! Ref, GetAtt, Sub and the others, in both spellings; conditions.

use crate::support::{function_with, problems, read_ok, template_with_value, try_read, value_of};

const SECTIONS: &str = "
Parameters:
  Name: {Type: String, Default: world}
  List: {Type: CommaDelimitedList, Default: 'a,b'}
Mappings:
  Sizes: {small: {Memory: 1, Names: [x, y]}}
Conditions:
  Is: !Equals [!Ref Name, world]
  IsNot: !Not [!Condition Is]
  Both: !And [!Condition Is, !Condition IsNot]
  Either: !Or [!Condition Is, !Condition IsNot]";

#[test]
fn each_function_gives_what_aws_gives() {
    for (expression, expected) in [
        ("!Ref Name", "world"),
        ("!Sub 'hello ${Name}'", "hello world"),
        ("!Sub 'kept: ${!Name}, ${AWS::Region}'", "kept: ${Name}, eu-west-1"),
        (
            "!Sub ['${Greeting} ${Name}', {Greeting: !Join [' ', [good, morning]]}]",
            "good morning world",
        ),
        ("!Sub 'open ${ and closed'", "open ${ and closed"),
        ("!Join ['-', [a, !Ref Name, 7, true]]", "a-world-7-true"),
        ("!Join [',', !Ref List]", "a,b"),
        ("!Select [1, !Split ['.', 'x.y.z']]", "y"),
        ("!Select ['0', !GetAZs '']", "eu-west-1a"),
        ("!FindInMap [Sizes, small, Memory]", "1"),
        ("!Select [1, !FindInMap [Sizes, small, Names]]", "y"),
        ("!Base64 'hello'", "aGVsbG8="),
        ("!If [Is, !Ref Name, other]", "world"),
        ("!If [IsNot, !Ref Name, other]", "other"),
        ("!If [Both, 1, 2]", "2"),
        ("!If [Either, 1, 2]", "1"),
        ("{Ref: Name}", "world"),
        ("{'Fn::Sub': '${Name}!'}", "world!"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "shop"),
        ("!Sub '${AWS::Partition} ${AWS::URLSuffix}'", "aws amazonaws.com"),
        ("yes", "true"),
        ("'yes'", "yes"),
        ("007", "007"),
    ] {
        assert_eq!(value_of(SECTIONS, expression), expected, "{expression}");
    }
}

#[test]
fn the_id_of_the_stack_is_an_arn_that_stays_the_same() {
    let first = value_of("", "!Ref AWS::StackId");
    let second = value_of("", "!Ref AWS::StackId");

    assert_eq!(first, second);
    let prefix = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/";
    assert_eq!(first.strip_prefix(prefix).map(str::len), Some(36), "{first}");
}

#[test]
fn the_branch_of_a_condition_that_is_not_taken_is_not_looked_at() {
    assert_eq!(value_of(SECTIONS, "!If [Is, fine, !GetAtt Nobody.Arn]"), "fine");
}

#[test]
fn no_value_takes_a_variable_away() {
    let stack = read_ok(&template_with_value(SECTIONS, "!If [IsNot, x, !Ref AWS::NoValue]"));

    assert!(stack.functions[0].environment.is_empty());
}

#[test]
fn what_a_function_cannot_do_is_said_with_its_place() {
    for (expression, expected) in [
        ("!Ref Nmae", "there is no resource or parameter \"Nmae\"; did you mean \"Name\"?"),
        ("!Ref AWS::Regoin", "there is no \"AWS::Regoin\"; did you mean \"AWS::Region\"?"),
        ("!Sub '${Nobody.Arn}'", "there is no resource or parameter \"Nobody\""),
        ("!Sub '${List}'", "${List} must be a text, not a list"),
        ("!Select [2, !Ref List]", "Fn::Select has no item 2 in a list of 2"),
        (
            "!FindInMap [Sizes, big, Memory]",
            "the mapping \"Sizes\" has nothing under \"big\", \"Memory\"",
        ),
        ("!FindInMap [Size, big, Memory]", "there is no mapping \"Size\"; did you mean \"Sizes\"?"),
        ("!If [Iss, a, b]", "there is no condition \"Iss\"; did you mean \"Is\"?"),
        ("!If [Is, a]", "Fn::If takes a list of 3 arguments"),
        (
            "!ImportValue network",
            "it imports \"network\" from another stack, and there is none here; make it a parameter",
        ),
        (
            "!Cidr [a, 1, 2]",
            "Fn::Cidr is not supported here; write its result into the template, or pass it as a parameter",
        ),
        ("{'Fn::Jion': [a, b]}", "there is no function Fn::Jion; did you mean \"Fn::Join\"?"),
        (
            "!Length [a]",
            "Fn::Length needs the transform AWS::LanguageExtensions; add it to Transform",
        ),
        (
            "!Equals [a, b]",
            "Fn::Equals is for the section Conditions; give it a name there and use Fn::If here",
        ),
        ("!GetAtt Order", "Fn::GetAtt takes Resource.Attribute, or a list of the two"),
        ("!Ref Order.Alias", "Order.Alias is there only if Order has AutoPublishAlias"),
        ("!Ref List", "it must be a text, not a list"),
        (
            "'{{resolve:ssm:/a}}'",
            "the values of {{resolve:...}} are in services that are not here; make it a parameter",
        ),
    ] {
        let found = problems(&template_with_value(SECTIONS, expression));
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        assert!(found[0].ends_with(&format!(": {expected}")), "{expression}: {found:?}");
        let place = "Resources.Order.Properties.Environment.Variables.VALUE";
        assert!(found[0].contains(place), "{expression}: {found:?}");
    }
}

#[test]
fn the_language_extensions_bring_their_functions() {
    let template = |expression: &str| {
        template_with_value(SECTIONS, expression).replace(
            "Transform: AWS::Serverless-2016-10-31",
            "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]",
        )
    };
    for (expression, expected) in [
        ("!Length !Ref List", ""),
        ("{'Fn::Length': !Ref List}", "2"),
        ("{'Fn::ToJsonString': {a: [1, true, x]}}", r#"{"a":[1,true,"x"]}"#),
        ("{'Fn::FindInMap': [Sizes, big, Memory, {DefaultValue: 9}]}", "9"),
    ] {
        match expected {
            // YAML has no two tags at one value.
            "" => assert!(try_read(&template(expression)).is_err()),
            _ => {
                let stack = read_ok(&template(expression));
                assert_eq!(stack.functions[0].environment["VALUE"].to_string(), expected);
            }
        }
    }
}

#[test]
fn conditions_that_lead_to_each_other_are_refused() {
    let sections = "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]";

    let found = problems(&template_with_value(sections, "x"));

    assert_eq!(found, ["3:12 Conditions.B.Fn::Not: the condition \"A\" depends on itself"]);
}

#[test]
fn resources_that_need_each_other_are_refused() {
    let template = "
Resources:
  A: {Type: AWS::Lambda::Function, Properties: &p {Code: src, Handler: h, Runtime: nodejs22.x, Environment: {Variables: {OTHER: !GetAtt B.Arn}}}}
  B: {Type: AWS::Lambda::Function, Properties: {Code: src, Handler: h, Runtime: nodejs22.x, Environment: {Variables: {OTHER: !Ref C}}}}
  C: {Type: AWS::Lambda::Function, DependsOn: A, Properties: {Code: src, Handler: h, Runtime: nodejs22.x}}";

    let found = problems(template);

    assert_eq!(found, ["3:3 Resources.A: these resources need each other: A -> B -> C -> A"]);
}

#[test]
fn a_resource_that_refers_to_itself_is_refused() {
    let found = problems(&template_with_value("", "!Ref Order"));

    assert_eq!(found, ["4:3 Resources.Order: these resources need each other: Order -> Order"]);
}

#[test]
fn names_that_depend_on_each_other_are_refused() {
    let template = function_with("FunctionName: !Sub '${Other}-a'")
        + "\n  Other:\n    Type: AWS::DynamoDB::Table\n    Properties: {TableName: !Ref Order}";

    let found = problems(&template);

    assert!(found[0].contains("its name depends on itself"), "{found:?}");
}

#[test]
fn resources_that_are_ignored_still_give_values_of_the_form_of_aws() {
    let resources = "
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: clerk}}
  Topic: {Type: AWS::SNS::Topic}
  Bucket: {Type: AWS::S3::Bucket}
  Fresh: {Type: AWS::Whatever::Thing}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /a/b, Value: !GetAtt Nobody.X}}";
    for (expression, expected) in [
        ("!Ref Role", "clerk"),
        ("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/clerk"),
        ("!Ref Topic", "arn:aws:sns:eu-west-1:123456789012:shop-Topic"),
        ("!Ref Bucket", "shop-bucket"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::shop-bucket"),
        ("!Ref Fresh", "shop-Fresh"),
        ("!GetAtt Fresh.Arn", "arn:aws:whatever:eu-west-1:123456789012:shop-Fresh"),
        ("!Ref Parameter", "/a/b"),
        ("!GetAtt OrderUrl.FunctionUrl", "https://shop-OrderUrl.lambda-url.eu-west-1.on.aws/"),
    ] {
        let template = template_with_value("", expression)
            .replace("      Handler", "      FunctionUrlConfig: {AuthType: NONE}\n      Handler")
            + resources;
        let stack = read_ok(&template);
        assert_eq!(stack.functions[0].environment["VALUE"].to_string(), expected, "{expression}");
    }
}

#[test]
fn an_attribute_that_is_not_known_is_a_problem_only_where_it_is_used() {
    let resources = "
  Pool: {Type: AWS::RDS::DBCluster}
  Rule: {Type: AWS::Events::Rule, Properties: {X: !GetAtt Pool.Endpoint.Address}}";

    let used = template_with_value("", "!GetAtt Pool.Endpoint.Address") + resources;
    let unused = template_with_value("", "x") + resources;

    let expected = "10:16 Resources.Order.Properties.Environment.Variables.VALUE: the attribute \
                    Endpoint.Address of Pool (AWS::RDS::DBCluster) is not known here; pass its value as a parameter";
    let found = problems(&used);
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with(expected.split_once(' ').unwrap().1), "{found:?}");
    assert_eq!(read_ok(&unused).ignored.len(), 2);
}

#[test]
fn a_reference_to_what_a_condition_takes_away_says_so() {
    let sections = "Conditions: {Never: !Equals [a, b]}";
    let template = template_with_value(sections, "!Ref Table")
        + "\n  Table: {Type: AWS::DynamoDB::Table, Condition: Never}";

    let found = problems(&template);

    assert!(
        found[0].ends_with(
            "it refers to Table, which is not there because the condition Never is false"
        ),
        "{found:?}"
    );
}

#[test]
fn what_sam_would_not_make_cannot_be_referred_to() {
    let found = problems(&template_with_value("", "!GetAtt OrderUrl.FunctionUrl"));
    assert!(found[0].contains("there is no resource or parameter \"OrderUrl\""), "{found:?}");

    let with_role = template_with_value("", "!Ref OrderRole").replace(
        "      Handler",
        "      Role: 'arn:aws:iam::123456789012:role/mine'\n      Handler",
    );
    assert!(problems(&with_role)[0].contains("there is no resource or parameter \"OrderRole\""));
}
