//! Items whose time to live is over are deleted, some time later, as DynamoDB does it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use dynoxide::Database;

/// Between two sweeps. DynamoDB promises a few days.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// A thread that sweeps the tables now and then; it ends when this is dropped. The engine lets waiting requests in
/// between the pages of a sweep.
pub(super) struct Expiry {
    _stop: Sender<()>,
}

impl Expiry {
    pub(super) fn spawn(database: Database) -> Result<Self, String> {
        Self::spawn_every(SWEEP_EVERY, database)
    }

    fn spawn_every(pause: Duration, database: Database) -> Result<Self, String> {
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::Builder::new()
            .name("dynamodb-expiry".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    match database.sweep_ttl() {
                        Ok(deleted) => tracing::debug!(deleted, "expired items were deleted"),
                        Err(error) => tracing::warn!(%error, "expired items could not be deleted"),
                    }
                }
            })
            .map_err(|error| error.to_string())?;
        Ok(Self { _stop: stop })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    //! Goal: what has expired goes by itself, and nothing else does.
    //!
    //! Method: a database in memory, swept every few milliseconds.

    use std::time::Instant;

    use serde_json::{Value, json};

    use super::*;
    use crate::dynamodb::operations::Tables;
    use crate::dynamodb::unfinished::Unfinished;

    const DEADLINE: Duration = Duration::from_secs(60);

    fn run(tables: &mut Tables, operation: &str, body: &Value) -> Value {
        let answer = tables.run(operation, &body.to_string());
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// A table with an item that has expired, one that will, and one that says nothing.
    fn fill(tables: &mut Tables, name: &str) {
        let table = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        });
        run(tables, "CreateTable", &table);
        let now = jiff::Timestamp::now().as_second();
        for (id, expires) in
            [("past", Some(now - 60)), ("future", Some(now + 3600)), ("none", None)]
        {
            let mut item = json!({ "id": { "S": id } });
            if let Some(expires) = expires {
                item["expiresAt"] = json!({ "N": expires.to_string() });
            }
            run(tables, "PutItem", &json!({ "TableName": name, "Item": item }));
        }
    }

    fn ids(tables: &mut Tables, name: &str) -> Vec<String> {
        let items = run(tables, "Scan", &json!({ "TableName": name }));
        let items = items["Items"].as_array().unwrap();
        let mut ids: Vec<_> =
            items.iter().map(|item| item["id"]["S"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    #[test]
    fn what_has_expired_goes_by_itself_where_the_table_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::memory().unwrap();
        let unfinished = Unfinished::finish(directory.path(), &database).unwrap();
        let mut tables = Tables::new(database.clone(), unfinished);
        fill(&mut tables, "swept");
        fill(&mut tables, "kept");
        let specification = json!({ "AttributeName": "expiresAt", "Enabled": true });
        let body = json!({ "TableName": "swept", "TimeToLiveSpecification": specification });
        run(&mut tables, "UpdateTimeToLive", &body);
        let _expiry = Expiry::spawn_every(Duration::from_millis(5), database).unwrap();
        let begun = Instant::now();
        while ids(&mut tables, "swept").len() == 3 {
            assert!(begun.elapsed() < DEADLINE, "nothing was swept");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(ids(&mut tables, "swept"), ["future", "none"]);
        assert_eq!(ids(&mut tables, "kept"), ["future", "none", "past"]);
    }
}
