//! A line of a log as it is printed.

use aws_sdk_lambda::primitives::DateTime;
use clap::ValueEnum;
use serde::Serialize;

use crate::client::logs::LogEvent;
use crate::exit::Failure;
use crate::redact;
use crate::table::clean;
use crate::time::{clock, rfc3339};

/// How much is printed of a line; the names are those of `aws logs tail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LineFormat {
    /// Time, function, text
    Short,
    /// Time with date, group, stream, text
    Detailed,
    /// One JSON object a line
    Json,
}

/// A line for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineDocument<'a> {
    timestamp: String,
    log_group_name: &'a str,
    log_stream_name: &'a str,
    event_id: &'a str,
    message: &'a str,
}

/// One event, with a newline at its end and none inside.
///
/// # Errors
/// Never in practice: when it cannot be written as JSON.
pub fn written(format: LineFormat, group: &str, event: &LogEvent) -> Result<String, Failure> {
    let time = rfc3339(&DateTime::from_millis(event.timestamp));
    let message = redact::line(event.message.trim_end());
    Ok(match format {
        LineFormat::Json => {
            let document = LineDocument {
                timestamp: time,
                log_group_name: group,
                log_stream_name: &event.log_stream_name,
                event_id: &event.event_id,
                message: &message,
            };
            let text = serde_json::to_string(&document)
                .map_err(|error| Failure::new(format!("cannot write the output: {error}")))?;
            format!("{text}\n")
        }
        LineFormat::Short => {
            let function = group.rsplit('/').next().unwrap_or(group);
            format!("{} {} {}\n", clock(&time), clean(function), one_line(&message))
        }
        LineFormat::Detailed => {
            let stream = clean(&event.log_stream_name);
            format!("{time} {} {stream} {}\n", clean(group), one_line(&message))
        }
    })
}

/// Lines inside a message begin with a blank each, so that every line that begins with a time is one event. Tabs stay
/// apart from control characters: platform lines are full of them.
fn one_line(message: &str) -> String {
    clean(&message.replace('\t', "  ").replace('\r', "")).replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn event(message: &str) -> LogEvent {
        LogEvent {
            event_id: "7".to_owned(),
            timestamp: 1_795_373_041_123,
            log_stream_name: "2026/11/22/[1]ab".to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_line_says_when_and_where() {
        let group = "/aws/lambda/ValidateOrder";
        let event = event("one\ttwo\nthree\n");
        let shown = |format| written(format, group, &event).unwrap();
        assert_eq!(shown(LineFormat::Short), "18:44:01.123Z ValidateOrder one  two\n    three\n");
        assert_eq!(
            shown(LineFormat::Detailed),
            "2026-11-22T18:44:01.123Z /aws/lambda/ValidateOrder 2026/11/22/[1]ab one  two\n    three\n"
        );
        assert_eq!(
            shown(LineFormat::Json),
            "{\"timestamp\":\"2026-11-22T18:44:01.123Z\",\"logGroupName\":\"/aws/lambda/ValidateOrder\",\
             \"logStreamName\":\"2026/11/22/[1]ab\",\"eventId\":\"7\",\"message\":\"one\\ttwo\\nthree\"}\n"
        );
    }

    #[test]
    fn nothing_in_a_line_moves_the_cursor() {
        let shown = written(LineFormat::Short, "g", &event("a\u{1b}[2Jb\r")).unwrap();
        assert!(!shown.contains('\u{1b}') && !shown.contains('\r'), "{shown:?}");
    }
}
