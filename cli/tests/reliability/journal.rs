//! The journal, read behind the server's back while no server runs.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// The recorded result of each completed step, by order and step name.
pub type CompletedSteps = BTreeMap<(String, String), Value>;

/// Reads which steps of which orders are completed, and checks each journal's shape: no gap, no step completed twice.
pub fn completed_steps(data_dir: &Path) -> CompletedSteps {
    // Read and write: after a crash somebody has to recover the write-ahead log, and that writes.
    let connection =
        Connection::open_with_flags(data_dir.join("journal.db"), OpenFlags::SQLITE_OPEN_READ_WRITE)
            .expect("the journal opens");
    let mut statement = connection
        .prepare(
            "SELECT name, seq, first_event, body FROM journal JOIN executions ON execution = key
             ORDER BY key, seq",
        )
        .expect("a valid query");
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, Vec<u8>>(3)?,
            ))
        })
        .expect("rows");
    let mut completed = CompletedSteps::new();
    let mut expected_seq: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows {
        let (order, seq, _, body) = row.expect("a row");
        let expected = expected_seq.entry(order.clone()).or_insert(0);
        assert_eq!(seq, *expected, "the journal of {order} has no gap");
        *expected += 1;
        let record: Value = serde_json::from_slice(&body).expect("a record is JSON");
        for fact in record["facts"].as_array().expect("facts") {
            if fact["fact"] == "StepSucceeded" {
                let step = fact["op"]["name"].as_str().expect("a named step").to_owned();
                let earlier =
                    completed.insert((order.clone(), step.clone()), fact["result"].clone());
                assert_eq!(earlier, None, "{step} of {order} is completed once");
            }
        }
    }
    completed
}
