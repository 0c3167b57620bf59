//! The order system on a private port of this machine and a directory that is removed.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use durable_service::Service;
use orders::Settings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::embedded;
use crate::exit::Failure;

/// How long an order in work may keep an interrupted demo from ending.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct DemoServer {
    pub(super) endpoint: String,
    service: Arc<Service>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    _directory: TempDir,
}

impl DemoServer {
    /// Opens it as it is without any configuration: the demo ends the same way everywhere.
    pub(super) async fn start() -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| Failure::new(format!("cannot run the demo: {error}"));
        let directory =
            tempfile::Builder::new().prefix("durable-orders-demo-").tempdir().map_err(cannot)?;
        let settings = Settings::default();
        let config = embedded::service_config(directory.path(), &settings)?;
        let service = Arc::new(embedded::open(config, settings).await?);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(cannot)?);
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&service);
        let serving = tokio::spawn(async move {
            // The sender is dropped at the latest when the demo ends.
            served.serve(listener, async move { drop(stopped.await) }).await
        });
        Ok(Self { endpoint, service, stop, serving, _directory: directory })
    }

    /// Shuts it down and removes the directory.
    pub(super) async fn stop(self) {
        drop(self.stop);
        // Connections that are kept open would keep it from ending.
        self.serving.abort();
        let _ = self.serving.await;
        self.service.shut_down(PATIENCE).await;
    }
}
