//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use durable_service::{Rated, Rates, RuntimeCommands, ServiceConfig};

use crate::client::{Clients, Target};
use crate::commands::callback::CallbackCommand;
use crate::commands::catalog::CatalogCommand;
use crate::commands::completions::Completions;
use crate::commands::demo::Demo;
use crate::commands::execution::ExecutionCommand;
use crate::commands::function::FunctionCommand;
use crate::commands::invoke::Invoke;
use crate::commands::logs::LogsCommand;
use crate::commands::order::OrderCommand;
use crate::exit::{Exit, Failure};
use crate::serve::{self, ServeOptions};
use crate::template::TemplateOptions;
use crate::webhook::WebhookOptions;

/// Durable order processing: run it, place orders, look inside.
#[derive(Clone, Debug, Parser)]
#[command(name = "durable-orders", version, about, after_help = first_steps())]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// See it work: four orders through the whole system, in this process
    Demo(Demo),
    /// Run the server
    Serve(Serve),
    /// Place orders and look at them
    #[command(subcommand)]
    Order(OrderCommand),
    /// The products, their prices and their stock
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Durable executions: look at them, stop, pause, resume and delete them
    #[command(subcommand)]
    Execution(ExecutionCommand),
    /// What the functions write
    #[command(subcommand)]
    Logs(LogsCommand),
    /// Call a function and print what it answers
    Invoke(Invoke),
    /// The functions and their versions
    #[command(subcommand)]
    Function(FunctionCommand),
    /// Print what a shell needs to complete commands and options
    Completions(Completions),
    /// Answer the callbacks that executions wait for
    #[command(subcommand)]
    Callback(CallbackCommand),
    /// What the exit codes mean
    #[command(hide = true, after_help = exit_codes())]
    ExitCodes,
}

#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  durable-orders serve
  durable-orders serve --listen 127.0.0.1:0 --data-dir /var/lib/durable-orders
  durable-orders serve --template template.yaml --parameter-overrides Stage=dev")]
struct Serve {
    /// Where to listen
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:6737",
        env = "DURABLE_ORDERS_LISTEN"
    )]
    listen: SocketAddr,
    /// Where everything is kept
    #[arg(
        long,
        value_name = "DIRECTORY",
        default_value = "durable-orders-data",
        env = "DURABLE_ORDERS_DATA_DIR"
    )]
    data_dir: PathBuf,
    /// Processes of one function at one time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(1..=1000),
        env = "DURABLE_ORDERS_PROCESSES_MAX"
    )]
    processes_max: u16,
    /// What runs functions of a runtime, such as `python3.13=/opt/python/bin/python -m awslambdaric`: the runtime's name, or
    /// `python` or `nodejs` for all of them, then a program and its arguments, to which the handler is added
    #[arg(long = "runtime-command", value_name = "RUNTIME=COMMAND", value_parser = runtime_command)]
    runtime_commands: Vec<(String, Vec<String>)>,
    /// Calls per second of an operation, or `aws` for the quotas that AWS has by default; no bounds if not given
    #[arg(long = "rate-limit", value_name = "OPERATION=N", value_parser = RateLimit::parse)]
    rate_limits: Vec<RateLimit>,
    /// Open executions beyond which none is started; no bound if not given
    #[arg(long, value_name = "N", env = "DURABLE_ORDERS_OPEN_EXECUTIONS_MAX")]
    open_executions_max: Option<u64>,
    #[command(flatten)]
    template: TemplateOptions,
    #[command(flatten)]
    webhook: WebhookOptions,
}

impl Serve {
    fn options(self) -> ServeOptions {
        let service = ServiceConfig {
            processes_max: self.processes_max.into(),
            runtime_commands: RuntimeCommands(self.runtime_commands.into_iter().collect()),
            rates: RateLimit::rates(&self.rate_limits),
            open_executions_max: self.open_executions_max,
            ..ServiceConfig::new(self.data_dir)
        };
        ServeOptions {
            listen: self.listen,
            service,
            template: self.template,
            webhook: self.webhook,
        }
    }
}

fn runtime_command(text: &str) -> Result<(String, Vec<String>), String> {
    let (runtime, command) = text.split_once('=').ok_or("a command is written RUNTIME=COMMAND")?;
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Err(format!("there is no command for {runtime}"));
    }
    Ok((runtime.to_owned(), words))
}

/// A value of `--rate-limit`.
#[derive(Clone, Debug)]
enum RateLimit {
    OfAws,
    Operation(Rated, NonZeroU32),
}

impl RateLimit {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "aws" {
            return Ok(Self::OfAws);
        }
        let (name, rate) = text.split_once('=').ok_or("a rate is written OPERATION=N, or aws")?;
        let operation = name.parse::<Rated>().map_err(|error| error.to_string())?;
        let rate = rate.parse().map_err(|_| format!("{rate} is no number from 1 on"))?;
        Ok(Self::Operation(operation, rate))
    }

    /// All of them together; what comes later wins.
    fn rates(limits: &[Self]) -> Rates {
        limits.iter().fold(Rates::default(), |mut rates, limit| match limit {
            Self::OfAws => Rates::of_aws(),
            Self::Operation(operation, rate) => {
                rates.set(*operation, *rate);
                rates
            }
        })
    }
}

/// Commands that have no use for the options that name a server.
const WITHOUT_SERVER: [&str; 4] = ["demo", "serve", "completions", "exit-codes"];

/// The command line, with those options left out of the help of commands that do not use them.
#[must_use]
pub fn command() -> clap::Command {
    let command = Cli::command();
    let hidden: Vec<clap::Arg> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.clone().hide(true))
        .collect();
    WITHOUT_SERVER.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |subcommand| subcommand.args(hidden.clone()))
    })
}

fn first_steps() -> String {
    let examples = "  durable-orders demo\n  durable-orders serve\n  durable-orders order place order.json --wait";
    format!("Examples:\n{examples}\n\n{}", exit_codes())
}

fn exit_codes() -> String {
    format!("Exit codes:\n{}", Exit::table())
}

impl Cli {
    /// Reads the command line of this process. Ends the process when it is wrong, or when it asks
    /// for help.
    #[must_use]
    pub fn from_command_line() -> Self {
        let matches = command().get_matches();
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // An address in the environment gives way to --aws; one on the command line contradicts it.
        let given = matches.value_source("endpoint_url") == Some(ValueSource::CommandLine);
        if cli.target.aws && given {
            let text = "the argument '--aws' cannot be used with '--endpoint-url <URL>'";
            command().error(ErrorKind::ArgumentConflict, text).exit();
        }
        cli
    }

    /// Does what the command line asks for.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self) -> Result<Exit, Failure> {
        match self.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => {
                serve::run(serve.options()).await?;
                Ok(Exit::Done)
            }
            Command::Order(command) => command.run(&Clients::new(self.target).await).await,
            Command::Catalog(command) => command.run(&Clients::new(self.target).await).await,
            Command::Execution(command) => command.run(&Clients::new(self.target).await).await,
            Command::Logs(command) => command.run(&Clients::new(self.target).await).await,
            Command::Invoke(invoke) => invoke.run(&Clients::new(self.target).await).await,
            Command::Function(command) => command.run(&Clients::new(self.target).await).await,
            Command::Completions(completions) => completions.run(command()),
            Command::Callback(command) => command.run(&Clients::new(self.target).await).await,
            Command::ExitCodes => {
                crate::output::print(&format!("{}\n", Exit::table()))?;
                Ok(Exit::Done)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        command().debug_assert();
    }
}
