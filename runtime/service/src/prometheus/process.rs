//! Memory, processor time and files of this process, under the names that all exporters use.
//!
//! Read from `/proc`, so there is nothing on a system without one.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// One look at this process.
#[derive(Debug)]
pub(super) struct ProcessLevels {
    cpu_seconds: f64,
    gauges: Vec<(&'static str, &'static str, f64)>,
}

impl ProcessLevels {
    /// `None` without a `/proc`.
    pub(super) fn read() -> Option<Self> {
        let stat = Stat::parse(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let ticks = clock_ticks_per_second() as f64;
        let boot = boot_seconds(&fs::read_to_string("/proc/stat").ok()?)?;
        // The one that lists them is among them.
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        let mut gauges = vec![
            (
                "process_start_time_seconds",
                "When the process started, in seconds since the Unix epoch",
                boot + stat.started as f64 / ticks,
            ),
            (
                "process_resident_memory_bytes",
                "Memory that the process has in RAM",
                stat.resident_pages as f64 * page_size() as f64,
            ),
            (
                "process_virtual_memory_bytes",
                "Memory that the process has reserved",
                stat.virtual_bytes as f64,
            ),
            ("process_threads", "Threads of the process", stat.threads as f64),
            ("process_open_fds", "Files and sockets that are open", open_fds as f64),
        ];
        if let Some(max) = getrlimit(Resource::Nofile).current {
            gauges.push(("process_max_fds", "Files and sockets that may be open", max as f64));
        }
        Some(Self { cpu_seconds: stat.cpu_ticks as f64 / ticks, gauges })
    }
}

impl Collector for ProcessLevels {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Processor time, in the program and in the kernel";
        let metric =
            encoder.encode_descriptor("process_cpu_seconds", help, None, MetricType::Counter)?;
        ConstCounter::new(self.cpu_seconds).encode(metric)?;
        for (name, help, value) in &self.gauges {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(*value).encode(metric)?;
        }
        Ok(())
    }
}

/// What `/proc/self/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    /// Ticks after the boot.
    started: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, which may hold blanks and parentheses. The next one is
        // the third.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            threads: field(20)?,
            started: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

/// When the machine was started, from `/proc/stat`.
fn boot_seconds(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_may_hold_anything() {
        let text = "42 (a) b (c)) S 1 42 42 0 -1 4194560 9 8 7 6 250 50 3 2 20 0 11 0 777 123456 99 18446744073709551615";
        let expected = Stat {
            cpu_ticks: 300,
            threads: 11,
            started: 777,
            virtual_bytes: 123_456,
            resident_pages: 99,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("42 (cut off) S 1"), None);
        assert_eq!(boot_seconds("cpu 1 2\nbtime 1700000000\nprocesses 3\n"), Some(1.7e9));
    }
}
