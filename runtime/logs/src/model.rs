//! What is put and read.

use std::fmt;
use std::str::FromStr;

use crate::pattern::Pattern;

/// The longest message in bytes; the rest of a longer one is cut off. CloudWatch's bound for most of its life.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Digits of a position's two numbers.
const TIME_DIGITS: usize = 20;
const KEY_DIGITS: usize = 36;

/// A stream in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StreamName {
    /// Such as `/aws/lambda/orders`.
    pub group: String,
    /// Such as `2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef`.
    pub stream: String,
}

/// An event that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it stands among the others; also its id.
    pub position: Position,
    /// When it happened, in milliseconds since the epoch.
    pub at: i64,
    /// When it was put.
    pub ingested: i64,
    /// The stream's name.
    pub stream: String,
    /// The text.
    pub message: String,
}

/// Where an event stands: by time, and by the order of arrival among events of one time. As text it has 56 digits, as
/// CloudWatch's ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub(crate) at: i64,
    pub(crate) key: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0TIME_DIGITS$}{:0KEY_DIGITS$}", self.at, self.key)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.len() == TIME_DIGITS + KEY_DIGITS
            && text.bytes().all(|byte| byte.is_ascii_digit());
        let (at, key) = text.split_at_checked(TIME_DIGITS).filter(|_| digits).ok_or(())?;
        let number = |digits: &str| digits.parse().map_err(drop);
        Ok(Self { at: number(at)?, key: number(key)? })
    }
}

/// Which streams of a group are meant.
#[derive(Clone, Debug, Default)]
pub enum Streams {
    /// Every one.
    #[default]
    All,
    /// Those with these names.
    Named(Vec<String>),
    /// Those whose names begin so.
    Prefix(String),
}

/// Asks for the events of a group.
#[derive(Debug)]
pub struct FilterQuery {
    /// The group's name.
    pub group: String,
    /// Which of its streams.
    pub streams: Streams,
    /// Not before this time.
    pub start: i64,
    /// Not after this time.
    pub end: i64,
    /// What the messages have to match.
    pub pattern: Pattern,
    /// After this event.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: usize,
}

/// Events of a group, by position.
#[derive(Debug)]
pub struct FilterPage {
    /// Maybe none, though there are more.
    pub events: Vec<Event>,
    /// Up to where was looked.
    pub reached: Position,
    /// Whether there is another page, after what was reached.
    pub more: bool,
}

/// Asks for the events of a stream.
#[derive(Debug)]
pub struct EventsQuery {
    /// The stream.
    pub name: StreamName,
    /// Not before this time.
    pub start: i64,
    /// Before this time.
    pub end: i64,
    /// From here, exclusive: the first events behind it, or the last ones before it.
    pub from: Option<Position>,
    /// Forward in time. The events come in the order of time in any case.
    pub forward: bool,
    /// At most so many.
    pub limit: usize,
}

/// Events of a stream, by position.
#[derive(Debug)]
pub struct EventsPage {
    /// None if there are no more.
    pub events: Vec<Event>,
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: i64,
    /// For how many days it keeps events, if that was set.
    pub retention_days: Option<u32>,
    /// The bytes of its messages, and CloudWatch's 26 for each.
    pub bytes: u64,
}

/// Asks for groups, by name.
#[derive(Clone, Debug, Default)]
pub struct GroupsQuery {
    /// Names begin so.
    pub prefix: String,
    /// Names contain this, in any case.
    pub containing: String,
    /// Names come after this one.
    pub after: String,
    /// At most so many.
    pub limit: usize,
}

/// A log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: i64,
    /// The times of its earliest and latest event, and when the latest was put. `None` if it has had none.
    pub span: Option<Span>,
}

/// When the events of a stream happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The earliest.
    pub first: i64,
    /// The latest.
    pub last: i64,
    /// When an event was put last.
    pub ingested: i64,
}

/// The order of streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamOrder {
    /// By name; behind this one, if there is one.
    Name {
        /// The last name of the page before.
        after: Option<String>,
    },
    /// By the time of the latest event; behind this one, if there is one.
    LastEvent {
        /// Time and name of the last stream of the page before.
        after: Option<(i64, String)>,
    },
}

/// Asks for the streams of a group.
#[derive(Clone, Debug)]
pub struct StreamsQuery {
    /// The group's name.
    pub group: String,
    /// Names begin so.
    pub prefix: String,
    /// In which order, and from where on.
    pub order: StreamOrder,
    /// Backwards.
    pub descending: bool,
    /// At most so many.
    pub limit: usize,
}

/// An event that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: i64,
    pub(crate) ingested: i64,
    pub(crate) message: String,
}

impl Entry {
    /// The message is cut to its bound, between characters.
    pub(crate) fn new(at: i64, ingested: i64, mut message: String) -> Self {
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        Self { at: at.max(0), ingested, message }
    }
}
