//! The AWS clients that the commands use, and which server they speak to.
//!
//! | file | job |
//! |---|---|
//! | `target` | the options that name the server, the stack, the function and the table |
//! | `names` | the function and the table, from the options or from the stack |
//! | `stack` | CloudFormation: the outputs of a stack |
//! | `fault` | an SDK's error as one sentence |
//! | `logs` | CloudWatch Logs |
//! | `signed` | the requests that CloudFormation and CloudWatch Logs are made of |

mod fault;
pub mod logs;
mod names;
mod signed;
mod stack;
mod target;

use aws_config::SdkConfig;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use self::logs::LogsClient;
pub use self::names::OrderFunction;
use self::signed::{SignedClient, connector};
use self::stack::{Outputs, StackClient};
pub use self::target::Target;

/// The first pause before a request is repeated. A server on this machine needs no patience.
const LOCAL_BACKOFF: Duration = Duration::from_millis(50);
/// A server on this machine that has not taken the connection by then is not there.
const LOCAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// What a local server is told when there are no credentials: it does not look at them.
const LOCAL_CREDENTIALS: &str = "local";
/// The region of a local server unless one is named.
const LOCAL_REGION: &str = "us-east-1";

/// What the commands speak to the server with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Places orders and looks at them.
    pub lambda: aws_sdk_lambda::Client,
    /// Keeps the catalog.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Reads logs; none without a way to get credentials.
    pub logs: Option<LogsClient>,
    /// Looks at the stack; none as above.
    stacks: Option<StackClient>,
    /// What the stack says, once it was asked.
    outputs: Arc<OnceCell<Outputs>>,
    /// Where they lead.
    pub target: Target,
}

impl Clients {
    /// Clients for this server.
    pub async fn new(target: Target) -> Self {
        match target.endpoint() {
            Some(endpoint) => {
                let config = local_config(&endpoint, target.region.as_deref());
                Self {
                    lambda: aws_sdk_lambda::Client::new(&config),
                    dynamodb: aws_sdk_dynamodb::Client::new(&config),
                    logs: signed_client(&config, endpoint.clone()).map(LogsClient),
                    stacks: signed_client(&config, endpoint).map(StackClient),
                    outputs: Arc::default(),
                    target,
                }
            }
            None => Self::for_aws(target).await,
        }
    }

    async fn for_aws(target: Target) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = &target.region {
            loader = loader.region(Region::new(region.clone()));
        }
        let config = loader.load().await;
        // AWS_ENDPOINT_URL and its relatives would lead back to the local server.
        let mut lambda = aws_sdk_lambda::config::Builder::from(&config);
        lambda.set_endpoint_url(None);
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&config);
        dynamodb.set_endpoint_url(None);
        Self {
            lambda: aws_sdk_lambda::Client::from_conf(lambda.build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            logs: signed_client(&config, aws_endpoint("logs", &config)).map(LogsClient),
            stacks: signed_client(&config, aws_endpoint("cloudformation", &config))
                .map(StackClient),
            outputs: Arc::default(),
            target,
        }
    }
}

fn signed_client(config: &SdkConfig, endpoint: String) -> Option<SignedClient> {
    Some(SignedClient {
        endpoint,
        region: config.region().map(ToString::to_string).unwrap_or_default(),
        credentials: config.credentials_provider()?,
        connector: connector(),
    })
}

/// Of the partitions, China's has a domain of its own.
fn aws_endpoint(service: &str, config: &SdkConfig) -> String {
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}.{region}.amazonaws.com{china}")
}

/// Needs no files and no network: a local command starts at once.
fn local_config(endpoint: &str, region: Option<&str>) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region.unwrap_or(LOCAL_REGION).to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(local_credentials()))
        .retry_config(RetryConfig::standard().with_initial_backoff(LOCAL_BACKOFF))
        .timeout_config(TimeoutConfig::builder().connect_timeout(LOCAL_CONNECT_TIMEOUT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// The credentials in the environment, or some that say nothing. Never those of a profile: they are
/// not for this server.
fn local_credentials() -> Credentials {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => {
            Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "environment")
        }
        _ => Credentials::new(LOCAL_CREDENTIALS, LOCAL_CREDENTIALS, None, None, "local"),
    }
}
