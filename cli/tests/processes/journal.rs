//! The journal, read behind the server's back.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

const JOURNAL: &str = "journal.db";
const JOURNAL_LOG: &str = "journal.db-wal";

/// A fact: its name, when it was accepted, and what it says.
#[derive(Clone, Debug)]
pub struct Fact {
    pub name: String,
    pub at: i64,
    pub body: Value,
}

impl Fact {
    /// The id of the operation that it is about.
    pub fn operation(&self) -> Option<&str> {
        self.body["op"]["id"].as_str()
    }

    /// The name of that operation.
    pub fn operation_name(&self) -> &str {
        self.body["op"]["name"].as_str().unwrap_or_default()
    }

    /// Whether the history shows it.
    pub fn is_event(&self) -> bool {
        let silent = ["StepReady", "CallbackHeartbeat", "InvocationRetry", "ExecutionPausing"];
        !silent.contains(&self.name.as_str())
    }

    /// Whether it ends its operation for good.
    pub fn is_terminal(&self) -> bool {
        let ends = ["Succeeded", "Failed", "TimedOut", "Stopped", "Cancelled"];
        self.operation().is_some()
            && ends.iter().any(|end| self.name.ends_with(end))
            && self.body["retry"].is_null()
    }
}

/// What one journal holds.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// The raw records of each execution.
    records: BTreeMap<String, Vec<Vec<u8>>>,
    /// The facts in them, by execution.
    pub facts: BTreeMap<String, Vec<Fact>>,
    /// Rows of the index whose execution has not ended.
    pub open: i64,
    /// Asynchronous invocations that wait or run.
    pub queued: i64,
    /// Chained invocations that are not over.
    pub chained: i64,
}

impl Journal {
    /// Reads a copy of the one in this directory, whose server is dead: its write-ahead log stays as the death has left
    /// it, for the next life to recover.
    pub fn read_copy(data_dir: &Path) -> Self {
        let copy = tempfile::tempdir().expect("a directory");
        for file in [JOURNAL, JOURNAL_LOG] {
            let from = data_dir.join(file);
            if from.exists() {
                std::fs::copy(from, copy.path().join(file)).expect("a copy");
            }
        }
        Self::read(copy.path())
    }

    /// Reads the one in this directory. Nothing is there before the server's first start got that far.
    pub fn read(data_dir: &Path) -> Self {
        let file = data_dir.join(JOURNAL);
        // Read and write: after a crash somebody has to recover the write-ahead log, and that writes.
        let Ok(connection) = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)
        else {
            return Self::default();
        };
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
        if count(&connection, "sqlite_master WHERE name = 'journal'") == 0 {
            return Self::default();
        }
        let mut journal = Self {
            open: count(&connection, "executions WHERE ended IS NULL"),
            queued: count(&connection, "invocations"),
            chained: count(&connection, "chained"),
            ..Self::default()
        };
        journal.read_records(&connection);
        journal
    }

    fn read_records(&mut self, connection: &Connection) {
        let query =
            "SELECT id, seq, first_event, body FROM journal JOIN executions ON execution = key
                     ORDER BY key, seq";
        let mut statement = connection.prepare(query).expect("a valid query");
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let execution: String = row.get(0).expect("an id");
            let (seq, first_event): (usize, usize) =
                (row.get(1).expect("a number"), row.get(2).expect("a number"));
            let body: Vec<u8> = row.get(3).expect("a body");
            let facts = self.facts.entry(execution.clone()).or_default();
            let records = self.records.entry(execution.clone()).or_default();
            assert_eq!(seq, records.len(), "the journal of {execution} has no gap");
            let events = facts.iter().filter(|fact| fact.is_event()).count();
            assert_eq!(first_event, events + 1, "the events of {execution} are counted");
            let record: Value = serde_json::from_slice(&body).expect("a record is JSON");
            let at = record["at"].as_i64().expect("a time");
            for fact in record["facts"].as_array().expect("facts") {
                let name = fact["fact"].as_str().expect("a name").to_owned();
                facts.push(Fact { name, at, body: fact.clone() });
            }
            records.push(body);
        }
    }

    /// Nothing of an earlier reading is lost or changed.
    pub fn check_continues(&self, earlier: &Self) {
        for (execution, before) in &earlier.records {
            let now = self.records.get(execution).map_or(&[][..], Vec::as_slice);
            assert!(now.starts_with(before), "the journal of {execution} only grows");
        }
    }

    /// The ARNs of the executions that chained invocations lead to.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let facts = self.facts.values().flatten();
        facts.filter_map(|fact| fact.body["target"]["execution_arn"].as_str())
    }

    /// When the result of each step was recorded, by execution and step.
    pub fn recorded_steps(&self) -> BTreeMap<(String, String), i64> {
        let mut recorded = BTreeMap::new();
        for (execution, facts) in &self.facts {
            for fact in facts.iter().filter(|fact| fact.name == "StepSucceeded") {
                let step = step_name(fact, facts);
                let earlier = recorded.insert((execution.clone(), step.to_owned()), fact.at);
                assert_eq!(earlier, None, "{step} of {execution} is recorded once");
            }
        }
        recorded
    }
}

/// The name under which a step notes its effects: its own, or that of the context around it, for the SDK gives none to
/// the step that hands out a callback.
fn step_name<'a>(step: &'a Fact, facts: &'a [Fact]) -> &'a str {
    let around = step.body["op"]["parent"].as_str();
    let named = |fact: &&Fact| !fact.operation_name().is_empty();
    let context = facts.iter().find(|fact| fact.operation() == around);
    let named = Some(step).filter(named).or(context).expect("a step has a name");
    named.operation_name()
}

fn count(connection: &Connection, what: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {what}");
    connection.query_row(&query, [], |row| row.get(0)).expect("a number")
}
