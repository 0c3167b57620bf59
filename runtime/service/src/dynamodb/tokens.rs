//! Idempotency of transactions by `ClientRequestToken`, as DynamoDB gives it for ten minutes.
//!
//! The engine has this too, but looks through every remembered token on each transaction: a cost that grows with the
//! number of orders in ten minutes. Here the oldest tokens stand in front, so forgetting costs what is forgotten.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use crate::dynamodb::operations::Answer;

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Tokens remembered at most; beyond it the oldest are forgotten early.
const TOKENS_MAX: usize = 100_000;
/// The longest token that DynamoDB accepts.
const TOKEN_LEN_MAX: usize = 36;

#[derive(Default)]
pub(super) struct Tokens {
    answers: HashMap<String, (u64, Answer)>,
    by_age: VecDeque<(Instant, String)>,
}

impl Tokens {
    /// Whether this token is kept here. One that is too long is left to the engine, which says so.
    pub(super) fn takes(token: &str) -> bool {
        token.len() <= TOKEN_LEN_MAX
    }

    /// Runs a transaction, or repeats the answer that its token had.
    ///
    /// The body is compared as text: a client that repeats a request sends the same bytes.
    pub(super) fn once(
        &mut self,
        token: Option<String>,
        body: &str,
        run: impl FnOnce() -> Answer,
    ) -> Answer {
        let Some(token) = token else { return run() };
        self.forget(Instant::now());
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let hash = hasher.finish();
        match self.answers.get(&token) {
            Some((known, answer)) if *known == hash => return answer.clone(),
            Some(_) => return Answer::token_mismatch(),
            None => {}
        }
        let answer = run();
        // A transaction that failed may be tried again with the same token.
        if answer.status == 200 {
            self.answers.insert(token.clone(), (hash, answer.clone()));
            self.by_age.push_back((Instant::now(), token));
        }
        answer
    }

    fn forget(&mut self, now: Instant) {
        while let Some((since, _)) = self.by_age.front() {
            let expired = now.duration_since(*since) >= REMEMBERED;
            if !expired && self.by_age.len() < TOKENS_MAX {
                break;
            }
            if let Some((_, token)) = self.by_age.pop_front() {
                self.answers.remove(&token);
            }
        }
    }
}
