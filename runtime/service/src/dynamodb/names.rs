//! The ARNs of tables and streams. The engine has a region of its own, which nobody is to see.

use crate::wire::arn::Home;

/// How ARNs begin in the engine's answers.
const OF_ENGINE: &str = "\"arn:aws:dynamodb:dynoxide:000000000000:";
/// The region in the engine's records of a stream.
const RECORD_OF_ENGINE: &str = "\"awsRegion\":\"dynoxide\"";

/// From the engine's region to this server's, and back.
pub(super) struct Names {
    arn: String,
    record: String,
}

impl Names {
    pub(super) fn new(home: &Home) -> Self {
        let Home { region, account } = home;
        Self {
            arn: format!("\"arn:aws:dynamodb:{region}:{account}:"),
            record: format!("\"awsRegion\":\"{region}\""),
        }
    }

    /// A request as the engine reads it. Only a page of streams is begun by comparing ARNs.
    pub(super) fn of_engine(&self, operation: &str, body: String) -> String {
        match operation {
            "ListStreams" => body.replace(&self.arn, OF_ENGINE),
            _ => body,
        }
    }

    /// An answer as this server gives it. Answers with items are left alone: they are somebody else's text.
    pub(super) fn of_home(&self, operation: &str, body: String) -> String {
        match operation {
            "CreateTable" | "DescribeTable" | "UpdateTable" | "DeleteTable" | "ListStreams"
            | "DescribeStream" => body.replace(OF_ENGINE, &self.arn),
            // Inside a text these quotes would be escaped.
            "GetRecords" => body.replace(RECORD_OF_ENGINE, &self.record),
            _ => body,
        }
    }
}
