//! Operations on log streams.

use durable_logs::{Stream, StreamName, StreamOrder, StreamsQuery};
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::{self, check_group, check_stream, stream_arn};
use super::refusal::{Refusal, check};
use super::{Answer, Call};
use crate::wire::constraints::Constraints;

/// Streams on a page, also if the request does not say.
const STREAMS_MAX: usize = 50;
const BY_NAME: &str = "LogStreamName";
const BY_TIME: &str = "LastEventTime";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneStream {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
}

impl OneStream {
    fn read(call: &Call<'_>) -> Result<StreamName, Refusal> {
        let request: Self = call.read()?;
        let mut constraints = Constraints::default();
        check_group(&mut constraints, request.log_group_name.as_deref(), "logGroupName");
        check_stream(&mut constraints, request.log_stream_name.as_deref(), "logStreamName");
        check(constraints)?;
        Ok(StreamName {
            group: request.log_group_name.unwrap_or_default(),
            stream: request.log_stream_name.unwrap_or_default(),
        })
    }
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    call.store.create_stream(OneStream::read(call)?)?;
    Ok(Value::Null)
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.store.delete_stream(OneStream::read(call)?)?;
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<i64>,
}

pub(super) fn describe(call: &Call<'_>) -> Answer {
    let request: Describe = call.read()?;
    let group = names::group(request.log_group_name, request.log_group_identifier)?;
    let prefix = request.log_stream_name_prefix;
    let order_by = request.order_by.as_deref().unwrap_or(BY_NAME);
    let by_time = order_by == BY_TIME;
    let mut constraints = Constraints::default();
    check_group(&mut constraints, Some(&group), "logGroupName");
    if prefix.is_some() {
        check_stream(&mut constraints, prefix.as_deref(), "logStreamNamePrefix");
    }
    constraints.range(request.limit.unwrap_or(1), "limit", 1, STREAMS_MAX as i64);
    let known = [BY_NAME, BY_TIME].into_iter();
    let parsed = known.clone().find(|known| *known == order_by);
    constraints.one_of(order_by, "orderBy", parsed, known);
    check(constraints)?;
    if by_time && prefix.is_some() {
        return Err(Refusal::invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let limit = request.limit.map_or(STREAMS_MAX, |limit| limit.unsigned_abs() as usize);
    let mut found = call.store.streams(&StreamsQuery {
        group: group.clone(),
        prefix: prefix.unwrap_or_default(),
        order: order(by_time, request.next_token)?,
        descending: request.descending,
        // One more tells whether there is another page.
        limit: limit + 1,
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let streams: Vec<Value> = found.iter().map(|stream| shown(call, &group, stream)).collect();
    let mut answer = json!({ "logStreams": streams });
    if let (true, Some(last), Some(members)) = (more, found.last(), answer.as_object_mut()) {
        members.insert("nextToken".to_owned(), token(by_time, last).into());
    }
    Ok(answer)
}

/// A token is the name of the last stream of a page, with its time in front if that is the order.
fn token(by_time: bool, last: &Stream) -> String {
    if by_time {
        format!("{}:{}", last.span.map_or(0, |span| span.last), last.name)
    } else {
        last.name.clone()
    }
}

fn order(by_time: bool, token: Option<String>) -> Result<StreamOrder, Refusal> {
    if !by_time {
        return Ok(StreamOrder::Name { after: token });
    }
    let Some(token) = token else { return Ok(StreamOrder::LastEvent { after: None }) };
    let (time, name) = token.split_once(':').ok_or_else(Refusal::invalid_token)?;
    let time = time.parse().map_err(|_| Refusal::invalid_token())?;
    Ok(StreamOrder::LastEvent { after: Some((time, name.to_owned())) })
}

fn shown(call: &Call<'_>, group: &str, stream: &Stream) -> Value {
    let mut shown = json!({
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": stream_arn(call.home, group, &stream.name),
        // AWS says nothing else any more.
        "storedBytes": 0,
    });
    if let (Some(span), Some(members)) = (stream.span, shown.as_object_mut()) {
        members.insert("firstEventTimestamp".to_owned(), span.first.into());
        members.insert("lastEventTimestamp".to_owned(), span.last.into());
        members.insert("lastIngestionTime".to_owned(), span.ingested.into());
    }
    shown
}
