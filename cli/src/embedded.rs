//! The order system in one process: the stack of its template, with its functions' code inside the server.
//!
//! What the functions and tables are called, how long an order may take, what the stack tells its users: all of it is in
//! the template, which is the one for AWS. Only the code of the functions is another place's: they are the ones that their
//! Lambda bootstraps run. Their AWS clients reach the service in memory: same requests, no sockets, no signatures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_lambda::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use durable_functions::{FunctionHost, HandlerFunction, InMemoryHttp};
use durable_service::{DurableConfig, FunctionSpec, Service, ServiceConfig};
use durable_template::{Function, Options, Stack};
use orders::{PaymentGateway, Services, Settings, open_gateway};

/// The template of the order system, as it is deployed to AWS.
pub const TEMPLATE: &str =
    include_str!("../../infra/LambdaDurableFunctionChainingCdkStack.template.json");
/// The name of its stack.
pub const STACK_NAME: &str = "LambdaDurableFunctionChainingCdkStack";
/// The function that orders are sent to.
pub const VALIDATE_ORDER: &str = "ValidateOrder";
/// Seconds after which an order that is not through times out, if not what the template says.
pub const EXECUTION_TIMEOUT_SECONDS: &str = "EXECUTION_TIMEOUT_SECONDS";
/// Days for which a finished order is kept, if not what the template says.
pub const RETENTION_DAYS: &str = "RETENTION_DAYS";
/// The longest that AWS allows: 366 days, and 90 days.
const EXECUTION_TIMEOUT_MAX: u32 = 31_622_400;
const RETENTION_MAX: u32 = 90;
/// Orders in work at one time; more wait on disk. Enough to keep two cores and the disk busy.
const ORDERS_AT_ONCE: usize = 256;
/// Calls of one worker at one time: each order in work makes one.
const WORKER_CALLS_AT_ONCE: usize = 1000;

/// The configuration of a service with the order system's stack.
///
/// # Errors
/// When a setting is none that the template takes.
pub fn service_config(
    data_dir: impl Into<PathBuf>,
    settings: &Settings,
) -> anyhow::Result<ServiceConfig> {
    with_stack(ServiceConfig::new(data_dir), settings)
}

/// The same service with the order system's stack.
///
/// # Errors
/// As [`service_config`].
pub fn with_stack(config: ServiceConfig, settings: &Settings) -> anyhow::Result<ServiceConfig> {
    let stack = stack(settings, &config.region, &config.account)?;
    Ok(ServiceConfig { templates: vec![stack], ..config })
}

/// The order system's stack. What is set differently from the template is a value of its parameters.
fn stack(settings: &Settings, region: &str, account: &str) -> anyhow::Result<Stack> {
    let options = Options {
        stack_name: STACK_NAME.to_owned(),
        parameters: parameters(settings)?,
        region: region.to_owned(),
        account: account.to_owned(),
    };
    Ok(durable_template::read_built_in(STACK_NAME, TEMPLATE, &options)?)
}

fn parameters(settings: &Settings) -> anyhow::Result<BTreeMap<String, String>> {
    let usual = Settings::default();
    let names = [
        (
            "AuthorizePaymentFunctionName",
            &settings.authorize_payment_function,
            usual.authorize_payment_function,
        ),
        (
            "AllocateInventoryFunctionName",
            &settings.allocate_inventory_function,
            usual.allocate_inventory_function,
        ),
        (
            "FulfillOrderFunctionName",
            &settings.fulfill_order_function,
            usual.fulfill_order_function,
        ),
        ("ProductCatalogTableName", &settings.product_catalog_table, usual.product_catalog_table),
        (
            "InventoryReservationsTableName",
            &settings.inventory_reservations_table,
            usual.inventory_reservations_table,
        ),
    ];
    let names = names.into_iter().filter(|(_, name, usual)| *name != usual);
    let mut parameters: BTreeMap<String, String> =
        names.map(|(key, name, _)| (key.to_owned(), name.clone())).collect();
    for (key, variable, max) in [
        ("ExecutionTimeoutSeconds", EXECUTION_TIMEOUT_SECONDS, EXECUTION_TIMEOUT_MAX),
        ("RetentionDays", RETENTION_DAYS, RETENTION_MAX),
    ] {
        parameters.extend(from_env(variable, max)?.map(|value| (key.to_owned(), value)));
    }
    Ok(parameters)
}

/// A whole number from the environment.
fn from_env(variable: &str, max: u32) -> anyhow::Result<Option<String>> {
    let Ok(text) = std::env::var(variable) else { return Ok(None) };
    let value = text.parse().ok().filter(|value: &u32| (1..=max).contains(value));
    let value = value.with_context(|| {
        format!(
            "environment variable {variable} must be a whole number from 1 to {max}, not {text}"
        )
    })?;
    Ok(Some(value.to_string()))
}

/// Opens a service that runs the order system.
///
/// # Errors
/// When the data directory cannot be used, or the payment gateway, in one sentence.
pub async fn open(config: ServiceConfig, settings: Settings) -> anyhow::Result<Service> {
    let http = InMemoryHttp::new();
    let gateway = open_gateway(&settings).await?;
    let functions = functions(&http, &config.region, settings, gateway)?;
    let service =
        Service::open_with(config, functions, |door| http.bind(door), |backend| Box::new(backend))
            .await?;
    Ok(service)
}

/// The functions of the template, with clients that use this connection and this payment gateway.
///
/// # Errors
/// When a setting is none that the template takes, or the durable SDK refuses its options.
pub fn functions(
    http: &InMemoryHttp,
    region: &str,
    settings: Settings,
    gateway: Arc<dyn PaymentGateway>,
) -> anyhow::Result<Vec<FunctionSpec>> {
    let account = ServiceConfig::new("").account;
    let stack = stack(&settings, region, &account)?;
    let hosts = hosts(http, region, settings, gateway)?;
    stack.functions.iter().map(|function| spec(function, &hosts)).collect()
}

/// The code of each function, by what its logical id begins with: CDK adds a hash to it.
fn hosts(
    http: &InMemoryHttp,
    region: &str,
    settings: Settings,
    gateway: Arc<dyn PaymentGateway>,
) -> anyhow::Result<[(&'static str, Arc<dyn FunctionHost>); 4]> {
    let settings = Arc::new(settings);
    let lambda = lambda_client(http, region);
    let dynamodb = dynamodb_client(http, region);
    let notifier = orders::notifier(settings.notification.as_ref())?;
    let services =
        Services { lambda, dynamodb: dynamodb.clone(), settings: Arc::clone(&settings), notifier };
    let workflow = orders::validate_order(services).context("the durable SDK's options")?;
    let allocate = orders::allocate_inventory(dynamodb, &settings);
    Ok([
        ("ValidateOrderFunction", Arc::new(HandlerFunction::new(workflow))),
        (
            "AuthorizePaymentFunction",
            Arc::new(HandlerFunction::new(orders::authorize_payment(gateway))),
        ),
        ("AllocateInventoryFunction", Arc::new(HandlerFunction::new(allocate))),
        ("FulfillOrderFunction", Arc::new(HandlerFunction::new(orders::fulfill_order()))),
    ])
}

/// A function as its template has it, and the code that it runs.
fn spec(
    function: &Function,
    hosts: &[(&'static str, Arc<dyn FunctionHost>)],
) -> anyhow::Result<FunctionSpec> {
    let logical_id = &function.logical_id;
    let host = hosts.iter().find(|(prefix, _)| logical_id.starts_with(prefix));
    let (_, host) = host.with_context(|| format!("{logical_id} has no code in this program"))?;
    let value = |(name, text): (&String, &durable_template::Text)| (name.clone(), text.to_string());
    let durable = function.durable.map(|durable| {
        let usual = DurableConfig::default();
        DurableConfig {
            execution_timeout_seconds: durable
                .execution_timeout_seconds
                .unwrap_or(usual.execution_timeout_seconds),
            retention_days: durable.retention_days.unwrap_or(usual.retention_days),
        }
    });
    Ok(FunctionSpec {
        name: function.name.clone(),
        description: function.description.clone(),
        timeout: Duration::from_secs(function.timeout_seconds.into()),
        memory_mb: function.memory_mb,
        environment: function.environment.iter().map(value).collect(),
        concurrency_max: if durable.is_some() { ORDERS_AT_ONCE } else { WORKER_CALLS_AT_ONCE },
        durable,
        host: Arc::clone(host),
    })
}

/// Never resolved: it only makes the requests well-formed.
const IN_MEMORY_ENDPOINT: &str = "http://in-memory";

fn lambda_client(http: &InMemoryHttp, region: &str) -> aws_sdk_lambda::Client {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(IN_MEMORY_ENDPOINT)
        .http_client(http.clone())
        .allow_no_auth()
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    aws_sdk_lambda::Client::from_conf(config)
}

fn dynamodb_client(http: &InMemoryHttp, region: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(IN_MEMORY_ENDPOINT)
        .http_client(http.clone())
        .allow_no_auth()
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn usual() -> Stack {
        stack(&Settings::default(), "us-east-1", "000000000000").unwrap()
    }

    #[test]
    fn the_functions_of_the_template_are_told_what_the_settings_say_by_default() {
        let stack = usual();
        let told = |variable: &str| {
            let texts = stack.functions.iter().filter_map(|it| it.environment.get(variable));
            texts.map(ToString::to_string).next()
        };
        assert_eq!(Settings::from_lookup(told).unwrap(), Settings::default());
        for variable in [
            orders::settings::AUTHORIZE_PAYMENT_FUNCTION,
            orders::settings::ALLOCATE_INVENTORY_FUNCTION,
            orders::settings::FULFILL_ORDER_FUNCTION,
            orders::settings::PRODUCT_CATALOG_TABLE,
            orders::settings::INVENTORY_RESERVATIONS_TABLE,
        ] {
            assert!(told(variable).is_some(), "{variable}");
        }
        let durable: Vec<_> = stack.functions.iter().filter(|it| it.durable.is_some()).collect();
        assert_eq!(durable.len(), 1);
        assert_eq!(durable[0].name, VALIDATE_ORDER);
    }

    #[test]
    fn a_name_that_is_set_is_the_name_of_everything_that_belongs_to_it() {
        let settings = Settings {
            fulfill_order_function: "shop-fulfill".to_owned(),
            product_catalog_table: "shop-products".to_owned(),
            ..Settings::default()
        };
        let stack = stack(&settings, "us-east-1", "000000000000").unwrap();
        let functions = stack.resources.iter().filter(|it| it.kind == "AWS::Lambda::Function");
        let names: Vec<_> = functions.map(|it| it.physical_id.to_string()).collect();
        assert!(names.contains(&"shop-fulfill".to_owned()), "{names:?}");
        assert_eq!(stack.tables.iter().filter(|it| it.name == "shop-products").count(), 1);
        let output =
            |key: &str| stack.outputs.iter().find(|it| it.key == key).unwrap().value.to_string();
        assert_eq!(output("FulfillOrderFunctionName"), "shop-fulfill");
        assert_eq!(output("ProductCatalogTableName"), "shop-products");
        assert!(stack.log_groups.iter().any(|it| it.name == "/aws/lambda/shop-fulfill"));
        let caller = stack.functions.iter().find(|it| it.name == VALIDATE_ORDER).unwrap();
        assert_eq!(caller.environment["FULFILL_ORDER_FUNCTION"].complete(), Some("shop-fulfill"));
    }
}
