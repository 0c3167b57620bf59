//! How many processes there are and who gets into one.

use std::collections::BTreeSet;
use std::time::Duration;

use durable_functions::{FunctionHost as _, Processes};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{TestFunction, event, kill, until, until_gone};

/// An event that is answered with the process once `open` is called.
struct Gate(TempDir);

impl Gate {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn event(&self) -> Value {
        json!({"do": "wait for file", "path": self.0.path().join("open")})
    }

    fn open(&self) {
        std::fs::write(self.0.path().join("open"), "").unwrap();
    }
}

#[tokio::test]
async fn a_process_that_is_free_is_used_again() {
    let function = TestFunction::start("sequential");
    let first = function.pid().await;
    for _ in 0..5 {
        assert_eq!(function.pid().await, first);
    }
}

#[tokio::test]
async fn processes_are_counted_as_busy_while_something_runs_in_them() {
    let function = TestFunction::start("sequential");
    assert_eq!(function.processes(), Processes::default());
    function.pid().await;
    let idle = Processes { alive: 1, busy: 0 };
    until(|| (function.processes() == idle).then_some(())).await;
    let gate = Gate::new();
    let watcher = async {
        until(|| (function.processes() == Processes { alive: 1, busy: 1 }).then_some(())).await;
        gate.open();
    };
    tokio::join!(function.json(gate.event()), watcher);
    until(|| (function.processes() == idle).then_some(())).await;
    function.close().await;
    assert_eq!(function.processes(), Processes::default());
}

/// Ten invocations at once and at most three processes: every one is answered, by one of three. The gate stays closed
/// until three run, which shows that they do run at the same time.
#[tokio::test]
async fn there_are_as_many_processes_as_allowed_and_no_more() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 3);
    let gate = Gate::new();
    let started =
        || function.log.lines().iter().filter(|line| line.text == "running 1 test").count();
    let opener = async {
        until(|| (started() == 3).then_some(())).await;
        gate.open();
    };
    let ten = (0..10).map(|_| function.json(gate.event()));
    let (answers, ()) = tokio::join!(join_all(ten), opener);
    let pids: BTreeSet<u64> = answers.iter().map(|pid| pid.as_u64().unwrap()).collect();
    assert_eq!((answers.len(), pids.len() <= 3, started()), (10, true, 3));
}

#[tokio::test]
async fn beyond_the_bound_of_the_queue_callers_are_told_to_slow_down() {
    let function = TestFunction::with("sequential", |spec| {
        spec.processes_max = 1;
        spec.waiting_max = 1;
    });
    let gate = Gate::new();
    let queued = tokio::sync::Notify::new();
    let second = async {
        function.log.wait_for("at the gate").await;
        // Whoever hears this does so after the invocation below has queued.
        queued.notify_one();
        function.json(gate.event()).await
    };
    let third = async {
        queued.notified().await;
        let error = function.error(gate.event()).await;
        gate.open();
        error
    };
    let (first, second, third) = tokio::join!(function.json(gate.event()), second, third);
    assert_eq!(first, second);
    assert_eq!(third.error_type, "TooManyRequestsException");
}

#[tokio::test]
async fn an_invocation_does_not_wait_for_a_place_for_ever() {
    let function = TestFunction::with("sequential", |spec| {
        spec.processes_max = 1;
        spec.waiting_time_max = Duration::from_millis(50);
    });
    let gate = Gate::new();
    let impatient = async {
        function.log.wait_for("at the gate").await;
        let error = function.error(json!({"do": "echo"})).await;
        gate.open();
        error
    };
    let (_, impatient) = tokio::join!(function.json(gate.event()), impatient);
    assert_eq!(impatient.error_type, "TooManyRequestsException");
}

/// Five invocations and room for four in the only process: the gate opens when four are at it, and all are answered.
#[tokio::test]
async fn a_process_takes_as_many_invocations_as_it_asks_for() {
    let function = TestFunction::with("concurrent", |spec| {
        spec.max_concurrency = Some(4);
        spec.processes_max = 1;
    });
    let gate = Gate::new();
    let at_the_gate =
        || function.log.lines().iter().filter(|line| line.text == "at the gate").count();
    let opener = async {
        until(|| (at_the_gate() == 4).then_some(())).await;
        gate.open();
    };
    let (answers, ()) = tokio::join!(join_all((0..5).map(|_| function.json(gate.event()))), opener);
    let pids: BTreeSet<u64> = answers.iter().map(|pid| pid.as_u64().unwrap()).collect();
    assert_eq!((answers.len(), pids.len()), (5, 1));
}

/// While a process has room, nobody starts another one, not even while it is still opening its slots.
#[tokio::test]
async fn a_process_with_room_is_filled_before_another_one_starts() {
    let function = TestFunction::with("concurrent", |spec| {
        spec.max_concurrency = Some(4);
        spec.processes_max = 4;
    });
    let answers = join_all((0..4).map(|_| function.json(json!({"do": "pid"})))).await;
    assert!(answers.iter().all(|pid| *pid == answers[0]), "{answers:?}");
}

/// Three wait at a closed gate in the only process, and a fourth is answered beside them.
#[tokio::test]
async fn invocations_in_one_process_do_not_wait_for_each_other() {
    let function = TestFunction::with("concurrent", |spec| {
        spec.max_concurrency = Some(4);
        spec.processes_max = 1;
    });
    let gate = Gate::new();
    let three = (0..3).map(|_| function.json(gate.event()));
    let beside = async {
        let pid = function.pid().await;
        gate.open();
        pid
    };
    let (three, beside) = tokio::join!(biased; join_all(three), beside);
    assert!(three.iter().all(|pid| pid == &json!(beside)));
}

#[tokio::test]
async fn a_process_that_dies_idle_is_replaced_and_nobody_fails() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let mut before = function.pid().await;
    for _ in 0..3 {
        kill(before);
        until_gone(before).await;
        let after = function.pid().await;
        assert_ne!(after, before);
        before = after;
    }
}

#[tokio::test]
async fn an_idle_process_ends_after_a_while_and_the_next_invocation_starts_another() {
    let function =
        TestFunction::with("sequential", |spec| spec.idle_timeout = Duration::from_millis(50));
    let first = function.pid().await;
    until_gone(first).await;
    assert_ne!(function.pid().await, first);
}

/// A caller that gives up leaves a process behind that is busy with nothing anybody wants: it goes.
#[tokio::test]
async fn an_invocation_that_nobody_waits_for_gives_its_place_back() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let pid = function.pid().await;
    let sleeping = function.invoke(event(json!({"do": "sleep"})));
    let asleep = async {
        function.log.wait_for("asleep").await;
    };
    tokio::select! {
        _ = sleeping => panic!("it sleeps for an hour"),
        () = asleep => {}
    }
    assert_ne!(function.pid().await, pid);
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    results.into_iter().flatten().collect()
}
