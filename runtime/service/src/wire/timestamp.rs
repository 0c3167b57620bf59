//! Timestamps: seconds with a fraction in bodies, ISO 8601 in queries, milliseconds in the invocation's envelope.

use durable_core::Millis;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::wire::error::AwsError;

/// As a body carries it: seconds since the epoch, to the millisecond.
pub(crate) fn seconds(at: Millis) -> Value {
    Value::from(at as f64 / 1000.0)
}

/// As a query carries it: a date with or without a time, or seconds since the epoch.
///
/// # Errors
/// `SerializationException`, as for any value of a wrong type.
pub(crate) fn parse_query(text: &str) -> Result<Millis, AwsError> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.as_millisecond());
    }
    if let Ok(date) = text.parse::<Date>()
        && let Ok(zoned) = date.to_zoned(TimeZone::UTC)
    {
        return Ok(zoned.timestamp().as_millisecond());
    }
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => Ok((seconds * 1000.0).round() as Millis),
        _ => Err(AwsError::serialization(format!("'{text}' can not be converted to Date"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_may_give_a_time_a_date_or_seconds() {
        for text in
            ["2026-01-01T00:00:00Z", "2026-01-01", "1767225600", "2026-01-01T01:00:00+01:00"]
        {
            assert_eq!(parse_query(text), Ok(1_767_225_600_000), "{text}");
        }
        assert_eq!(
            parse_query("NaN").map_err(|error| error.message),
            Err("'NaN' can not be converted to Date".to_owned())
        );
    }

    #[test]
    fn a_body_gives_seconds_to_the_millisecond() {
        assert_eq!(seconds(1_767_225_600_123).to_string(), "1767225600.123");
    }
}
