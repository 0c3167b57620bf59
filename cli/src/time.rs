//! Times and durations as people and programs read them.

use aws_sdk_lambda::primitives::{DateTime, DateTimeFormat};

/// Below this, milliseconds are shown.
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// RFC 3339 in UTC, for programs. Empty for a year that has no such form.
#[must_use]
pub fn rfc3339(time: &DateTime) -> String {
    time.fmt(DateTimeFormat::DateTime).unwrap_or_default()
}

/// Date and time to the second, in UTC, for people: `2026-11-22 18:44:01`.
#[must_use]
pub fn short(time: &DateTime) -> String {
    rfc3339(time).chars().take("2026-11-22T18:44:01".len()).collect::<String>().replace('T', " ")
}

/// Milliseconds from one time to another; none if the clock went back.
#[must_use]
pub fn milliseconds_between(from: &DateTime, to: &DateTime) -> i64 {
    let millis = |time: &DateTime| time.to_millis().unwrap_or_default();
    millis(to).saturating_sub(millis(from)).max(0)
}

/// A duration for people: `17 ms`, `1.2 s`, `3 min 5 s`, `2 h 7 min`.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..SECOND_MS => format!("{milliseconds} ms"),
        SECOND_MS..MINUTE_MS => {
            format!("{}.{} s", milliseconds / SECOND_MS, milliseconds % SECOND_MS / 100)
        }
        MINUTE_MS..HOUR_MS => {
            format!("{} min {} s", milliseconds / MINUTE_MS, milliseconds % MINUTE_MS / SECOND_MS)
        }
        _ => format!("{} h {} min", milliseconds / HOUR_MS, milliseconds % HOUR_MS / MINUTE_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_fits() {
        let cases = [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (59_999, "59.9 s"),
            (185_000, "3 min 5 s"),
            (7_620_000, "2 h 7 min"),
        ];
        for (milliseconds, shown) in cases {
            assert_eq!(duration(milliseconds), shown);
        }
    }

    #[test]
    fn times_are_in_utc() {
        let time = DateTime::from_millis(1_795_373_041_123);
        assert_eq!(rfc3339(&time), "2026-11-22T18:44:01.123Z");
        assert_eq!(short(&time), "2026-11-22 18:44:01");
    }
}
