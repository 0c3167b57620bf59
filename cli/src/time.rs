//! Times and durations as people and programs read them.

use aws_sdk_lambda::primitives::{DateTime, DateTimeFormat};

/// Below this, milliseconds are shown.
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// RFC 3339 in UTC with milliseconds, for programs. Empty for a year that has no such form.
#[must_use]
pub fn rfc3339(time: &DateTime) -> String {
    let milliseconds = milliseconds(time);
    let second = DateTime::from_secs(milliseconds.div_euclid(SECOND_MS));
    let to_the_second = second.fmt(DateTimeFormat::DateTime).unwrap_or_default();
    match to_the_second.strip_suffix('Z') {
        Some(start) => format!("{start}.{:03}Z", milliseconds.rem_euclid(SECOND_MS)),
        None => to_the_second,
    }
}

/// The nearest millisecond. The server counts in milliseconds, and its times arrive as fractions of
/// seconds that may fall just short of them.
fn milliseconds(time: &DateTime) -> i64 {
    const NANOS_PER_MS: i128 = 1_000_000;
    let nearest = (time.as_nanos() + NANOS_PER_MS / 2).div_euclid(NANOS_PER_MS);
    i64::try_from(nearest).unwrap_or_default()
}

/// Date and time to the second, in UTC, for people: `2026-11-22 18:44:01`.
#[must_use]
pub fn short(time: &DateTime) -> String {
    rfc3339(time).chars().take("2026-11-22T18:44:01".len()).collect::<String>().replace('T', " ")
}

/// The time of day of what [`rfc3339`] wrote: `18:44:01.123Z`.
#[must_use]
pub fn clock(time: &str) -> &str {
    time.split_once('T').map_or(time, |(_, clock)| clock)
}

/// Milliseconds from one time to another; none if the clock went back.
#[must_use]
pub fn milliseconds_between(from: &DateTime, to: &DateTime) -> i64 {
    milliseconds(to).saturating_sub(milliseconds(from)).max(0)
}

/// A duration for people: `<1 ms`, `17 ms`, `1.2 s`, `3 min 5 s`, `2 h 7 min`.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    match milliseconds {
        ..1 => "<1 ms".to_owned(),
        1..SECOND_MS => format!("{milliseconds} ms"),
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
            (0, "<1 ms"),
            (1, "1 ms"),
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
        assert_eq!(rfc3339(&DateTime::from_secs(0)), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_time_that_falls_short_of_a_millisecond_is_that_millisecond() {
        let short = DateTime::from_secs_and_nanos(1, 122_999_907);
        assert_eq!(rfc3339(&short), "1970-01-01T00:00:01.123Z");
        assert_eq!(milliseconds_between(&DateTime::from_millis(1_000), &short), 123);
    }
}
