//! From an operation's name to the engine's function.

use dynoxide::actions::execute_transaction::ExecuteTransactionRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};

use crate::dynamodb::tokens::Tokens;
use crate::dynamodb::unfinished::Unfinished;

/// Every operation that there is.
pub(crate) const OPERATIONS: [&str; 27] = [
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeStream",
    "DescribeTable",
    "DescribeTimeToLive",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "GetRecords",
    "GetShardIterator",
    "ListStreams",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// What goes back over the wire.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": code, "message": message });
        Self { status, body: body.to_string() }
    }

    /// A body that is not the JSON of its operation.
    pub(super) fn serialization_error() -> Self {
        let code = "com.amazon.coral.service#SerializationException";
        Self::error(400, code, "The request body is not valid for this operation.")
    }

    fn validation(message: &str) -> Self {
        Self::error(400, "com.amazon.coral.validate#ValidationException", message)
    }

    /// A token that came with another request before.
    pub(super) fn token_mismatch() -> Self {
        let code = "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException";
        Self::error(400, code, "The ClientRequestToken was used with another request.")
    }

    /// The disk does not take what has to be on it.
    fn disk(error: &std::io::Error) -> Self {
        let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        Self::error(500, code, &format!("The table cannot be changed: {error}"))
    }

    pub(super) fn unavailable() -> Self {
        let code = "com.amazonaws.dynamodb.v20120810#InternalServerError";
        Self::error(500, code, "The tables are not available: the server is shutting down.")
    }
}

/// Reads the request, calls the engine's function of that name, writes its answer.
macro_rules! dispatch {
    ($database:expr, $operation:expr, $body:expr, { $($name:literal => $function:ident,)+ }) => {
        match $operation {
            $($name => match serde_json::from_str($body) {
                Ok(request) => answer($database.$function(request)),
                Err(error) => unreadable(&error),
            },)+
            _ => Answer::error(
                400,
                "com.amazon.coral.service#UnknownOperationException",
                "This server's tables do not have this operation.",
            ),
        }
    };
}

/// The engine, and the tokens of recent transactions.
pub(super) struct Tables {
    database: Database,
    tokens: Tokens,
    unfinished: Unfinished,
}

impl Tables {
    pub(super) fn new(database: Database, unfinished: Unfinished) -> Self {
        Self { database, tokens: Tokens::default(), unfinished }
    }

    pub(super) fn run(&mut self, operation: &str, body: &str) -> Answer {
        let Self { database, tokens, unfinished } = self;
        // The engine would read an array as an object without members.
        if !body.trim_start().starts_with('{') {
            return Answer::serialization_error();
        }
        match operation {
            "TransactWriteItems" => match serde_json::from_str(body) {
                Ok::<TransactWriteItemsRequest, _>(mut request) => {
                    let token = request.client_request_token.take_if(|token| Tokens::takes(token));
                    tokens.once(token, body, || answer(database.transact_write_items(request)))
                }
                Err(error) => unreadable(&error),
            },
            "ExecuteTransaction" => match serde_json::from_str(body) {
                Ok::<ExecuteTransactionRequest, _>(mut request) => {
                    let token = request.client_request_token.take_if(|token| Tokens::takes(token));
                    tokens.once(token, body, || answer(database.execute_transaction(request)))
                }
                Err(error) => unreadable(&error),
            },
            _ => unfinished
                .guard(database, operation, body, || run(database, operation, body))
                .unwrap_or_else(|error| Answer::disk(&error)),
        }
    }
}

fn run(database: &Database, operation: &str, body: &str) -> Answer {
    dispatch!(database, operation, body, {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    })
}

fn answer<T: serde::Serialize>(result: Result<T, DynoxideError>) -> Answer {
    match result {
        Ok(response) => match serde_json::to_string(&response) {
            Ok(body) => Answer { status: 200, body },
            Err(error) => Answer::error(500, "InternalServerError", &error.to_string()),
        },
        Err(error) => Answer { status: error.status_code(), body: error.to_json() },
    }
}

/// How the engine marks the class of an error that it finds while reading a request, before the message.
const VALIDATION_MARKS: [&str; 3] = ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"];
const SERIALIZATION_MARKS: [&str; 2] = ["SERIALIZATION:", "SERIALIZATION_AS_READ:"];
/// What DynamoDB calls a validation error although the engine leaves it unmarked.
const VALIDATION_TEXTS: [&str; 5] = [
    "missing field",
    "unknown variant",
    "invalid type: null",
    "empty AttributeValue",
    "Supplied AttributeValue",
];

/// A marked error is of the class that its mark says; of the others, all but a few are wrong types.
fn unreadable(error: &serde_json::Error) -> Answer {
    let text = error.to_string();
    let unmarked = |marks: &[&str]| {
        let message = marks.iter().find_map(|mark| text.strip_prefix(mark))?;
        // The reader adds the position.
        Some(message.split(" at line ").next().unwrap_or(message).to_owned())
    };
    if let Some(message) = unmarked(&VALIDATION_MARKS) {
        return Answer::validation(&message);
    }
    if VALIDATION_TEXTS.iter().any(|known| text.contains(known)) {
        return Answer::validation(&text);
    }
    let message = unmarked(&SERIALIZATION_MARKS).unwrap_or(text);
    Answer::error(400, "com.amazon.coral.service#SerializationException", &message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_that_is_listed_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::memory().unwrap();
        let unfinished = Unfinished::finish(directory.path(), &database).unwrap();
        let mut tables = Tables::new(database, unfinished);
        for operation in OPERATIONS {
            let answer = tables.run(operation, "{}");
            assert!(!answer.body.contains("UnknownOperation"), "{operation}: {}", answer.body);
        }
        assert!(tables.run("Unknown", "{}").body.contains("UnknownOperation"));
    }
}
