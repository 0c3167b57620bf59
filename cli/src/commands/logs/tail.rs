//! `logs tail`: the newest lines of functions, in the order of their times.

use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};

use crate::client::Clients;
use crate::client::logs::{LogEvent, LogsClient};
use crate::exit::{Exit, Failure, FailureKind};
use crate::interrupt::Interrupt;
use crate::logs::follow::Follower;
use crate::logs::groups;
use crate::logs::line::{LineFormat, written};
use crate::logs::of_order::OfOrder;
use crate::order::id::OrderRef;
use crate::order::{execution, id, resolve};
use crate::output::{note, print, reader_is_gone};
use crate::when::{WRITTEN, When};

/// How far back the lines go unless told otherwise.
const SINCE_MS: i64 = 10 * 60 * 1_000;
/// Between two looks: a line is to be seen within a second of its happening.
const PAUSE: Duration = Duration::from_millis(250);
/// The same on AWS, which allows few searches a second.
const PAUSE_AWS: Duration = Duration::from_secs(2);
/// Between two looks at which groups there are.
const GROUPS_PAUSE: Duration = Duration::from_secs(1);
/// The same on AWS.
const GROUPS_PAUSE_AWS: Duration = Duration::from_secs(30);
/// How long a server may be away from somebody who follows.
const ABSENCE_MAX: Duration = Duration::from_secs(30);

/// Options of `logs tail`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders logs tail --follow
  durable-orders logs tail ValidateOrder --since 1h --filter ERROR
  durable-orders logs tail --follow --order ORDER-001

A time is written as {WRITTEN}. Lines of an order are those that name
its id, the ARN of its execution or one of its requests."))]
pub struct Tail {
    /// Functions or log groups; those of all functions if none is named
    #[arg(value_name = "FUNCTION|GROUP")]
    names: Vec<String>,
    /// The same, as an option
    #[arg(short = 'n', long = "name", value_name = "FUNCTION", hide = true)]
    more_names: Vec<String>,
    /// Stay, and show new lines within a second
    #[arg(short, long, visible_alias = "tail", short_alias = 't')]
    follow: bool,
    /// Lines from then on [default: 10m]
    #[arg(short, long, visible_alias = "start-time", value_name = "TIME")]
    since: Option<When>,
    /// Lines up to then
    #[arg(
        short = 'e',
        long,
        visible_alias = "end-time",
        value_name = "TIME",
        conflicts_with = "follow"
    )]
    until: Option<When>,
    /// Only lines that match, in CloudWatch's filter language: ERROR, "two words", ?or ?either, { $.level = "ERROR" }
    #[arg(long, visible_alias = "filter-pattern", value_name = "PATTERN")]
    filter: Option<String>,
    /// Only lines of this order
    #[arg(long, value_name = "ORDER", conflicts_with = "execution")]
    order: Option<OrderRef>,
    /// Only lines of this execution
    #[arg(long, value_name = "ARN", value_parser = id::arn)]
    execution: Option<String>,
    /// How much is shown of a line
    #[arg(long, value_enum, default_value = "short")]
    format: LineFormat,
}

/// One tail at work.
struct Session<'a> {
    clients: &'a Clients,
    logs: &'a LogsClient,
    options: &'a Tail,
    start: i64,
    followers: Vec<Follower>,
    of_order: Option<OfOrder>,
}

impl Tail {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let mut interrupt = Interrupt::listen()?;
        tokio::select! {
            exit = self.tail(clients) => exit,
            // Whoever follows ends it like this: nothing went wrong.
            () = interrupt.arrived() => Ok(if self.follow { Exit::Done } else { Exit::Interrupted }),
        }
    }

    async fn tail(&self, clients: &Clients) -> Result<Exit, Failure> {
        let logs = clients.logs.as_ref();
        let logs = logs.ok_or_else(|| Failure::new("this program was built without HTTP"))?;
        let mut session = Session {
            clients,
            logs,
            options: self,
            start: self.since.unwrap_or_else(|| When::ago(SINCE_MS)).milliseconds,
            followers: Vec::new(),
            of_order: self.of_order(clients).await?,
        };
        session.find_groups(true).await?;
        let shown = session.show().await?;
        if self.follow {
            session.follow().await?;
        } else if shown == 0 {
            note("no lines; --since goes further back");
        }
        Ok(Exit::Done)
    }

    async fn of_order(&self, clients: &Clients) -> Result<Option<OfOrder>, Failure> {
        let arn = match (&self.order, &self.execution) {
            (Some(order), _) => resolve::resolve(clients, order).await?,
            (None, Some(arn)) => arn.clone(),
            (None, None) => return Ok(None),
        };
        let execution = execution::load(clients, &arn, true).await?;
        OfOrder::new(clients, execution.arn, execution.order_id).await.map(Some)
    }
}

impl Session<'_> {
    /// Takes up the groups that are there and are not read yet.
    async fn find_groups(&mut self, first: bool) -> Result<(), Failure> {
        let named: Vec<&String> =
            self.options.names.iter().chain(&self.options.more_names).collect();
        let groups = if named.is_empty() {
            if first {
                groups::note_left_out(self.clients, self.logs).await?;
            }
            groups::of_all_functions(self.clients, self.logs).await?
        } else if first {
            self.named_groups(&named).await?
        } else {
            return Ok(());
        };
        for group in groups {
            if self.followers.iter().all(|follower| follower.group() != group) {
                let pattern = self.options.filter.clone();
                let follower = Follower::new(self.clients, group, pattern, self.start)
                    .until(self.options.until.map(|until| until.milliseconds));
                self.followers.push(follower);
            }
        }
        Ok(())
    }

    /// A group that is not there is a mistake, unless somebody waits for it.
    async fn named_groups(&self, named: &[&String]) -> Result<Vec<String>, Failure> {
        let groups: Vec<String> = named.iter().map(|name| groups::named(name)).collect();
        for group in &groups {
            let there = self.logs.groups(self.clients, group).await?;
            if there.contains(group) {
                continue;
            }
            let missing =
                format!("there is no log group {group} at {}", self.clients.target.name());
            if !self.options.follow {
                let command = self.clients.target.command("function list");
                return Err(Failure::new(missing).with_hint(format!(
                    "a function has one once it has written a line; `{command}` shows the functions"
                )));
            }
            note(&format!("{missing} yet; waiting for it"));
        }
        Ok(groups)
    }

    /// Prints what is new in all groups, by time, and says how much it was.
    async fn show(&mut self) -> Result<usize, Failure> {
        let mut shown = 0;
        loop {
            let looks = self.followers.iter_mut().map(|it| it.look(self.clients, self.logs));
            let found = futures_util::future::try_join_all(looks).await?;
            let more = found.iter().any(|found| found.more);
            let groups = self.followers.iter().map(|follower| follower.group().to_owned());
            let mut events: Vec<(String, LogEvent)> = groups
                .zip(found)
                .flat_map(|(group, found)| {
                    found.events.into_iter().map(move |event| (group.clone(), event))
                })
                .collect();
            // Stable: what happened in the same millisecond keeps the order of its group.
            events.sort_by_key(|(_, event)| event.timestamp);
            shown += self.print(&events)?;
            if !more {
                return Ok(shown);
            }
        }
    }

    fn print(&mut self, events: &[(String, LogEvent)]) -> Result<usize, Failure> {
        let mut text = String::new();
        let mut count = 0;
        for (group, event) in events {
            if self.of_order.as_mut().is_none_or(|order| order.has(&event.message)) {
                text.push_str(&written(self.options.format, group, event)?);
                count += 1;
            }
        }
        if !text.is_empty() {
            print(&text)?;
        }
        Ok(count)
    }

    /// Stays until it is interrupted or nobody reads any more, also over a restart of the server.
    async fn follow(&mut self) -> Result<(), Failure> {
        let aws = self.clients.target.aws;
        let (pause, groups_pause) =
            if aws { (PAUSE_AWS, GROUPS_PAUSE_AWS) } else { (PAUSE, GROUPS_PAUSE) };
        let mut groups_seen = Instant::now();
        let mut away_since = None;
        while !reader_is_gone() {
            sleep(pause).await;
            match self.look_again(&mut groups_seen, groups_pause).await {
                Ok(()) => away_since = None,
                Err(failure) if is_passing(&failure) => {
                    let since = *away_since.get_or_insert_with(|| {
                        note("the server does not answer; trying again");
                        Instant::now()
                    });
                    if since.elapsed() > ABSENCE_MAX {
                        return Err(failure);
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    async fn look_again(
        &mut self,
        groups_seen: &mut Instant,
        pause: Duration,
    ) -> Result<(), Failure> {
        if groups_seen.elapsed() >= pause {
            self.find_groups(false).await?;
            *groups_seen = Instant::now();
        }
        self.show().await?;
        Ok(())
    }
}

fn is_passing(failure: &Failure) -> bool {
    failure.kind() == FailureKind::Passing || failure.exit() == Exit::Unreachable
}
