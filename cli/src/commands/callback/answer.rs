//! `callback succeed`, `callback fail` and `callback heartbeat`.
//!
//! They print nothing on stdout: there is no data. What was done is said on stderr.

use std::path::Path;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::ErrorObject;
use clap::Args;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::note;

/// The largest result, as AWS has it.
const RESULT_BYTES_MAX: usize = 1024 * 1024;

/// Options of `callback succeed`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders callback succeed CALLBACK_ID --result '{\"approved\": true}'
  durable-orders callback succeed CALLBACK_ID --result @approval.json
  make-approval | durable-orders callback succeed CALLBACK_ID --result -")]
pub struct Succeed {
    /// The callback, as `callback list` shows it
    #[arg(value_name = "CALLBACK_ID")]
    id: String,
    /// The result: a text that is sent as it is, `@FILE`, or `-` for stdin; none if not given
    #[arg(long, short, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    result: Option<String>,
}

impl Succeed {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let result = self.result.as_deref().map(read_result).transpose()?;
        clients
            .lambda
            .send_durable_execution_callback_success()
            .callback_id(&self.id)
            .set_result(result.map(Blob::new))
            .send()
            .await
            .map_err(|error| failure(clients, clients.failure("complete the callback", &error)))?;
        note("the callback has succeeded");
        Ok(Exit::Done)
    }
}

/// The bytes of a result: a text, `@` and a file, or stdin.
fn read_result(given: &str) -> Result<Vec<u8>, Failure> {
    let path = if given == "-" { Some(given) } else { given.strip_prefix('@') };
    match path {
        Some(path) => Ok(input::read(Path::new(path), RESULT_BYTES_MAX)?.bytes),
        None => Ok(given.as_bytes().to_vec()),
    }
}

/// Options of `callback fail`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders callback fail CALLBACK_ID --error-type Rejected --error-message 'Over budget'
  durable-orders callback fail CALLBACK_ID --error-message 'No answer' --error-data '{\"asked\": 3}'")]
pub struct Fail {
    /// The callback, as `callback list` shows it
    #[arg(value_name = "CALLBACK_ID")]
    id: String,
    /// The kind of error, by which code tells errors apart
    #[arg(long, value_name = "TYPE")]
    error_type: Option<String>,
    /// What went wrong, for people
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error_message: Option<String>,
    /// More about it, for programs
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    error_data: Option<String>,
    /// A line of the stack trace; may be given again
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    stack_trace: Vec<String>,
}

impl Fail {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let error = ErrorObject::builder()
            .set_error_type(self.error_type)
            .set_error_message(self.error_message)
            .set_error_data(self.error_data)
            .set_stack_trace((!self.stack_trace.is_empty()).then_some(self.stack_trace))
            .build();
        clients
            .lambda
            .send_durable_execution_callback_failure()
            .callback_id(&self.id)
            .error(error)
            .send()
            .await
            .map_err(|error| failure(clients, clients.failure("fail the callback", &error)))?;
        note("the callback has failed, as asked for");
        Ok(Exit::Done)
    }
}

/// Options of `callback heartbeat`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders callback heartbeat CALLBACK_ID
  while sleep 30; do durable-orders callback heartbeat CALLBACK_ID || break; done

It begins the heartbeat timeout anew. The timeout of the callback as a whole stays as it is.")]
pub struct Heartbeat {
    /// The callback, as `callback list` shows it
    #[arg(value_name = "CALLBACK_ID")]
    id: String,
}

impl Heartbeat {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        clients
            .lambda
            .send_durable_execution_callback_heartbeat()
            .callback_id(&self.id)
            .send()
            .await
            .map_err(|error| failure(clients, clients.failure("send the heartbeat", &error)))?;
        note("the heartbeat was taken");
        Ok(Exit::Done)
    }
}

/// The same failure with where to look, unless it came with advice.
fn failure(clients: &Clients, failure: Failure) -> Failure {
    if failure.exit() != Exit::Failed {
        return failure;
    }
    let list = clients.target.command("callback list");
    failure.with_hint(format!("`{list}` shows the callbacks that are waited for"))
}
