//! One run: a stage, its orders, and the deaths that its plan wants.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::checks;
use crate::clients::{self, Ended};
use crate::effects::{self, Effect};
use crate::journal::Journal;
use crate::marks::Victim;
use crate::plan::{Calibration, Death, Moment, Plan};
use crate::proc::{self, Process};
use crate::server::{Address, Server};
use crate::stage::{Function, Stage};

/// Between two looks at the clock and the effects: shorter than what happens between two checkpoints.
const TICK: Duration = Duration::from_millis(1);
/// How long the server may take to be through with what nobody waits for. Only a failure takes that long.
const REST_DEADLINE: Duration = Duration::from_secs(60);

/// What there was at the death of a server.
pub struct LifeEnd {
    pub journal: Journal,
    pub effects: usize,
    /// What ran in the stage besides the server.
    orphans: Vec<Process>,
}

/// What a run has come to.
pub struct Report {
    pub calibration: Calibration,
    pub deaths: Deaths,
}

/// Who died.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deaths {
    /// Processes that were killed from outside.
    pub processes: usize,
    /// Lives of servers that ended before the end.
    pub servers: usize,
    /// Marks that struck.
    pub marks: usize,
}

/// A run in progress.
pub struct Run {
    pub stage: Stage,
    pub plan: Plan,
    pub lives: Vec<LifeEnd>,
    address: Arc<Address>,
    server: Server,
    deaths: Deaths,
}

/// Carries a plan out and checks everything.
pub async fn carry_out(plan: Plan) -> Report {
    let stage = Stage::set();
    let address = Arc::new(watch::Sender::new(None));
    let server = Server::start(&stage, Arc::clone(&address));
    let lives = Vec::new();
    let mut run = Run { stage, plan, lives, address, server, deaths: Deaths::default() };
    let mut orders = JoinSet::new();
    for order in run.plan.orders.clone() {
        let address = Arc::clone(&run.address);
        orders.spawn(clients::see_through(order, address, run.stage.path().to_owned()));
    }
    let (ended, duration) = run.let_die(orders).await;
    run.rest().await;
    run.finish(ended, duration).await
}

impl Run {
    /// Lets die who is to die until the orders are through; says how long they took.
    async fn let_die(&mut self, mut orders: JoinSet<Ended>) -> (Vec<Ended>, Duration) {
        let begun = Instant::now();
        let mut ended = Vec::new();
        let mut planned = self.plan.deaths.clone().into_iter();
        let mut next = planned.next();
        let mut watch = Watch::new();
        while !orders.is_empty() {
            while let Some(order) = orders.try_join_next() {
                ended.push(order.expect("an order is taken to its end"));
            }
            self.next_life_if_dead();
            if let Some(death) = next.take_if(|death| watch.is_due(death, self.stage.path()))
                && !self.strike(&death)
            {
                // There is nobody to kill yet.
                next = Some(death);
            } else if next.is_none() {
                next = planned.next();
                watch = Watch::new();
            }
            tokio::time::sleep(TICK).await;
        }
        (ended, begun.elapsed())
    }

    /// Kills; false if there is no such process.
    fn strike(&mut self, death: &Death) -> bool {
        match death.victim {
            Victim::Server => {
                self.server.kill();
                true
            }
            Victim::Process => {
                let processes = proc::functions(&self.stage.code(), &Function::MORTAL);
                let Some(victim) = death.choice.checked_rem(processes.len()) else { return false };
                processes[victim].kill();
                self.deaths.processes += 1;
                true
            }
        }
    }

    fn next_life_if_dead(&mut self) {
        if !self.server.is_dead() {
            return;
        }
        self.address.send_replace(None);
        self.deaths.servers += 1;
        let journal = Journal::read_copy(&self.stage.data());
        if let Some(before) = self.lives.last() {
            journal.check_continues(&before.journal);
        }
        let effects = effects::read(self.stage.path()).len();
        let orphans = proc::inside(self.stage.path());
        self.lives.push(LifeEnd { journal, effects, orphans });
        // At once, whether or not they are gone.
        self.server = Server::start(&self.stage, Arc::clone(&self.address));
    }

    /// Until the server has nothing left to do. The last death may have struck when the orders were just through.
    async fn rest(&mut self) {
        let begun = Instant::now();
        loop {
            self.next_life_if_dead();
            let journal = Journal::read(&self.stage.data());
            if journal.queued == 0 && journal.chained == 0 && journal.open == 0 {
                return;
            }
            let (queued, chained, open) = (journal.queued, journal.chained, journal.open);
            let left = format!("{queued} queued, {chained} chained, {open} open");
            assert!(begun.elapsed() < REST_DEADLINE, "the server is never through: {left}");
            tokio::time::sleep(TICK * 20).await;
        }
    }

    async fn finish(mut self, ended: Vec<Ended>, duration: Duration) -> Report {
        let journal = Journal::read(&self.stage.data());
        for arn in ended.iter().map(|order| &*order.arn).chain(journal.targets()) {
            let events = clients::history(arn, &self.address).await;
            checks::history_is_the_journal(&events, &journal, arn);
        }
        proc::wait_until_reaped(self.server.pid()).await;
        for life in &self.lives {
            proc::wait_until_gone(|| life.orphans.clone(), "processes end with their server").await;
        }
        self.server.kill();
        let stage = self.stage.path().to_owned();
        proc::wait_until_gone(|| proc::inside(&stage), "processes end with their server").await;
        let effects = effects::read(&stage);
        self.deaths.marks = checks::everything(&self, &ended, &effects);
        let calibration = Calibration { duration, effects: effects.len() };
        Report { calibration, deaths: self.deaths }
    }

    /// Deaths that an execution may have suffered.
    pub fn deaths(&self) -> usize {
        let marks = self.plan.orders.iter().map(|order| order.marks.len()).sum::<usize>();
        self.deaths.processes + self.deaths.servers + marks
    }
}

/// When the next death is due.
struct Watch {
    since: Instant,
    bytes: u64,
    reached: Option<Instant>,
}

impl Watch {
    fn new() -> Self {
        Self { since: Instant::now(), bytes: 0, reached: None }
    }

    fn is_due(&mut self, death: &Death, stage: &Path) -> bool {
        match death.moment {
            Moment::After(delay) => self.since.elapsed() >= delay,
            Moment::Effects(wanted, then) => {
                let bytes = effects::len(stage);
                if self.reached.is_none() && (bytes > self.bytes || wanted == 0) {
                    self.bytes = bytes;
                    let noted: Vec<Effect> = effects::read(stage);
                    self.reached = (noted.len() >= wanted).then(Instant::now);
                }
                self.reached.is_some_and(|reached| reached.elapsed() >= then)
            }
        }
    }
}
