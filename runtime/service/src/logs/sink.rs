//! From a function's output to the store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use durable_functions::{LogLine, LogSink};
use durable_logs::{Logs, StreamName};

use super::tail::Tails;

/// Streams whose names are remembered. Each process has one.
const STREAMS_KNOWN_MAX: usize = 1024;

pub(super) struct StoreSink {
    store: Logs,
    tails: Arc<Tails>,
    /// By the stream's name, which no other group has.
    streams: Mutex<HashMap<Arc<str>, Arc<StreamName>>>,
}

impl StoreSink {
    pub(super) fn new(store: Logs, tails: Arc<Tails>) -> Self {
        Self { store, tails, streams: Mutex::default() }
    }

    fn stream(&self, line: &LogLine) -> Arc<StreamName> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = streams.get(&line.log_stream) {
            return Arc::clone(known);
        }
        if streams.len() >= STREAMS_KNOWN_MAX {
            streams.clear();
        }
        let name = Arc::new(StreamName {
            group: line.log_group.as_ref().to_owned(),
            stream: line.log_stream.as_ref().to_owned(),
        });
        streams.insert(Arc::clone(&line.log_stream), Arc::clone(&name));
        name
    }
}

impl LogSink for StoreSink {
    fn line(&self, line: LogLine) {
        // CloudWatch knows no empty event.
        if line.text.is_empty() {
            return;
        }
        self.tails.add(&line);
        self.store.put(&self.stream(&line), line.text);
    }
}
