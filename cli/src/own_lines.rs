//! What the order functions log, on its way to their log groups.
//!
//! On AWS they print JSON lines, which Lambda takes to CloudWatch Logs. Here they run inside the server, so the same lines
//! are handed to the function whose invocation they belong to. Standard error has them only if `RUST_LOG` asks.

use std::io;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The crate of the functions. What AWS's clients or the server say meanwhile is not theirs.
const CRATE: &str = "orders";

/// Takes the lines of the order functions, from level info on. Other lines, and those of no invocation, it leaves alone.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer()
        .json()
        .with_ansi(false)
        .with_writer(|| OwnLine)
        .with_filter(filter_fn(is_own))
}

fn is_own(event: &Metadata<'_>) -> bool {
    let of_crate = event.target().strip_prefix(CRATE);
    *event.level() <= Level::INFO
        && of_crate.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Is given one whole line per call.
struct OwnLine;

impl io::Write for OwnLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        durable_functions::own_line(String::from_utf8_lossy(line).trim_end());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
