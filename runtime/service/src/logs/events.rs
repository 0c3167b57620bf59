//! PutLogEvents, GetLogEvents, FilterLogEvents.

use durable_logs::{
    EventsQuery, FilterPage, FilterQuery, MESSAGE_BYTES_MAX, Pattern, Position, StreamName, Streams,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::{self, check_group, check_stream};
use super::refusal::{Refusal, check};
use super::{Answer, Call};
use crate::wire::constraints::Constraints;

/// Events on a page, also if the request does not say.
const EVENTS_MAX: usize = 10_000;
/// Streams that a filter may name.
const NAMED_STREAMS_MAX: usize = 100;
/// Events of one PutLogEvents, and their bytes with 26 for each.
const PUT_EVENTS_MAX: usize = 10_000;
const PUT_BYTES_MAX: usize = 1_048_576;
const EVENT_BYTES: usize = 26;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Between the first and the last event of one PutLogEvents.
const PUT_SPAN_MAX: i64 = 24 * HOUR_MS;
/// How old and how far ahead an event may be.
const PAST_MAX: i64 = 14 * 24 * HOUR_MS;
const FUTURE_MAX: i64 = 2 * HOUR_MS;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
    #[serde(default)]
    log_events: Vec<InputEvent>,
}

#[derive(Deserialize)]
struct InputEvent {
    timestamp: i64,
    message: String,
}

pub(super) fn put(call: &Call<'_>) -> Answer {
    let request: Put = call.read()?;
    let mut constraints = Constraints::default();
    check_group(&mut constraints, request.log_group_name.as_deref(), "logGroupName");
    check_stream(&mut constraints, request.log_stream_name.as_deref(), "logStreamName");
    let events = request.log_events;
    constraints.range(events.len() as i64, "logEvents", 1, PUT_EVENTS_MAX as i64);
    check(constraints)?;
    check_events(&events)?;
    // They are in order, so what is too old comes first and what is too new comes last.
    let old = events.partition_point(|event| event.timestamp < call.now - PAST_MAX);
    let new = events.partition_point(|event| event.timestamp <= call.now + FUTURE_MAX);
    let count = events.len();
    let taken = events.into_iter().take(new).skip(old);
    let name = StreamName {
        group: request.log_group_name.unwrap_or_default(),
        stream: request.log_stream_name.unwrap_or_default(),
    };
    call.store.write(name, taken.map(|event| (event.timestamp, event.message)).collect())?;
    // Clients may still send it; AWS ignores it as well.
    let mut answer = json!({ "nextSequenceToken": "0" });
    let mut rejected = serde_json::Map::new();
    if old > 0 {
        rejected.insert("tooOldLogEventEndIndex".to_owned(), old.into());
    }
    if new < count {
        rejected.insert("tooNewLogEventStartIndex".to_owned(), new.into());
    }
    if let (false, Some(members)) = (rejected.is_empty(), answer.as_object_mut()) {
        members.insert("rejectedLogEventsInfo".to_owned(), rejected.into());
    }
    Ok(answer)
}

fn check_events(events: &[InputEvent]) -> Result<(), Refusal> {
    let mut bytes = 0;
    for event in events {
        let length = event.message.len();
        if length == 0 || event.timestamp < 0 {
            return Err(Refusal::invalid("A log event needs a message and a time after 1970."));
        }
        if length > MESSAGE_BYTES_MAX {
            return Err(Refusal::invalid(format!(
                "Log event too large: {length} bytes exceeds limit of {MESSAGE_BYTES_MAX}"
            )));
        }
        bytes += length + EVENT_BYTES;
    }
    if bytes > PUT_BYTES_MAX {
        return Err(Refusal::invalid(format!(
            "Upload too large: {bytes} bytes exceeds limit of {PUT_BYTES_MAX}"
        )));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(Refusal::invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let span = |first: &InputEvent, last: &InputEvent| last.timestamp - first.timestamp;
    match (events.first(), events.last()) {
        (Some(first), Some(last)) if span(first, last) > PUT_SPAN_MAX => Err(Refusal::invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 \
             hours.",
        )),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Get {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    #[serde(default)]
    start_from_head: bool,
}

pub(super) fn get(call: &Call<'_>) -> Answer {
    let request: Get = call.read()?;
    let group = names::group(request.log_group_name, request.log_group_identifier)?;
    let mut constraints = Constraints::default();
    check_group(&mut constraints, Some(&group), "logGroupName");
    check_stream(&mut constraints, request.log_stream_name.as_deref(), "logStreamName");
    check_limit(&mut constraints, request.limit);
    check(constraints)?;
    let from = request.next_token.as_deref().map(read_token).transpose()?;
    let page = call.store.events(&EventsQuery {
        name: StreamName { group, stream: request.log_stream_name.unwrap_or_default() },
        start: request.start_time.unwrap_or(0),
        end: request.end_time.unwrap_or(i64::MAX),
        from: from.map(|(_, position)| position),
        forward: from.map_or(request.start_from_head, |(forward, _)| forward),
        limit: limit(request.limit),
    })?;
    // At an end the same token comes back.
    let stay = from.map(|(_, position)| position).unwrap_or_default();
    let first = page.events.first().map_or(stay, |event| event.position);
    let last = page.events.last().map_or(stay, |event| event.position);
    let shown = page.events.into_iter().map(|event| {
        json!({
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.ingested,
        })
    });
    Ok(json!({
        "events": shown.collect::<Vec<_>>(),
        "nextForwardToken": format!("f/{last}/s"),
        "nextBackwardToken": format!("b/{first}/s"),
    }))
}

/// Whether it leads forward, and from where.
fn read_token(token: &str) -> Result<(bool, Position), Refusal> {
    let forward = match token.get(..2) {
        Some("f/") => true,
        Some("b/") => false,
        _ => return Err(Refusal::invalid_token()),
    };
    let position = token.get(2..).and_then(|rest| rest.strip_suffix("/s"));
    let position = position.and_then(|position| position.parse().ok());
    position.map(|position| (forward, position)).ok_or_else(Refusal::invalid_token)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

pub(super) fn filter(call: &Call<'_>) -> Answer {
    Ok(shown(page(call)?, false))
}

/// The page that a FilterLogEvents asks for.
pub(super) fn page(call: &Call<'_>) -> Result<FilterPage, Refusal> {
    let request: Filter = call.read()?;
    let group = names::group(request.log_group_name, request.log_group_identifier)?;
    let mut constraints = Constraints::default();
    check_group(&mut constraints, Some(&group), "logGroupName");
    check_limit(&mut constraints, request.limit);
    if let Some(names) = &request.log_stream_names {
        constraints.range(names.len() as i64, "logStreamNames", 1, NAMED_STREAMS_MAX as i64);
    }
    check(constraints)?;
    let streams = match (request.log_stream_names, request.log_stream_name_prefix) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
            ));
        }
        (Some(names), None) => Streams::Named(names),
        (None, Some(prefix)) => Streams::Prefix(prefix),
        (None, None) => Streams::All,
    };
    let after = request.next_token.map(|token| token.parse()).transpose();
    Ok(call.store.filter(&FilterQuery {
        group,
        streams,
        start: request.start_time.unwrap_or(0),
        end: request.end_time.unwrap_or(i64::MAX),
        pattern: Pattern::parse(&request.filter_pattern.unwrap_or_default())?,
        after: after.map_err(|()| Refusal::invalid_token())?,
        limit: limit(request.limit),
    })?)
}

/// A page as the answer. `endless`: it has a token for the next one, also if there is nothing there yet.
pub(super) fn shown(page: FilterPage, endless: bool) -> Value {
    let shown = page.events.into_iter().map(|event| {
        json!({
            "logStreamName": event.stream,
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.ingested,
            "eventId": event.position.to_string(),
        })
    });
    let shown: Vec<Value> = shown.collect();
    let mut answer = json!({ "events": shown, "searchedLogStreams": [] });
    if let (true, Some(members)) = (page.more || endless, answer.as_object_mut()) {
        members.insert("nextToken".to_owned(), page.reached.to_string().into());
    }
    answer
}

fn check_limit(constraints: &mut Constraints, limit: Option<i64>) {
    constraints.range(limit.unwrap_or(1), "limit", 1, EVENTS_MAX as i64);
}

fn limit(given: Option<i64>) -> usize {
    given.map_or(EVENTS_MAX, |limit| limit.unsigned_abs() as usize)
}
