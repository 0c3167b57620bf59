//! What resources that are not there look like to those who refer to them: the forms that AWS documents.

/// What a resource of a type looks like to those who refer to it. In the texts, `{name}`, `{region}` and `{account}`
/// stand for the values.
pub(super) struct Shape {
    pub(super) type_name: &'static str,
    /// The property with the name.
    pub(super) name: &'static str,
    pub(super) reference: &'static str,
    pub(super) attributes: &'static [(&'static str, &'static str)],
}

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        type_name: "AWS::IAM::Role",
        name: "RoleName",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:iam::{account}:role/{name}"), ("RoleId", "{name}")],
    },
    Shape {
        type_name: "AWS::IAM::ManagedPolicy",
        name: "ManagedPolicyName",
        reference: "arn:aws:iam::{account}:policy/{name}",
        attributes: &[("PolicyArn", "arn:aws:iam::{account}:policy/{name}")],
    },
    Shape {
        type_name: "AWS::SQS::Queue",
        name: "QueueName",
        reference: "https://sqs.{region}.amazonaws.com/{account}/{name}",
        attributes: &[
            ("Arn", "arn:aws:sqs:{region}:{account}:{name}"),
            ("QueueName", "{name}"),
            ("QueueUrl", "https://sqs.{region}.amazonaws.com/{account}/{name}"),
        ],
    },
    Shape {
        type_name: "AWS::SNS::Topic",
        name: "TopicName",
        reference: "arn:aws:sns:{region}:{account}:{name}",
        attributes: &[
            ("TopicArn", "arn:aws:sns:{region}:{account}:{name}"),
            ("TopicName", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::S3::Bucket",
        name: "BucketName",
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:s3:::{name}"),
            ("DomainName", "{name}.s3.amazonaws.com"),
            ("RegionalDomainName", "{name}.s3.{region}.amazonaws.com"),
            ("WebsiteURL", "http://{name}.s3-website-{region}.amazonaws.com"),
        ],
    },
    Shape {
        type_name: "AWS::Events::EventBus",
        name: "Name",
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:events:{region}:{account}:event-bus/{name}"),
            ("Name", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::Events::Rule",
        name: "Name",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:events:{region}:{account}:rule/{name}")],
    },
    Shape {
        type_name: "AWS::SecretsManager::Secret",
        name: "Name",
        reference: "arn:aws:secretsmanager:{region}:{account}:secret:{name}",
        attributes: &[("Id", "arn:aws:secretsmanager:{region}:{account}:secret:{name}")],
    },
    Shape { type_name: "AWS::SSM::Parameter", name: "Name", reference: "{name}", attributes: &[] },
    Shape {
        type_name: "AWS::KMS::Key",
        name: "",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:kms:{region}:{account}:key/{name}"), ("KeyId", "{name}")],
    },
    Shape {
        type_name: "AWS::StepFunctions::StateMachine",
        name: "StateMachineName",
        reference: "arn:aws:states:{region}:{account}:stateMachine:{name}",
        attributes: &[
            ("Arn", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
            ("Name", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::Serverless::StateMachine",
        name: "Name",
        reference: "arn:aws:states:{region}:{account}:stateMachine:{name}",
        attributes: &[
            ("Arn", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
            ("Name", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::Kinesis::Stream",
        name: "Name",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:kinesis:{region}:{account}:stream/{name}")],
    },
    Shape {
        type_name: "AWS::Lambda::Url",
        name: "",
        reference: "arn:aws:lambda:{region}:{account}:function:{name}",
        attributes: &[
            ("FunctionArn", "arn:aws:lambda:{region}:{account}:function:{name}"),
            ("FunctionUrl", "https://{name}.lambda-url.{region}.on.aws/"),
        ],
    },
    Shape {
        type_name: "AWS::Lambda::LayerVersion",
        name: "LayerName",
        reference: "arn:aws:lambda:{region}:{account}:layer:{name}:1",
        attributes: &[("LayerVersionArn", "arn:aws:lambda:{region}:{account}:layer:{name}:1")],
    },
    Shape {
        type_name: "AWS::Serverless::LayerVersion",
        name: "LayerName",
        reference: "arn:aws:lambda:{region}:{account}:layer:{name}:1",
        attributes: &[("LayerVersionArn", "arn:aws:lambda:{region}:{account}:layer:{name}:1")],
    },
    Shape {
        type_name: "AWS::Lambda::EventSourceMapping",
        name: "",
        reference: "{name}",
        attributes: &[
            ("Id", "{name}"),
            (
                "EventSourceMappingArn",
                "arn:aws:lambda:{region}:{account}:event-source-mapping:{name}",
            ),
        ],
    },
    Shape {
        type_name: "AWS::Lambda::CapacityProvider",
        name: "CapacityProviderName",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:lambda:{region}:{account}:capacity-provider:{name}")],
    },
    Shape {
        type_name: "AWS::ApiGateway::RestApi",
        name: "",
        reference: "{name}",
        attributes: &[("RestApiId", "{name}"), ("RootResourceId", "{name}")],
    },
    Shape {
        type_name: "AWS::Serverless::Api",
        name: "",
        reference: "{name}",
        attributes: &[("RestApiId", "{name}"), ("RootResourceId", "{name}")],
    },
    Shape {
        type_name: "AWS::ApiGatewayV2::Api",
        name: "",
        reference: "{name}",
        attributes: &[
            ("ApiEndpoint", "https://{name}.execute-api.{region}.amazonaws.com"),
            ("ApiId", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::Serverless::HttpApi",
        name: "",
        reference: "{name}",
        attributes: &[
            ("ApiEndpoint", "https://{name}.execute-api.{region}.amazonaws.com"),
            ("ApiId", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::CloudWatch::Alarm",
        name: "AlarmName",
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}")],
    },
    Shape {
        type_name: "AWS::Cognito::UserPool",
        name: "",
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:cognito-idp:{region}:{account}:userpool/{name}"),
            ("ProviderName", "cognito-idp.{region}.amazonaws.com/{name}"),
            ("ProviderURL", "https://cognito-idp.{region}.amazonaws.com/{name}"),
            ("UserPoolId", "{name}"),
        ],
    },
    Shape {
        type_name: "AWS::EC2::SecurityGroup",
        name: "",
        reference: "{name}",
        attributes: &[("GroupId", "{name}")],
    },
    Shape {
        type_name: "AWS::EC2::VPC",
        name: "",
        reference: "{name}",
        attributes: &[("VpcId", "{name}")],
    },
    Shape {
        type_name: "AWS::EC2::Subnet",
        name: "",
        reference: "{name}",
        attributes: &[("SubnetId", "{name}")],
    },
];
