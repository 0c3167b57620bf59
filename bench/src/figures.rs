//! Percentiles.

use std::time::Duration;

/// The smallest of these that this share of all does not exceed, in milliseconds. Sorts them.
pub(crate) fn percentile(latencies: &mut [Duration], share: f64) -> f64 {
    latencies.sort_unstable();
    let rank = (latencies.len() as f64 * share).ceil() as usize;
    let latency = latencies.get(rank.saturating_sub(1)).or(latencies.last());
    latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_that_so_many_do_not_exceed() {
        let mut latencies: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut latencies, 0.50), 100.0);
        assert_eq!(percentile(&mut latencies, 0.99), 198.0);
        assert_eq!(percentile(&mut latencies, 1.0), 200.0);
        assert_eq!(percentile(&mut [], 0.5), 0.0);
    }
}
