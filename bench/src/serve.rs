//! The order system's server with one function more, in a process of its own so that its memory and processor time can
//! be told from ours. It says when it is ready as `durable-orders serve` does.

use std::path::Path;
use std::time::Instant;

use durable_functions::InMemoryHttp;
use durable_orders::embedded;
use durable_service::Service;
use orders::Settings;
use tokio::net::TcpListener;

use crate::sleeper::{self, ALARM, SLEEPER};
use crate::turn::DoorSlot;

pub(crate) async fn run(data_dir: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let settings = Settings::from_env()?;
    let config = embedded::service_config(data_dir, &settings)?;
    let (http, slot) = (InMemoryHttp::new(), DoorSlot::default());
    let gateway = orders::open_gateway(&settings).await?;
    let mut functions = embedded::functions(&http, &config.region, settings, gateway)?;
    functions.extend([SLEEPER, ALARM].map(|name| sleeper::function(name, &slot)));
    let bind = |door: &_| {
        http.bind(door);
        slot.bind(door);
    };
    let service = Service::open_with(config, functions, bind, |backend| Box::new(backend)).await?;
    let recovered = service.recovered();
    println!("address    http://{}", listener.local_addr()?);
    println!("recovered  {} open, {} resumed", recovered.open, recovered.resumed);
    println!("ready in {:.1} ms", begun.elapsed().as_secs_f64() * 1000.0);
    // Whoever started this process kills it.
    service.serve(listener, std::future::pending()).await?;
    Ok(())
}
