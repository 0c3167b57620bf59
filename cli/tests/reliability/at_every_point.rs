//! One order at a time, and death at every place of it.

use std::collections::BTreeSet;
use std::path::Path;

use crate::child::{self, CALLS, Death};
use crate::journal::completed_steps;
use crate::orders::{Kind, Shop};
use crate::process::ServerProcess;

/// More commits than any of the orders needs: a run that goes beyond it does not end by itself.
const COMMITS_MAX: u64 = 40;

/// Which worker's call, with which action, carries out a step.
const STEP_CALLS: [(&str, &str, &str); 5] = [
    ("authorize-payment", "AuthorizePayment", "authorize"),
    ("allocate-inventory", "AllocateInventory", "allocate"),
    ("fulfill-order", "FulfillOrder", ""),
    ("void-payment", "AuthorizePayment", "void"),
    ("release-inventory", "AllocateInventory", "release"),
];

/// Places one order on a server that dies at this place, lets the next life finish it, and checks everything. False if
/// the order was finished before the server came to the place.
async fn survives(kind: Kind, death: Death) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let first = child::start(directory.path(), &Death::Never);
    Shop::at(first.address).fill_catalog().await;
    first.kill();

    let order_id = "ORDER-1";
    let mut mortal = child::start(directory.path(), &death);
    let shop = Shop::at(mortal.address);
    let accepted = shop.place(order_id, kind).await;
    let died = wait_for_death_or_outcome(&mut mortal, &shop, order_id, accepted).await;
    mortal.kill();

    let before = completed_steps(directory.path());
    let calls_before = calls(directory.path()).len();
    let last = child::start(directory.path(), &Death::Never);
    let shop = Shop::at(last.address);
    // A client that got no answer asks again; the name makes it one order.
    assert!(shop.place(order_id, kind).await, "{kind:?} {death:?}: the order is accepted");
    let result = shop.outcome(order_id).await;
    assert_eq!(result["status"], kind.status(), "{kind:?} {death:?}: {result}");
    let completed: BTreeSet<String> =
        (kind == Kind::Completed).then(|| order_id.to_owned()).into_iter().collect();
    shop.check_tables(&completed).await;
    last.kill();

    let after = completed_steps(directory.path());
    for (step, result) in &before {
        assert_eq!(after.get(step), Some(result), "{death:?}: {step:?} keeps its result");
    }
    let calls = calls(directory.path());
    for call in calls.iter().skip(calls_before) {
        let step = step_of(call);
        let was_completed = before.contains_key(&(order_id.to_owned(), step.to_owned()));
        assert!(!was_completed, "{kind:?} {death:?}: {step} was completed and ran again");
    }
    died
}

/// Whether the server died before it told the outcome.
async fn wait_for_death_or_outcome(
    mortal: &mut ServerProcess,
    shop: &Shop,
    order_id: &str,
    accepted: bool,
) -> bool {
    if accepted && shop.outcome_unless_dead(order_id).await.is_some() {
        return mortal.is_dead();
    }
    mortal.wait_for_death();
    true
}

fn calls(data_dir: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(data_dir.join(CALLS)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn step_of(call: &str) -> &'static str {
    let mut words = call.split(' ');
    let (function, _order, action) = (words.next(), words.next(), words.next());
    STEP_CALLS
        .iter()
        .find(|(_, worker, wanted)| {
            Some(*worker) == function
                && (Some(*wanted) == action
                    || action == Some("") && *wanted != "void" && *wanted != "release")
        })
        .map(|(step, _, _)| *step)
        .unwrap_or_else(|| panic!("no step makes this call: {call}"))
}

/// Every commit of an order of this kind, before and after; ends by itself when there is none left to die at.
async fn survives_every_commit(kind: Kind) {
    for number in 1..=COMMITS_MAX {
        let mut died = false;
        for after in [false, true] {
            died |= survives(kind, Death::Commit { number, after }).await;
        }
        if !died {
            assert!(number > 1, "the server died at least once");
            return;
        }
    }
    panic!("{kind:?} has more than {COMMITS_MAX} commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_order_survives_death_before_and_after_every_commit() {
    survives_every_commit(Kind::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_order_survives_death_before_and_after_every_commit() {
    survives_every_commit(Kind::Unavailable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_or_rejected_order_survives_death_before_and_after_every_commit() {
    survives_every_commit(Kind::Declined).await;
    survives_every_commit(Kind::Rejected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_survives_death_in_the_middle_of_every_worker_call() {
    let places = [
        (Kind::Completed, "AuthorizePayment"),
        (Kind::Completed, "AllocateInventory"),
        (Kind::Completed, "FulfillOrder"),
        (Kind::Declined, "AuthorizePayment"),
        (Kind::Unavailable, "AuthorizePayment"),
        (Kind::Unavailable, "AllocateInventory"),
    ];
    for (kind, function) in places {
        for after in [false, true] {
            let death = Death::Call { function: function.to_owned(), after };
            assert!(survives(kind, death).await, "{kind:?}: the server died in {function}");
        }
    }
}
