//! DynamoDB at the same door, by the engine `dynoxide`.
//!
//! | file | job |
//! |---|---|
//! | `thread` | the one thread that owns the database, and the queue in front of it |
//! | `operations` | from an operation's name to the engine's function |
//! | `expiry` | items whose time to live is over |
//! | `tokens` | idempotency of transactions |
//! | `unfinished` | tables that a crash has caught while they were made or deleted |
//! | `names` | the ARNs of tables and streams |

mod expiry;
mod names;
mod operations;
mod thread;
mod tokens;
mod unfinished;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use durable_store::{DirectoryLock, WalKeeper};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::dynamodb::names::Names;
pub(crate) use crate::dynamodb::operations::OPERATIONS;
use crate::dynamodb::thread::DatabaseThread;
use crate::dynamodb::unfinished::Unfinished;
use crate::wire::arn::Home;

const TARGET_PREFIXES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// The file inside the data directory.
const FILE: &str = "dynamodb.db";

/// A table that is created if there is none of its name.
#[derive(Clone, Debug)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// The request of CreateTable that makes it.
    pub create: Value,
    /// The attribute that holds the time, in seconds since the epoch, after which an item is deleted.
    pub time_to_live: Option<String>,
}

impl TableSpec {
    /// An on-demand table whose partition key is this string.
    pub fn with_key(name: &str, key: &str) -> Self {
        let create = json!({
            "TableName": name,
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        Self { name: name.to_owned(), create, time_to_live: None }
    }
}

/// The tables of this server.
#[derive(Clone)]
pub(crate) struct DynamoDb {
    thread: DatabaseThread,
    names: Arc<Names>,
}

impl DynamoDb {
    /// Opens the tables in this directory, which is held until they are closed, and creates these if they are missing.
    ///
    /// # Errors
    /// A sentence that says what cannot be used.
    pub(crate) async fn open(
        directory: &Path,
        tables: &[TableSpec],
        home: &Home,
        hold: Arc<DirectoryLock>,
    ) -> Result<Self, String> {
        let file = directory.join(FILE);
        let unusable = |error: String| format!("cannot open {}: {error}", file.display());
        let name = file.to_str().ok_or_else(|| unusable("its path is not UTF-8".to_owned()))?;
        let database =
            dynoxide::Database::new(name).map_err(|error| unusable(error.to_string()))?;
        let keeper = WalKeeper::spawn(&file).map_err(|error| error.to_string())?;
        let unfinished = Unfinished::finish(directory, &database).map_err(unusable)?;
        let thread = DatabaseThread::spawn(database, unfinished, keeper, hold).map_err(unusable)?;
        let dynamodb = Self { thread, names: Arc::new(Names::new(home)) };
        for table in tables {
            dynamodb.ensure(table).await?;
        }
        Ok(dynamodb)
    }

    async fn ensure(&self, table: &TableSpec) -> Result<(), String> {
        let answer = self.thread.run("CreateTable", table.create.to_string()).await;
        if answer.status != 200 && !answer.body.contains("ResourceInUseException") {
            return Err(format!("cannot create the table {}: {}", table.name, answer.body));
        }
        let Some(attribute) = &table.time_to_live else { return Ok(()) };
        let enable = json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        });
        let answer = self.thread.run("UpdateTimeToLive", enable.to_string()).await;
        // As DynamoDB does, the engine refuses to enable it twice.
        if answer.status == 200 || answer.body.contains("already enabled") {
            Ok(())
        } else {
            Err(format!("cannot set the time to live of {}: {}", table.name, answer.body))
        }
    }

    /// Deletes a table with its items; one that is not there is deleted already.
    ///
    /// # Errors
    /// What the table's engine says, for people.
    pub(crate) async fn remove(&self, table: &str) -> Result<(), String> {
        let request = json!({ "TableName": table });
        let answer = self.thread.run("DeleteTable", request.to_string()).await;
        if answer.status == 200 || answer.body.contains("#ResourceNotFoundException") {
            return Ok(());
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let message = body.get("message").or(body.get("Message")).and_then(Value::as_str);
        Err(message.unwrap_or(&answer.body).to_owned())
    }

    /// Whether this request is for DynamoDB, by its target.
    pub(crate) fn operation(request: &Request<Bytes>) -> Option<String> {
        Self::operation_name(request).map(str::to_owned)
    }

    /// The operation as the request has it.
    pub(crate) fn operation_name(request: &Request<Bytes>) -> Option<&str> {
        let target = request.headers().get("x-amz-target")?.to_str().ok()?;
        TARGET_PREFIXES.iter().find_map(|prefix| target.strip_prefix(prefix))
    }

    pub(crate) async fn answer(&self, operation: &str, request: Request<Bytes>) -> Response<Bytes> {
        let answer = match String::from_utf8(request.into_body().to_vec()) {
            Ok(body) => {
                let body = self.names.of_engine(operation, body);
                let answer = self.thread.run(operation, body).await;
                operations::Answer { body: self.names.of_home(operation, answer.body), ..answer }
            }
            Err(_) => operations::Answer::serialization_error(),
        };
        let checksum = crc32fast::hash(answer.body.as_bytes());
        Response::builder()
            .status(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST))
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-crc32", checksum)
            .body(Bytes::from(answer.body))
            .unwrap_or_default()
    }

    /// Lets the requests that wait be answered and closes the database.
    pub(crate) async fn close(&self) {
        self.thread.close().await;
    }
}
