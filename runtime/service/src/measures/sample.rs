//! How many executions are open, once a minute.

use std::sync::Arc;
use std::time::Duration;

use durable_metrics::Metrics;

use super::meters::meter;
use crate::engine::Engine;

/// Between two looks.
const SAMPLE_EVERY: Duration = Duration::from_secs(60);
/// What may be open on AWS, if this server has no bound of its own.
const OPEN_EXECUTIONS_QUOTA: u64 = 10_000_000;

/// Records it until the task is aborted. While nothing is open nothing is recorded, but the zero that ends a series is.
pub(crate) async fn sample(engine: Arc<Engine>, metrics: Metrics) {
    let account = [Vec::new()];
    let name = "ApproximateRunningDurableExecutions";
    let running = meter(&metrics, name, "Count", &account);
    let utilization = meter(&metrics, &format!("{name}Utilization"), "Percent", &account);
    let mut before = 0;
    loop {
        let (open, max) = engine.open_executions();
        if open > 0 || before > 0 {
            let now = engine.clock.now();
            let quota = max.unwrap_or(OPEN_EXECUTIONS_QUOTA).max(1);
            running.record(now, open as f64);
            utilization.record(now, open as f64 * 100.0 / quota as f64);
        }
        before = open;
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}
