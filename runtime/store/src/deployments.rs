//! What is deployed: functions, their versions and aliases, as documents that only the service reads.
//!
//! One row per item, so that a change writes what changed and not the whole function.

use rusqlite::{Connection, Row, Transaction, params};

use crate::error::StoreError;
use crate::model::{DeployedItem, DeploymentChange};

/// The table; part of the schema since format 3.
pub(crate) const TABLE: &str = "
CREATE TABLE deployments (
    function TEXT NOT NULL,
    item     TEXT NOT NULL,
    body     BLOB NOT NULL,
    PRIMARY KEY (function, item)
) STRICT, WITHOUT ROWID;
";

pub(crate) fn change(
    transaction: &Transaction<'_>,
    change: &DeploymentChange,
) -> rusqlite::Result<()> {
    match change {
        DeploymentChange::Put(item) => {
            transaction
                .prepare_cached(
                    "INSERT INTO deployments (function, item, body) VALUES (?1, ?2, ?3)
                     ON CONFLICT (function, item) DO UPDATE SET body = excluded.body",
                )?
                .execute(params![item.function, item.item, item.body])?;
        }
        DeploymentChange::Remove { function, item } => {
            transaction
                .prepare_cached("DELETE FROM deployments WHERE function = ?1 AND item = ?2")?
                .execute(params![function, item])?;
        }
        DeploymentChange::RemoveFunction { function } => {
            transaction
                .prepare_cached("DELETE FROM deployments WHERE function = ?1")?
                .execute([function])?;
        }
    }
    Ok(())
}

pub(crate) fn all(connection: &Connection) -> Result<Vec<DeployedItem>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT function, item, body FROM deployments ORDER BY function, item")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeployedItem> {
    Ok(DeployedItem { function: row.get(0)?, item: row.get(1)?, body: row.get(2)? })
}
