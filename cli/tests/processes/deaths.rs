//! The tests: many runs each, a few at a time.

use std::panic::resume_unwind;
use std::sync::LazyLock;

use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

use crate::plan::{Calibration, Plan, Prey};
use crate::run::{self, Deaths, Report};

/// Runs of one test.
const RUNS: u64 = 70;
/// Runs of all tests at one time: while some wait for the clock, others keep the cores busy.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(4));
/// What a run without deaths is like on this machine, found out once.
static CALIBRATION: OnceCell<Calibration> = OnceCell::const_new();

async fn calibration() -> Calibration {
    *CALIBRATION
        .get_or_init(async || {
            let report = run::carry_out(Plan::of(0, Prey::Nobody, None)).await;
            println!("without deaths: {:?}", report.calibration);
            report.calibration
        })
        .await
}

/// Carries out the plans of many seeds, or of the one that is asked for.
async fn survive(prey: Prey) {
    let calibration = calibration().await;
    let first = number_from_env("KILL_TEST_SEED");
    let runs_max = number_from_env("KILL_TEST_RUNS").unwrap_or(first.map_or(RUNS, |_| 1));
    let first = first.unwrap_or(0);
    let mut runs = JoinSet::new();
    for seed in first..first + runs_max {
        runs.spawn(async move {
            let _place = AT_ONCE.acquire().await.unwrap();
            let plan = Plan::of(seed, prey, Some(calibration));
            let told = format!("KILL_TEST_SEED={seed} of {prey:?}: {:?}", plan.deaths);
            tokio::spawn(run::carry_out(plan)).await.inspect_err(|_| eprintln!("{told}"))
        });
    }
    let mut all = Deaths::default();
    while let Some(run) = runs.join_next().await {
        let report = run.and_then(|report| report);
        let Report { deaths, .. } =
            report.unwrap_or_else(|error| resume_unwind(error.into_panic()));
        all.processes += deaths.processes;
        all.servers += deaths.servers;
        all.marks += deaths.marks;
    }
    println!("{runs_max} runs of {prey:?}: {all:?}");
    if runs_max >= RUNS {
        assert!(all.processes > 0 || prey == Prey::Server, "processes died");
        assert!(all.servers > 0 || prey == Prey::Processes, "servers died");
        assert!(all.marks > 0, "somebody died at a mark");
    }
}

fn number_from_env(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_survive_the_death_of_their_processes_at_any_moment() {
    survive(Prey::Processes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_survive_the_death_of_the_server_at_any_moment() {
    survive(Prey::Server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_survive_the_deaths_of_processes_and_servers_together() {
    survive(Prey::Both).await;
}
