//! `aws logs tail --follow`, live.
//!
//! The AWS CLI asks for pages until there is no next one, and then sleeps for five seconds. So to this client a page is
//! never the last: it is held for a moment until there is something on it, and comes with a token for the next.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::USER_AGENT;
use tokio::time::{Instant, sleep};

use super::{Answer, CloudWatchLogs, events};

/// Requests that are held at one time. Further followers look every five seconds, as they do on AWS.
pub(super) const FOLLOWERS_MAX: usize = 16;
/// How long a page without events is held. A server that shuts down waits so long for it.
const HOLD_MAX: Duration = Duration::from_secs(2);
/// Between two looks for whether anything came, for whichever group.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How the AWS CLI names the command in its `User-Agent`.
const TAIL: &str = "md/command#logs.tail";
/// Before the list of what the client makes use of.
const FEATURES: &str = "m/";
/// What it says there when it turns pages with its paginator, as `logs tail` does without `--follow`.
const PAGINATOR: &str = "C";

/// Whether the client is a follower.
pub(super) fn follows(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let mut words = agent.split(' ');
    let features = words.clone().find_map(|word| word.strip_prefix(FEATURES));
    words.any(|word| word == TAIL)
        && features.is_some_and(|features| features.split(',').all(|feature| feature != PAGINATOR))
}

impl CloudWatchLogs {
    /// FilterLogEvents for a follower.
    pub(super) async fn follow(&self, body: Bytes) -> Answer {
        let Ok(_place) = self.0.followers.try_acquire() else {
            return self.work(body, events::filter).await;
        };
        let end = Instant::now() + HOLD_MAX;
        loop {
            let arrivals = self.0.store.arrivals();
            let page = self.work(body.clone(), events::page).await?;
            if !page.events.is_empty() || page.more || Instant::now() >= end {
                return Ok(events::shown(page, true));
            }
            while self.0.store.arrivals() == arrivals && Instant::now() < end {
                sleep(LOOK_EVERY).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn follows_as(agent: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, agent.parse().unwrap());
        follows(&headers)
    }

    #[test]
    fn only_the_aws_cli_that_follows_is_held() {
        let tail = "aws-cli/2.38.5 ua/2.1 m/Z,g,E,N,b sid/2118 md/prompt#off md/command#logs.tail";
        assert!(follows_as(tail));
        assert!(!follows_as(&tail.replace("E,N", "E,C,N")));
        assert!(!follows_as(&tail.replace("logs.tail", "logs.filter-log-events")));
        assert!(!follows_as("Boto3/1.40 m/Z,b"));
        assert!(!follows(&HeaderMap::new()));
    }
}
