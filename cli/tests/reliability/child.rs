//! The server inside a child of this test program, which kills itself at an exact place.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use durable_functions::{BoxFuture, FunctionError, FunctionHost, InMemoryHttp, Invocation};
use durable_orders::embedded;
use durable_service::Service;
use durable_store::{Backend, Outcome, SqliteBackend, Write};
use orders::Settings;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::process::ServerProcess;

/// Tells the child what to do; without it the test named below does nothing.
const PLAN: &str = "CRASH_TEST_CHILD_PLAN";
/// The file in the data directory to which the child appends a line per call of a worker.
pub const CALLS: &str = "calls.log";

/// Where the child dies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Death {
    Never,
    /// Just before, or just after, the journal's n-th commit, counted from 1 in this life.
    Commit {
        number: u64,
        after: bool,
    },
    /// Just before a worker begins, or just after it has done its work and nobody has been told.
    Call {
        function: String,
        after: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Plan {
    data_dir: std::path::PathBuf,
    death: Death,
}

/// Starts a server on this directory that will die there.
pub fn start(data_dir: &Path, death: &Death) -> ServerProcess {
    let plan = Plan { data_dir: data_dir.to_owned(), death: death.clone() };
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "child::is_a_server_when_told_so", "--nocapture"])
        .stderr(Stdio::null())
        .env(PLAN, serde_json::to_string(&plan).expect("a plan is JSON"));
    ServerProcess::start(&mut command)
}

#[test]
fn is_a_server_when_told_so() {
    let Ok(plan) = std::env::var(PLAN) else { return };
    let plan: Plan = serde_json::from_str(&plan).expect("the plan");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("tokio");
    runtime.block_on(serve(plan));
}

async fn serve(plan: Plan) {
    let settings = Settings::default();
    let config = embedded::service_config(&plan.data_dir, &settings).expect("the stack");
    let http = InMemoryHttp::new();
    let calls = plan.data_dir.join(CALLS);
    let gateway = orders::open_gateway(&settings).await.expect("the gateway");
    let functions = embedded::functions(&http, &config.region, settings, gateway)
        .expect("the functions")
        .into_iter()
        .map(|mut spec| {
            spec.host = Arc::new(MortalHost {
                name: spec.name.clone(),
                host: spec.host,
                death: plan.death.clone(),
                calls: calls.clone(),
            });
            spec
        })
        .collect();
    let death = plan.death.clone();
    let wrap = move |backend: SqliteBackend| -> Box<dyn Backend> {
        Box::new(MortalBackend { backend, death, commits: AtomicU64::new(0) })
    };
    let service = Service::open_with(config, functions, |door| http.bind(door), wrap)
        .await
        .expect("the service opens");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    // The test runner has begun a line of its own.
    println!("\naddress http://{}", listener.local_addr().expect("its address"));
    println!("ready");
    service.serve(listener, std::future::pending()).await.expect("it serves");
}

/// Dies like a machine that loses its power: no destructor runs, nothing is flushed.
fn die() -> ! {
    let pid = std::process::id().to_string();
    let _ = Command::new("kill").args(["-9", &pid]).status();
    loop {
        std::thread::park();
    }
}

struct MortalBackend {
    backend: SqliteBackend,
    death: Death,
    commits: AtomicU64,
}

impl Backend for MortalBackend {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        let number = self.commits.fetch_add(1, Ordering::Relaxed) + 1;
        let dies = |when: bool| matches!(self.death, Death::Commit { number: at, after } if at == number && after == when);
        if dies(false) {
            die();
        }
        let outcomes = self.backend.commit(batch)?;
        if dies(true) {
            die();
        }
        Ok(outcomes)
    }
}

struct MortalHost {
    name: String,
    host: Arc<dyn FunctionHost>,
    death: Death,
    calls: std::path::PathBuf,
}

impl MortalHost {
    fn dies(&self, when: bool) -> bool {
        matches!(&self.death, Death::Call { function, after } if *function == self.name && *after == when)
    }

    /// One line per call, with the order and what is asked for.
    fn note(&self, payload: &[u8]) {
        use std::io::Write as _;
        let request: serde_json::Value = serde_json::from_slice(payload).expect("JSON");
        let order = request["orderId"].as_str().unwrap_or_default();
        let action = request["action"].as_str().unwrap_or_default();
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.calls)
            .expect("the log of calls");
        writeln!(file, "{} {order} {action}", self.name).expect("a line");
    }
}

impl FunctionHost for MortalHost {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            if self.name != embedded::VALIDATE_ORDER {
                self.note(&invocation.payload);
            }
            if self.dies(false) {
                die();
            }
            let answer = self.host.invoke(invocation).await;
            if self.dies(true) {
                die();
            }
            answer
        })
    }
}
