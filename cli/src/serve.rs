//! The server: open the data directory, listen, report, shut down.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use durable_service::{Service, ServiceConfig, TraceSettings};
use durable_template::Stack;
use orders::Settings;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::embedded;
use crate::exit::{Exit, Failure};
use crate::output::{note, print};
use crate::template::TemplateOptions;
use crate::webhook::WebhookOptions;

/// How long orders in work may go on after a signal to stop; the rest is taken up by the next start.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// What `serve` is told.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the command line says about the service: where everything is kept, and its bounds.
    pub service: ServiceConfig,
    /// What to deploy instead of the order system.
    pub template: TemplateOptions,
    /// Who is told of status changes.
    pub webhook: WebhookOptions,
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
    let traces = TraceSettings::read(|name| std::env::var(name).ok())?;
    let stack = options.template.read(&options.service.region, &options.service.account)?;
    stack.iter().for_each(note_ignored);
    // First the address: a server that nobody can reach must not take up orders.
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let data_dir = options.service.data_dir.clone();
    let status_webhook = options.webhook.webhook()?;
    let endpoint_url = format!("http://{address}");
    let config = ServiceConfig { endpoint_url, status_webhook, traces, ..options.service };
    let stop = stop_signal()?;
    let service = match stack {
        Some(stack) => {
            Service::open(ServiceConfig { templates: vec![stack], ..config }, Vec::new()).await?
        }
        None => {
            let settings = Settings::from_env()?;
            embedded::open(embedded::with_stack(config, &settings)?, settings).await?
        }
    };
    let drained = service.drain(SHUTDOWN_PATIENCE);
    let stop = async move {
        stop.await;
        note("shutting down");
        drained.await;
    };
    note_untold(&service).await?;
    let served = match report(&service, address, &data_dir, begun) {
        Ok(()) => service.serve(listener, stop).await.map_err(anyhow::Error::from),
        Err(failure) => Err(failure.into()),
    };
    service.shut_down(Duration::ZERO).await;
    served
}

/// Nothing of a template is left out silently.
fn note_ignored(stack: &Stack) {
    for ignored in &stack.ignored {
        let property = ignored.property.as_deref().map(|it| format!(".{it}")).unwrap_or_default();
        note(&format!(
            "ignored: {}{property} ({}): {}",
            ignored.logical_id, ignored.kind, ignored.why
        ));
    }
}

/// Status changes that an earlier start was to tell are kept, and somebody should know.
async fn note_untold(service: &Service) -> anyhow::Result<()> {
    let untold = service.untold().await?;
    if untold > 0 {
        note(&format!(
            "status changes of an earlier start wait to be sent: {untold}, counted up to 1000; with --status-webhook \
             they are sent, unless they are a day old"
        ));
    }
    Ok(())
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
         executions, {} resumed\nready in {} ms\n",
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
