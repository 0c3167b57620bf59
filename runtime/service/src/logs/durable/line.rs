//! One line about a durable execution, as text or as JSON. It is built in place: a line is one allocation, since an order
//! has some twenty of them.

use std::fmt::Write as _;

use durable_core::Millis;

use crate::wire::arn::Home;

/// What every line of this kind begins with in the text format.
const PREFIX: &str = "[DURABLE_EXECUTION] ";
/// Enough for an execution ARN and the members of most lines.
const LINE_BYTES: usize = 448;
/// Characters of a value that are shown. Names are shorter; the type of an error is whatever its function made it.
const VALUE_CHARS_MAX: usize = 256;

/// The execution that a line is about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) home: &'a Home,
    pub(super) function: &'a str,
    pub(super) version: &'a str,
    pub(super) name: &'a str,
    pub(super) id: &'a str,
}

/// A line that is being written.
pub(super) struct Line {
    text: String,
    json: bool,
    /// Whether a member stands before the next one in the same JSON object.
    follows: bool,
}

impl Line {
    /// Begins with what happened, such as `STEP_SUCCEEDED`, and to which execution.
    pub(super) fn begin(json: bool, at: Millis, event: &str, subject: Subject<'_>) -> Self {
        let mut line = Self { text: String::with_capacity(LINE_BYTES), json, follows: false };
        if json {
            line.text.push_str("{\"time\":\"");
            line.push_time(at);
            line.text.push_str("\",\"type\":\"platform.durable.");
            line.push_camel(event);
            line.text.push_str("\",\"executionArn\":\"");
            line.push_arn(subject);
            line.text.push_str("\",\"record\":{");
        } else {
            line.text.push_str(PREFIX);
            line.text.push_str(event);
            line.text.push_str(" executionArn=");
            line.push_arn(subject);
        }
        line
    }

    /// A member that is text.
    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        let end = value.char_indices().nth(VALUE_CHARS_MAX).map_or(value.len(), |(end, _)| end);
        let value = value.get(..end).unwrap_or(value);
        let plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
        let bare = |c: char| plain(c) && !c.is_whitespace() && c != '=';
        if !self.json && !value.is_empty() && value.chars().all(bare) {
            self.text.push_str(value);
        } else if value.chars().all(plain) {
            self.text.push('"');
            self.text.push_str(value);
            self.text.push('"');
        } else {
            self.text.push_str(&serde_json::Value::from(value).to_string());
        }
        self
    }

    /// A member that is text, if there is one.
    pub(super) fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// A member that is a number.
    pub(super) fn number(&mut self, name: &str, value: impl std::fmt::Display) -> &mut Self {
        self.name(name);
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{value}");
        self
    }

    /// A member that is a time.
    pub(super) fn time(&mut self, name: &str, at: Millis) -> &mut Self {
        self.name(name);
        let quote = if self.json { "\"" } else { "" };
        self.text.push_str(quote);
        self.push_time(at);
        self.text.push_str(quote);
        self
    }

    /// The whole line.
    pub(super) fn finish(mut self) -> String {
        if self.json {
            self.text.push_str("}}");
        }
        self.text
    }

    fn name(&mut self, name: &str) {
        if self.json {
            let before = if self.follows { ",\"" } else { "\"" };
            self.text.push_str(before);
            self.text.push_str(name);
            self.text.push_str("\":");
            self.follows = true;
        } else {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push('=');
        }
    }

    /// None of its parts has a character that JSON escapes.
    fn push_arn(&mut self, subject: Subject<'_>) {
        let Subject { home, function, version, name, id } = subject;
        let Home { region, account } = home;
        let _ = write!(
            self.text,
            "arn:aws:lambda:{region}:{account}:function:{function}:{version}/durable-execution/{name}/{id}"
        );
    }

    fn push_time(&mut self, at: Millis) {
        let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        let _ = write!(self.text, "{time:.3}");
    }

    /// `STEP_SUCCEEDED` as `stepSucceeded`.
    fn push_camel(&mut self, event: &str) {
        let mut upper = false;
        for c in event.chars() {
            if c != '_' {
                self.text.push(if upper { c } else { c.to_ascii_lowercase() });
            }
            upper = c == '_';
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn line(json: bool) -> Line {
        let home = Home { region: "us-east-1".to_owned(), account: "000000000000".to_owned() };
        let subject =
            Subject { home: &home, function: "shop", version: "1", name: "order-1", id: "an-id" };
        Line::begin(json, 1_700_000_000_123, "STEP_TIMED_OUT", subject)
    }

    const ARN: &str =
        "arn:aws:lambda:us-east-1:000000000000:function:shop:1/durable-execution/order-1/an-id";

    #[test]
    fn a_line_of_text_is_pairs_and_quotes_only_what_would_not_be_one_word() {
        let mut line = line(false);
        line.text("a", "plain").text("b", "two words").text("c", "x\ny\"").number("n", 7);
        line.time("until", 0);
        assert_eq!(
            line.finish(),
            format!(
                "[DURABLE_EXECUTION] STEP_TIMED_OUT executionArn={ARN} a=plain b=\"two words\" \
                 c=\"x\\ny\\\"\" n=7 until=1970-01-01T00:00:00.000Z"
            )
        );
    }

    #[test]
    fn a_line_of_json_is_an_object_whatever_the_names_are() {
        let mut line = line(true);
        line.text("a", "two \"words\"\n").number("n", 7).time("until", 0);
        let read: serde_json::Value = serde_json::from_str(&line.finish()).unwrap();
        let expected = serde_json::json!({
            "time": "2023-11-14T22:13:20.123Z",
            "type": "platform.durable.stepTimedOut",
            "executionArn": ARN,
            "record": { "a": "two \"words\"\n", "n": 7, "until": "1970-01-01T00:00:00.000Z" },
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_value_is_cut_at_its_bound() {
        let mut line = line(true);
        line.text("a", &"ä".repeat(VALUE_CHARS_MAX + 1));
        let read: serde_json::Value = serde_json::from_str(&line.finish()).unwrap();
        assert_eq!(read["record"]["a"], "ä".repeat(VALUE_CHARS_MAX));
    }
}
