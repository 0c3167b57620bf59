//! A server in a directory, and ways to talk to it.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use durable_core::RetryPolicy;
use durable_functions::FunctionHost;
use durable_service::{DurableConfig, FunctionSpec, Service, ServiceConfig};
use durable_store::{Backend, SqliteBackend};
use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::reply::Reply;
use super::script::{Answer, DoorSlot, Script, Turn};
use super::{eventually, within};

type Wrap = Box<dyn FnOnce(SqliteBackend) -> Box<dyn Backend>>;

/// A server that is not open yet.
pub struct Setup {
    pub config: ServiceConfig,
    pub functions: Vec<FunctionSpec>,
    pub slot: DoorSlot,
    pub wrap: Wrap,
}

impl Setup {
    /// Failed invocations are repeated after milliseconds, so that no test waits for them.
    pub fn new(directory: &Path) -> Self {
        let mut config = ServiceConfig::new(directory);
        config.retry = RetryPolicy { attempts_max: 3, immediate: 1, delay_first: 5, delay_max: 10 };
        Self {
            config,
            functions: Vec::new(),
            slot: DoorSlot::default(),
            wrap: Box::new(|backend| Box::new(backend)),
        }
    }

    /// Adds a durable function with a timeout of five minutes.
    pub fn durable<Running>(
        self,
        name: &str,
        script: impl Fn(Turn) -> Running + Send + Sync + 'static,
    ) -> Self
    where
        Running: Future<Output = Answer> + Send + 'static,
    {
        self.durable_for(name, 300, script)
    }

    pub fn durable_for<Running>(
        mut self,
        name: &str,
        execution_timeout_seconds: u32,
        script: impl Fn(Turn) -> Running + Send + Sync + 'static,
    ) -> Self
    where
        Running: Future<Output = Answer> + Send + 'static,
    {
        let host = Arc::new(Script { slot: self.slot.clone(), script });
        let durable = DurableConfig { execution_timeout_seconds, retention_days: 14 };
        self.functions.push(spec(name, Some(durable), host));
        self
    }

    pub fn plain(mut self, name: &str, host: impl FunctionHost) -> Self {
        self.functions.push(spec(name, None, Arc::new(host)));
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub async fn open(self) -> Server {
        self.try_open().await.unwrap()
    }

    pub async fn try_open(mut self) -> Result<Server, durable_service::OpenError> {
        let slot = self.slot;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        self.config.endpoint_url = format!("http://{address}");
        let opening = Service::open_with(
            self.config,
            self.functions,
            |door| slot.bind(door),
            |backend| (self.wrap)(backend),
        );
        let service = Arc::new(within("the service opens", opening).await?);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn({
            let service = Arc::clone(&service);
            async move {
                let shutdown = async {
                    let _ = stopped.await;
                };
                service.serve(listener, shutdown).await.unwrap();
            }
        });
        Ok(Server { service, address, stop, serving })
    }
}

pub fn spec(
    name: &str,
    durable: Option<DurableConfig>,
    host: Arc<dyn FunctionHost>,
) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        description: format!("The function {name}"),
        timeout: Duration::from_secs(60),
        memory_mb: 256,
        environment: BTreeMap::from([("STAGE".to_owned(), "test".to_owned())]),
        durable,
        concurrency_max: 64,
        host,
    }
}

pub struct Server {
    pub service: Arc<Service>,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// As an SDK writes a label into a path.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Server {
    /// Shuts down in order and frees the directory.
    pub async fn close(self) {
        self.close_within(Duration::from_secs(5)).await;
    }

    /// As [`close`](Self::close), but does not wait for invocations: for tests whose functions do not end.
    pub async fn close_at_once(self) {
        self.close_within(Duration::ZERO).await;
    }

    async fn close_within(self, patience: Duration) {
        // The receiver is gone if serving ended by itself, which the join below would tell.
        let _ = self.stop.send(());
        self.service.shut_down(patience).await;
        within("the socket closes", self.serving).await.unwrap();
    }

    /// A real client over the real socket, which asks once and waits as long as it takes.
    pub fn lambda(&self) -> aws_sdk_lambda::Client {
        use aws_sdk_lambda::config::retry::RetryConfig;
        use aws_sdk_lambda::config::timeout::TimeoutConfig;
        use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{}", self.address))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .build();
        aws_sdk_lambda::Client::from_conf(config)
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        use aws_sdk_dynamodb::config::retry::RetryConfig;
        use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{}", self.address))
            .retry_config(RetryConfig::disabled())
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    pub async fn send(&self, request: Request<Bytes>) -> Reply {
        let path = request.uri().path().to_owned();
        within(&format!("an answer to {path}"), self.service.door().answer(request)).await.into()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Bytes::new()).unwrap()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send(Request::post(path).body(body.into()).unwrap()).await
    }

    /// An operation on an execution: `suffix` is its last segment and query.
    pub async fn read(&self, arn: &str, suffix: &str) -> Reply {
        self.get(&format!("/2025-12-01/durable-executions/{}{suffix}", encode(arn))).await
    }

    pub async fn stop(&self, arn: &str, body: impl Into<Bytes>) -> Reply {
        self.post(&format!("/2025-12-01/durable-executions/{}/stop", encode(arn)), body).await
    }

    pub async fn checkpoint(&self, arn: &str, body: impl Into<Bytes>) -> Reply {
        self.post(&format!("/2025-12-01/durable-executions/{}/checkpoint", encode(arn)), body).await
    }

    pub async fn callback(&self, id: &str, operation: &str, body: impl Into<Bytes>) -> Reply {
        let id = encode(id);
        self.post(&format!("/2025-12-01/durable-execution-callbacks/{id}/{operation}"), body).await
    }

    /// Invokes as `Event`; the answer as it comes.
    pub async fn try_start(&self, function: &str, name: Option<&str>, input: &Value) -> Reply {
        let path = format!("/2015-03-31/functions/{function}/invocations?Qualifier=$LATEST");
        let mut request = Request::post(path).header("X-Amz-Invocation-Type", "Event");
        if let Some(name) = name {
            request = request.header("X-Amz-Durable-Execution-Name", name);
        }
        self.send(request.body(Bytes::from(input.to_string())).unwrap()).await
    }

    /// Invokes as `Event` and gives the ARN.
    pub async fn start(&self, function: &str, name: Option<&str>, input: &Value) -> String {
        let reply = self.try_start(function, name, input).await;
        assert_eq!(reply.status, 202, "{}", reply.text());
        reply.header("x-amz-durable-execution-arn").unwrap().to_owned()
    }

    /// Starts a workflow of `support::workflow`.
    pub async fn plan(&self, function: &str, plan: Value) -> String {
        self.start(function, None, &json!({ "plan": plan })).await
    }

    pub async fn execution(&self, arn: &str) -> Value {
        self.read(arn, "").await.ok()
    }

    pub async fn status(&self, arn: &str) -> String {
        self.execution(arn).await["Status"].as_str().unwrap().to_owned()
    }

    /// The execution once it is closed.
    pub async fn closed(&self, arn: &str) -> Value {
        eventually("the execution closes", async || {
            Some(self.execution(arn).await).filter(|shown| shown["Status"] != "RUNNING")
        })
        .await
    }

    /// Every event, with its data.
    pub async fn history(&self, arn: &str) -> Vec<Value> {
        let page = self.read(arn, "/history?IncludeExecutionData=true&MaxItems=1000").await.ok();
        assert_eq!(page.get("NextMarker"), None);
        page["Events"].as_array().unwrap().clone()
    }

    /// The types of all events.
    pub async fn event_types(&self, arn: &str) -> Vec<String> {
        let events = self.history(arn).await;
        events.iter().map(|event| event["EventType"].as_str().unwrap().to_owned()).collect()
    }

    /// The history once it ends with an event of this type.
    pub async fn history_until(&self, arn: &str, last: &str) -> Vec<Value> {
        eventually(&format!("the history ends with {last}"), async || {
            let events = self.history(arn).await;
            events.last().is_some_and(|event| event["EventType"] == last).then_some(events)
        })
        .await
    }

    /// The id of the callback that this operation of the history has begun.
    pub async fn callback_id(&self, arn: &str, operation: &str) -> String {
        eventually("the callback is started", async || {
            let events = self.history(arn).await;
            let started = events
                .iter()
                .find(|event| event["EventType"] == "CallbackStarted" && event["Id"] == operation);
            started
                .and_then(|event| event["CallbackStartedDetails"]["CallbackId"].as_str())
                .map(str::to_owned)
        })
        .await
    }
}
