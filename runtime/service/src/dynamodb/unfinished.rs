//! Tables that a crash has caught while they were made or deleted.
//!
//! The engine makes and deletes a table in several commits. A table is therefore named in a file before the first of them,
//! and no more after the last. What is named there when the server starts was never acknowledged, so it is deleted: the
//! deletion is finished, or the making undone.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};

/// The file inside the data directory.
const FILE: &str = "dynamodb.unfinished";

pub(super) struct Unfinished {
    directory: PathBuf,
    file: PathBuf,
}

impl Unfinished {
    /// Deletes what the file names.
    ///
    /// # Errors
    /// A sentence.
    pub(super) fn finish(directory: &Path, database: &Database) -> Result<Self, String> {
        let unfinished = Self { directory: directory.to_owned(), file: directory.join(FILE) };
        let text = match fs::read(&unfinished.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(unfinished),
            read => read.map_err(|error| error.to_string())?,
        };
        // Half a name is no JSON. Then the work had not begun.
        if let Ok(Value::String(table)) = serde_json::from_slice(&text) {
            let request = serde_json::from_value(json!({ "TableName": table }))
                .map_err(|error| error.to_string())?;
            match database.delete_table(request) {
                Ok(_) | Err(DynoxideError::ResourceNotFoundException(_)) => {}
                Err(error) => return Err(format!("the table {table} is incomplete: {error}")),
            }
        }
        unfinished.end().map_err(|error| error.to_string())?;
        Ok(unfinished)
    }

    /// Runs an operation. While it makes or deletes a table, that is named in the file.
    ///
    /// # Errors
    /// What the disk says; if the operation has not run, also not in part.
    pub(super) fn guard<T>(
        &self,
        database: &Database,
        operation: &str,
        body: &str,
        run: impl FnOnce() -> T,
    ) -> io::Result<T> {
        let Some(table) = table_at_risk(database, operation, body) else { return Ok(run()) };
        let mut file = File::create(&self.file)?;
        file.write_all(json!(table).to_string().as_bytes())?;
        file.sync_all()?;
        self.sync()?;
        let done = run();
        self.end()?;
        Ok(done)
    }

    /// On disk before anybody hears of the end: a name that came back later would cost a table.
    fn end(&self) -> io::Result<()> {
        fs::remove_file(&self.file)?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// The table that the operation makes or deletes. One that exists is not made, and must not be taken for half a one.
fn table_at_risk(database: &Database, operation: &str, body: &str) -> Option<String> {
    let makes = operation == "CreateTable";
    if !makes && operation != "DeleteTable" {
        return None;
    }
    let request: Value = serde_json::from_str(body).ok()?;
    let table = request.get("TableName")?.as_str()?;
    let exists = database.get_table_metadata(table).ok()?.is_some();
    (exists != makes).then(|| table.to_owned())
}
