//! The order system in one process: its four functions and two tables inside one service.
//!
//! The functions are the ones that their Lambda bootstraps run. Their AWS clients reach the service in memory: same
//! requests, no sockets, no signatures.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_lambda::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use durable_functions::{HandlerFunction, InMemoryHttp};
use durable_service::{DurableConfig, FunctionSpec, Service, ServiceConfig, TableSpec};
use orders::settings;
use orders::{Services, Settings, SimulatedGateway};

/// The function that orders are sent to.
pub const VALIDATE_ORDER: &str = "ValidateOrder";
/// Seconds after which an order that is not through times out: an hour unless set.
pub const EXECUTION_TIMEOUT_SECONDS: &str = "EXECUTION_TIMEOUT_SECONDS";
/// Days for which a finished order is kept: a week unless set.
pub const RETENTION_DAYS: &str = "RETENTION_DAYS";
const EXECUTION_TIMEOUT_DEFAULT: u32 = 3600;
const RETENTION_DEFAULT: u32 = 7;
/// The longest that AWS allows: 366 days, and 90 days.
const EXECUTION_TIMEOUT_MAX: u32 = 31_622_400;
const RETENTION_MAX: u32 = 90;
/// One invocation of the workflow may last as long as Lambda's longest.
const WORKFLOW_TIMEOUT: Duration = Duration::from_secs(900);
/// One call of a worker.
const WORKER_TIMEOUT: Duration = Duration::from_secs(30);
/// Orders in work at one time; more wait on disk. Enough to keep two cores and the disk busy.
const ORDERS_AT_ONCE: usize = 256;
/// Calls of one worker at one time: each order in work makes one.
const WORKER_CALLS_AT_ONCE: usize = 1000;
/// What Lambda gives by default, in megabytes.
const MEMORY_MB: u32 = 128;

/// The configuration of a service with the order system's tables.
pub fn service_config(data_dir: impl Into<PathBuf>, settings: &Settings) -> ServiceConfig {
    ServiceConfig { tables: tables(settings), ..ServiceConfig::new(data_dir) }
}

/// The order system's tables.
pub fn tables(settings: &Settings) -> Vec<TableSpec> {
    vec![
        TableSpec::with_key(&settings.product_catalog_table, "productId"),
        TableSpec {
            time_to_live: Some("expiresAt".to_owned()),
            ..TableSpec::with_key(&settings.inventory_reservations_table, "orderId")
        },
    ]
}

/// Opens a service that runs the order system.
///
/// # Errors
/// When the data directory cannot be used, in one sentence.
pub async fn open(config: ServiceConfig, settings: Settings) -> anyhow::Result<Service> {
    let http = InMemoryHttp::new();
    let functions = functions(&http, &config.region, settings)?;
    let service =
        Service::open_with(config, functions, |door| http.bind(door), |backend| Box::new(backend))
            .await?;
    Ok(service)
}

/// The four functions, with clients that use this connection.
///
/// # Errors
/// When the durable SDK refuses its options.
pub fn functions(
    http: &InMemoryHttp,
    region: &str,
    settings: Settings,
) -> anyhow::Result<Vec<FunctionSpec>> {
    let settings = Arc::new(settings);
    let lambda = lambda_client(http, region);
    let dynamodb = dynamodb_client(http, region);
    let gateway = Arc::new(SimulatedGateway::new(settings.payment_limit));
    let services = Services { lambda, dynamodb: dynamodb.clone(), settings: Arc::clone(&settings) };
    let workflow = orders::validate_order(services).context("the durable SDK's options")?;
    let environment = environment(&settings);
    let worker = |name: &str, description: &str, host| FunctionSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        timeout: WORKER_TIMEOUT,
        memory_mb: MEMORY_MB,
        environment: environment.clone(),
        durable: None,
        concurrency_max: WORKER_CALLS_AT_ONCE,
        host,
    };
    Ok(vec![
        FunctionSpec {
            timeout: WORKFLOW_TIMEOUT,
            durable: Some(durable_config()?),
            concurrency_max: ORDERS_AT_ONCE,
            ..worker(
                VALIDATE_ORDER,
                "Takes an order through validation, payment, inventory and fulfillment",
                Arc::new(HandlerFunction::new(workflow)),
            )
        },
        worker(
            &settings.authorize_payment_function,
            "Authorizes and voids payments",
            Arc::new(HandlerFunction::new(orders::authorize_payment(gateway))),
        ),
        worker(
            &settings.allocate_inventory_function,
            "Reserves and releases stock",
            Arc::new(HandlerFunction::new(orders::allocate_inventory(dynamodb, &settings))),
        ),
        worker(
            &settings.fulfill_order_function,
            "Creates shipments and tracking numbers",
            Arc::new(HandlerFunction::new(orders::fulfill_order())),
        ),
    ])
}

/// How long an order may take and is kept, from the environment.
fn durable_config() -> anyhow::Result<DurableConfig> {
    Ok(DurableConfig {
        execution_timeout_seconds: from_env(
            EXECUTION_TIMEOUT_SECONDS,
            EXECUTION_TIMEOUT_DEFAULT,
            EXECUTION_TIMEOUT_MAX,
        )?,
        retention_days: from_env(RETENTION_DAYS, RETENTION_DEFAULT, RETENTION_MAX)?,
    })
}

fn from_env(variable: &str, default: u32, max: u32) -> anyhow::Result<u32> {
    let Ok(text) = std::env::var(variable) else { return Ok(default) };
    let value = text.parse().ok().filter(|value| (1..=max).contains(value));
    value.with_context(|| {
        format!(
            "environment variable {variable} must be a whole number from 1 to {max}, not {text}"
        )
    })
}

/// What the functions would find in their environment on AWS.
fn environment(settings: &Settings) -> BTreeMap<String, String> {
    [
        (settings::AUTHORIZE_PAYMENT_FUNCTION, &settings.authorize_payment_function),
        (settings::ALLOCATE_INVENTORY_FUNCTION, &settings.allocate_inventory_function),
        (settings::FULFILL_ORDER_FUNCTION, &settings.fulfill_order_function),
        (settings::PRODUCT_CATALOG_TABLE, &settings.product_catalog_table),
        (settings::INVENTORY_RESERVATIONS_TABLE, &settings.inventory_reservations_table),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.clone()))
    .collect()
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
