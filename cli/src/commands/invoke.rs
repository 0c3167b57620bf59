//! `invoke`: call a function, and print what it answers.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{ExecutionStatus, InvocationType, LogType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::interrupt::Interrupt;
use crate::order::wait::{Waited, until_over};
use crate::output::{note, print};
use crate::redact;
use crate::table::clean;

/// The largest payload that Lambda takes from a caller who waits.
const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;
/// What the server says to whoever invokes a durable function without a version.
const UNQUALIFIED: &str = "unqualified ARN";
/// What it says to whoever waits for one that may run longer than a connection.
const TOO_LONG: &str = "synchronously invoke";
const LATEST: &str = "$LATEST";

/// Options of `invoke`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders invoke MyFunction --payload '{\"name\": \"World\"}'
  durable-orders invoke ValidateOrder --event-file order.json --name ORDER-001 --wait

The answer goes to the standard output. The exit code is 1 if the function failed; with --wait, 3 if
its execution did not succeed.")]
pub struct Invoke {
    /// The function: its name, with :VERSION or :ALIAS if you like, or its ARN
    #[arg(value_name = "FUNCTION")]
    target: String,
    /// What it is given: JSON, @FILE, or - for stdin
    #[arg(
        short = 'e',
        long,
        visible_alias = "event",
        value_name = "JSON",
        conflicts_with = "event_file"
    )]
    payload: Option<String>,
    /// The same from a file; - for stdin
    #[arg(long, value_name = "FILE")]
    event_file: Option<PathBuf>,
    /// Do not wait for the answer
    #[arg(long = "async", conflicts_with = "tail_logs")]
    asynchronous: bool,
    /// The name of the durable execution: the same name is the same execution
    #[arg(long, visible_alias = "durable-execution-name", value_name = "NAME")]
    name: Option<String>,
    /// Start a durable execution and wait until it has ended, however long it takes
    #[arg(long, conflicts_with_all = ["asynchronous", "tail_logs"])]
    wait: bool,
    /// Wait no longer than this; the execution goes on
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
    /// Show the last lines that the invocation wrote, on stderr
    #[arg(long)]
    tail_logs: bool,
}

impl Invoke {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let payload = self.payload()?;
        let mut interrupt = Interrupt::listen()?;
        tokio::select! {
            exit = self.invoke(clients, payload) => exit,
            () = interrupt.arrived() => {
                note("interrupted; what was started goes on");
                Ok(Exit::Interrupted)
            }
        }
    }

    async fn invoke(&self, clients: &Clients, payload: Option<Vec<u8>>) -> Result<Exit, Failure> {
        let answer = self.send(clients, payload).await?;
        if self.tail_logs {
            note_log(&answer);
        }
        if self.wait {
            return self.wait_for(clients, &answer).await;
        }
        if self.asynchronous {
            match answer.durable_execution_arn() {
                Some(arn) => print(&format!("{arn}\n"))?,
                None => note("accepted"),
            }
            return Ok(Exit::Done);
        }
        print_payload(&answer)?;
        match answer.function_error() {
            Some(kind) => {
                note(&format!("error: {} failed ({kind})", clean(&self.target)));
                Ok(Exit::Failed)
            }
            None => Ok(Exit::Done),
        }
    }

    fn payload(&self) -> Result<Option<Vec<u8>>, Failure> {
        let bytes = match (&self.payload, &self.event_file) {
            (None, None) => return Ok(None),
            (_, Some(path)) => input::read(path, PAYLOAD_BYTES_MAX)?.bytes,
            (Some(text), None) => match text.strip_prefix('@') {
                _ if text == "-" => input::read(text.as_ref(), PAYLOAD_BYTES_MAX)?.bytes,
                Some(path) => input::read(path.as_ref(), PAYLOAD_BYTES_MAX)?.bytes,
                None => text.clone().into_bytes(),
            },
        };
        // The text is never quoted: it may be an order.
        serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
            .map_err(|error| Failure::new(format!("the payload is not JSON: {error}")))?;
        Ok(Some(bytes))
    }

    /// Sends it; a second time with `$LATEST` if the function is durable and no version was named.
    async fn send(
        &self,
        clients: &Clients,
        payload: Option<Vec<u8>>,
    ) -> Result<InvokeOutput, Failure> {
        let request = self.request(clients, payload);
        let error = match request.clone().send().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let unqualified = error.message().is_some_and(|message| message.contains(UNQUALIFIED));
        if !unqualified || request.get_qualifier().is_some() {
            return Err(self.failure(clients, &error));
        }
        note(&format!("{} is durable: invoking {LATEST}", clean(&self.target)));
        let sent = request.qualifier(LATEST).send().await;
        sent.map_err(|error| self.failure(clients, &error))
    }

    fn request(&self, clients: &Clients, payload: Option<Vec<u8>>) -> InvokeFluentBuilder {
        let kind = match self.wait || self.asynchronous {
            true => InvocationType::Event,
            false => InvocationType::RequestResponse,
        };
        // The option that names the version of the order function counts if it was given.
        clients
            .lambda
            .invoke()
            .function_name(&self.target)
            .set_qualifier(clients.target.qualifier.clone())
            .invocation_type(kind)
            .set_log_type(self.tail_logs.then_some(LogType::Tail))
            .set_durable_execution_name(self.name.clone())
            .set_payload(payload.map(Blob::new))
    }

    fn failure<E>(&self, clients: &Clients, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let failure = clients.failure(&format!("invoke {}", clean(&self.target)), error);
        let message = error.message().unwrap_or_default();
        if message.contains(TOO_LONG) {
            failure.with_hint("--wait starts it and waits as long as it takes")
        } else if error.code() == Some("ResourceNotFoundException") {
            let list = clients.target.command("function list");
            failure.with_hint(format!("`{list}` shows the functions that are there"))
        } else {
            failure
        }
    }

    /// Waits for the execution that was started, and prints its result.
    async fn wait_for(&self, clients: &Clients, answer: &InvokeOutput) -> Result<Exit, Failure> {
        let arn = answer.durable_execution_arn().ok_or_else(|| {
            Failure::new(format!("{} is not durable: there is nothing to wait for", self.target))
                .with_hint("it was started; leave out --wait to get its answer")
        })?;
        let label = self.name.as_deref().unwrap_or(&self.target);
        let limit = self.timeout.map(Duration::from_secs);
        if until_over(clients, arn, label, limit).await? == Waited::TimedOut {
            let seconds = self.timeout.unwrap_or_default();
            note(&format!("it has not ended after {seconds} s and goes on: {arn}"));
            return Ok(Exit::NotCompleted);
        }
        let read = clients.lambda.get_durable_execution().durable_execution_arn(arn);
        let read = read.include_execution_data(true).send().await;
        let execution =
            read.map_err(|error| clients.failure(&format!("read execution {arn}"), &error))?;
        if execution.status == ExecutionStatus::Succeeded {
            print(&format!("{}\n", execution.result.as_deref().unwrap_or("null")))?;
            return Ok(Exit::Done);
        }
        let error = execution.error.as_ref();
        let kind = error.and_then(|error| error.error_type()).unwrap_or("no error type");
        let message = error.and_then(|error| error.error_message()).unwrap_or("no message");
        let why = redact::text(&format!("{kind}: {message}"));
        note(&format!("error: {} {}: {}", clean(label), execution.status.as_str(), clean(&why)));
        Ok(Exit::NotCompleted)
    }
}

fn print_payload(answer: &InvokeOutput) -> Result<(), Failure> {
    let payload = answer.payload().map(AsRef::as_ref).unwrap_or_default();
    if payload.is_empty() {
        return Ok(());
    }
    print(&format!("{}\n", String::from_utf8_lossy(payload)))
}

/// The last lines of the invocation, as Lambda sends them: in base64, cut at 4 KiB.
fn note_log(answer: &InvokeOutput) {
    let log = answer.log_result().and_then(|log| STANDARD.decode(log).ok()).unwrap_or_default();
    for line in String::from_utf8_lossy(&log).lines() {
        note(&clean(&redact::line(&line.replace('\t', "  "))));
    }
}
