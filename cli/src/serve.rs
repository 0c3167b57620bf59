//! The server: open the data directory, listen, report, shut down.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use durable_service::Service;
use orders::Settings;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::embedded;
use crate::exit::{Exit, Failure};
use crate::output::{note, print};

/// How long orders in work may go on after a signal to stop; the rest is taken up by the next start.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// What `serve` is told.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
}

/// Serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// One sentence: the directory is locked or unusable, or the address cannot be listened on.
pub async fn run(options: ServeOptions) -> anyhow::Result<()> {
    let begun = Instant::now();
    if !options.listen.ip().is_loopback() {
        bail!(
            "cannot listen on {}: this server does not check signatures yet, so it listens on \
             loopback addresses only; use --listen 127.0.0.1:{}",
            options.listen,
            options.listen.port()
        );
    }
    let settings = Settings::from_env()?;
    let config = embedded::service_config(&options.data_dir, &settings);
    // First the address: a server that nobody can reach must not take up orders.
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let stop = stop_signal()?;
    let service = embedded::open(config, settings).await?;
    let served = match report(&service, address, &options.data_dir, begun) {
        Ok(()) => service.serve(listener, stop).await.map_err(anyhow::Error::from),
        Err(failure) => Err(failure.into()),
    };
    note("shutting down");
    service.shut_down(SHUTDOWN_PATIENCE).await;
    served
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "cannot listen on {address}: another program does; stop it, or choose another port \
             with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })
}

fn report(
    service: &Service,
    address: SocketAddr,
    data_dir: &Path,
    begun: Instant,
) -> Result<(), Failure> {
    let recovered = service.recovered();
    print(&format!(
        "durable-orders {}\n  address    http://{address}\n  data       {}\n  recovered  {} open \
         orders, {} resumed\nready in {} ms\n",
        env!("CARGO_PKG_VERSION"),
        data_dir.display(),
        recovered.open,
        recovered.resumed,
        begun.elapsed().as_millis()
    ))
}

fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut next_signal = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(async move {
        next_signal().await;
        // Whoever asks twice does not want to wait; what is acknowledged is on disk.
        tokio::spawn(async move {
            next_signal().await;
            std::process::exit(Exit::Interrupted.code().into());
        });
    })
}
