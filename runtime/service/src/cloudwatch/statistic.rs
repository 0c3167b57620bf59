//! `Average`, `p99` and the like.

use durable_metrics::Summary;

/// The names of the plain ones.
pub(super) const PLAIN: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// What is told of many values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// In percent.
    Percentile(f64),
}

impl Statistic {
    /// One of [`PLAIN`].
    pub(super) fn plain(name: &str) -> Option<Self> {
        Some(match name {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => return None,
        })
    }

    /// `p0` to `p100`. Trimmed means and their kin are not told here.
    pub(super) fn percentile(name: &str) -> Option<Self> {
        let digits = name.strip_prefix(['p', 'P'])?;
        let decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent: f64 = digits.parse().ok().filter(|_| decimal)?;
        (0.0..=100.0).contains(&percent).then_some(Self::Percentile(percent))
    }

    pub(super) fn is_percentile(self) -> bool {
        matches!(self, Self::Percentile(_))
    }

    /// `None` for a percentile of values that have none.
    pub(super) fn of(self, summary: &Summary) -> Option<f64> {
        Some(match self {
            Self::SampleCount => summary.count(),
            Self::Average => summary.average(),
            Self::Sum => summary.sum(),
            Self::Minimum => summary.min(),
            Self::Maximum => summary.max(),
            Self::Percentile(percent) => return summary.percentile(percent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_a_p_and_a_decimal_number_up_to_a_hundred() {
        assert_eq!(Statistic::percentile("p99.9"), Some(Statistic::Percentile(99.9)));
        assert_eq!(Statistic::percentile("p100"), Some(Statistic::Percentile(100.0)));
        for name in ["p", "p101", "p-1", "p1e1", "pinf", "tm99", "99", "Average"] {
            assert_eq!(Statistic::percentile(name), None, "{name}");
        }
    }
}
