//! Idempotency keys: the first answer under a key is every answer under it.

use std::collections::HashMap;

use serde_json::{Value, json};

/// Status and body.
pub(crate) type Answer = (u16, Value);

#[derive(Debug, Default)]
pub(crate) struct Keys {
    known: HashMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Path and parameters.
    request: String,
    /// `None` while it is at work.
    answer: Option<Answer>,
}

/// What becomes of a call under a key.
pub(crate) enum Begun {
    /// It is to be done; the key is at work until it is finished or abandoned.
    First,
    /// It was done.
    Replayed(Answer),
    /// It is being done, or the key is another call's.
    Refused(Answer),
}

impl Keys {
    pub(crate) fn begin(&mut self, key: &str, request: &str) -> Begun {
        let Some(entry) = self.known.get(key) else {
            let entry = Entry { request: request.to_owned(), answer: None };
            self.known.insert(key.to_owned(), entry);
            return Begun::First;
        };
        if entry.request != request {
            let message = "Keys for idempotent requests can only be used with the same parameters";
            return Begun::Refused((400, error("idempotency_error", None, message)));
        }
        match &entry.answer {
            Some(answer) => Begun::Replayed(answer.clone()),
            None => {
                let message = "There is currently another in-progress request using this key";
                let code = Some("idempotency_key_in_use");
                Begun::Refused((409, error("idempotency_error", code, message)))
            }
        }
    }

    pub(crate) fn finish(&mut self, key: &str, answer: &Answer) {
        if let Some(entry) = self.known.get_mut(key) {
            entry.answer = Some(answer.clone());
        }
    }

    /// As if it had never been used: parameters that are no good are not kept.
    pub(crate) fn abandon(&mut self, key: &str) {
        self.known.remove(key);
    }
}

pub(crate) fn error(kind: &str, code: Option<&str>, message: &str) -> Value {
    json!({ "error": { "type": kind, "code": code, "message": message } })
}
