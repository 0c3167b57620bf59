//! Moments as people write them on a command line.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What every option that takes a moment says of it.
pub const WRITTEN: &str = "30s, 10m, 2h, 3d or 1w ago, a UTC date, or RFC 3339";

/// A moment: some time ago, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Since the epoch.
    pub milliseconds: i64,
}

impl When {
    /// So long ago.
    #[must_use]
    pub fn ago(milliseconds: i64) -> Self {
        Self { milliseconds: now().saturating_sub(milliseconds) }
    }
}

/// The time on this machine's clock, in milliseconds since the epoch.
#[must_use]
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(ago) = span(text) {
            return Ok(Self::ago(ago));
        }
        let at = |time: Timestamp| Self { milliseconds: time.as_millisecond() };
        let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).map(|time| at(time.timestamp()));
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(at(time));
        }
        // With a name of a zone in brackets, as jiff and Java print it.
        if let Ok(time) = text.parse::<Zoned>() {
            return Ok(at(time.timestamp()));
        }
        let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into));
        civil.and_then(utc).map_err(|_| format!("a time is written as {WRITTEN}"))
    }
}

/// `10m` and the like, in milliseconds.
fn span(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let unit = match unit {
        "s" => SECOND_MS,
        "m" | "min" => MINUTE_MS,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        "w" => 7 * DAY_MS,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dates_are_in_utc_and_zones_are_heeded() {
        for (text, milliseconds) in [
            ("2026-11-22", 1_795_305_600_000),
            ("2026-11-22 18:44:01", 1_795_373_041_000),
            ("2026-11-22T18:44", 1_795_373_040_000),
            ("2026-11-22T18:44:01.123Z", 1_795_373_041_123),
            ("2026-11-22T19:44:01+01:00", 1_795_373_041_000),
        ] {
            assert_eq!(text.parse::<When>().unwrap(), When { milliseconds }, "{text}");
        }
    }

    #[test]
    fn a_span_is_counted_back_from_now() {
        for (text, span) in [("0s", 0), ("90s", 90_000), ("10m", 600_000), ("1w", 604_800_000)] {
            let earliest = now() - span;
            let when = text.parse::<When>().unwrap().milliseconds;
            assert!((earliest..=now() - span).contains(&when), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_told_how_times_are_written() {
        for text in ["", "10", "m", "10 m", "yesterday", "-5m", "2026-13-01", "99999999999999999w"]
        {
            let error = text.parse::<When>().unwrap_err();
            assert!(error.contains("10m") && error.contains("RFC 3339"), "{text}: {error}");
        }
    }
}
