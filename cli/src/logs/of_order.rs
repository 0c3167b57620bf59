//! Which lines belong to one execution: those that name it, and those of its invocations.
//!
//! Functions say different things of themselves. Some lines carry the execution's ARN, some the order's id, some the id of
//! the request only, which the history tells once an invocation has ended and other lines tell before.

use std::collections::HashSet;

use aws_sdk_lambda::types::EventType;

use crate::client::Clients;
use crate::exit::Failure;

/// Invocations of one execution whose lines are found; the newest.
const REQUESTS_MAX: usize = 1_000;
/// Events that are read for them.
const EVENTS_PER_PAGE: i32 = 1_000;
/// Pages of history that are read for them.
const PAGES_MAX: usize = 20;
/// How platforms and functions write the id of a request.
const WRITTEN: [&str; 4] = ["RequestId: ", "\"requestId\":\"", "\"requestId\": \"", "requestId="];

/// What the lines of one execution have in them.
#[derive(Debug)]
pub struct OfOrder {
    arn: String,
    /// The execution's name; for orders, the order's id.
    name: String,
    requests: HashSet<String>,
}

impl OfOrder {
    /// The lines of this execution.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub async fn new(clients: &Clients, arn: String, name: String) -> Result<Self, Failure> {
        let mut lines = Self { arn, name, requests: HashSet::new() };
        lines.read_requests(clients).await?;
        Ok(lines)
    }

    async fn read_requests(&mut self, clients: &Clients) -> Result<(), Failure> {
        let mut pages = clients
            .lambda
            .get_durable_execution_history()
            .durable_execution_arn(&self.arn)
            .include_execution_data(false)
            .reverse_order(true)
            .max_items(EVENTS_PER_PAGE)
            .into_paginator()
            .send();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else { break };
            let doing = format!("read the history of {}", self.arn);
            let page = page.map_err(|error| clients.failure(&doing, &error))?;
            for event in page.events() {
                if event.event_type != Some(EventType::InvocationCompleted) {
                    continue;
                }
                let details = event.invocation_completed_details();
                if let Some(details) = details {
                    self.learn(details.request_id().to_owned());
                }
            }
        }
        Ok(())
    }

    fn learn(&mut self, request: String) {
        if self.requests.len() < REQUESTS_MAX && !request.is_empty() {
            self.requests.insert(request);
        }
    }

    /// Whether this line is one of the execution's. What it tells of requests is remembered for those that come.
    pub fn has(&mut self, line: &str) -> bool {
        let names = line.contains(&self.arn) || has_word(line, &self.name);
        if names && let Some(request) = request_of(line) {
            self.learn(request.to_owned());
        }
        names || request_of(line).is_some_and(|request| self.requests.contains(request))
    }
}

/// The id of the request that a line says it belongs to.
fn request_of(line: &str) -> Option<&str> {
    let rest = WRITTEN.iter().find_map(|written| line.split_once(written))?.1;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
    rest.get(..end).filter(|id| !id.is_empty())
}

/// Whether the word stands in the line, and not only as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !word.is_empty()
        && line.match_indices(word).any(|(at, _)| {
            let before = line.get(..at).and_then(|text| text.chars().next_back());
            let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(inside) && !after.is_some_and(inside)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:0:function:f:1/durable-execution/A-1/x";

    fn of_order() -> OfOrder {
        let requests = HashSet::from(["r-1".to_owned()]);
        OfOrder { arn: ARN.to_owned(), name: "A-1".to_owned(), requests }
    }

    #[test]
    fn lines_that_name_the_execution_or_its_requests_are_its_own() {
        let mut lines = of_order();
        assert!(lines.has(&format!("step started executionArn={ARN}")));
        assert!(lines.has("order A-1 is on its way"));
        assert!(lines.has("START RequestId: r-1 Version: 1"));
        assert!(lines.has(r#"{"type":"platform.start","record":{"requestId":"r-1"}}"#));
    }

    #[test]
    fn lines_of_others_are_not() {
        let mut lines = of_order();
        for line in ["order A-11", "order XA-1", "A-1-2", "START RequestId: r-11", "nothing", ""] {
            assert!(!lines.has(line), "{line}");
        }
    }

    #[test]
    fn a_line_with_both_tells_of_the_request() {
        let mut lines = of_order();
        assert!(!lines.has("END RequestId: r-2"));
        assert!(lines.has(&format!("RequestId: r-2 replays {ARN}")));
        assert!(lines.has("END RequestId: r-2"));
    }
}
