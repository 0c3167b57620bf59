//! What must be true after a run.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::types::Event;
use serde_json::json;

use crate::clients::Ended;
use crate::effects::Effect;
use crate::journal::{Fact, Journal};
use crate::marks::{Mark, Victim};
use crate::order::{Charge, Order, Outcome, PRICE, Price, result_of};
use crate::run::Run;

/// How far the clock of a function and that of the server may differ. A process that runs a recorded step again has to be
/// started first, which takes longer.
const CLOCKS_DIFFER_MAX_MS: i64 = 20;

/// The history on the wire has every event of the journal, in its order, and no other.
pub fn history_is_the_journal(events: &[Event], journal: &Journal, arn: &str) {
    let ids: Vec<i32> = events.iter().map(Event::event_id).collect();
    let expected: Vec<i32> = (1..).take(events.len()).collect();
    assert_eq!(ids, expected, "the events of {arn} have no gap");
    let kinds: Vec<&str> =
        events.iter().filter_map(|event| event.event_type()).map(|kind| kind.as_str()).collect();
    let facts = &journal.facts[id_of(arn)];
    let recorded: Vec<&str> =
        facts.iter().filter(|fact| fact.is_event()).map(|fact| fact.name.as_str()).collect();
    assert_eq!(kinds, recorded, "the history of {arn} is what its journal holds");
}

/// Everything else. Gives the number of marks that have struck.
pub fn everything(run: &Run, ended: &[Ended], effects: &[Effect]) -> usize {
    let journal = Journal::read(&run.stage.data());
    for life in &run.lives {
        journal.check_continues(&life.journal);
    }
    assert_eq!((journal.open, journal.queued, journal.chained), (0, 0, 0), "nothing is left");
    for (execution, facts) in &journal.facts {
        operations_end_once(execution, facts);
    }
    targets_start_once(&journal, run.plan.orders.len());
    recorded_steps_stay(run, &journal, effects);
    attempts_run_once(effects);
    plain_functions_run_once_a_life(run, effects);
    let mut struck = 0;
    for order in &run.plan.orders {
        let ended = ended.iter().find(|it| it.arn.contains(&order.name)).expect("it has ended");
        outcome_is_right(run, order, ended, &journal, effects);
        for mark in &order.marks {
            let has_struck = mark.has_struck(run.stage.path(), &order.name);
            let never_again = leads_nowhere_twice(mark, order, &ended.outcome);
            assert!(has_struck || never_again, "{} was at {}", order.name, mark.place);
            struck += usize::from(has_struck);
        }
    }
    struck
}

/// An execution's id: the last part of its ARN.
fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().expect("a last part")
}

/// The execution and each of its operations has one beginning and one end.
fn operations_end_once(execution: &str, facts: &[Fact]) {
    let named = |name: &str| facts.iter().filter(|fact| fact.name == name).count();
    assert_eq!(named("ExecutionStarted"), 1, "{execution} starts once");
    assert_eq!(named("ExecutionSucceeded"), 1, "{execution} ends once, with success");
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for fact in facts {
        if let Some(operation) = fact.operation() {
            *ends.entry(operation).or_default() += usize::from(fact.is_terminal());
        }
    }
    for (operation, ends) in ends {
        assert_eq!(ends, 1, "operation {operation} of {execution} ends once: {facts:#?}");
    }
}

/// Each chained invocation of a durable function has led to one execution, and there are no others.
fn targets_start_once(journal: &Journal, orders: usize) {
    let wanted: Vec<&str> = journal.targets().map(id_of).collect();
    assert_eq!(wanted.len(), orders, "each order invokes one durable function");
    let facts = journal.facts.values().flatten();
    let started: BTreeSet<&str> = facts
        .filter(|fact| fact.name == "ExecutionStarted" && !fact.body["parent"].is_null())
        .filter_map(|fact| fact.body["id"].as_str())
        .collect();
    assert_eq!(started, wanted.into_iter().collect(), "the targets are what was started");
    assert_eq!(journal.facts.len(), 2 * orders, "there is no other execution");
}

/// No step runs after its result was recorded, neither in the life that recorded it nor in a later one.
fn recorded_steps_stay(run: &Run, journal: &Journal, effects: &[Effect]) {
    let step_of = |effect: &Effect| (id_of(&effect.owner).to_owned(), effect.step.clone());
    for life in &run.lives {
        let recorded = life.journal.recorded_steps();
        for effect in effects.iter().skip(life.effects) {
            let again = recorded.contains_key(&step_of(effect));
            assert!(!again, "a step was recorded in an earlier life and ran again: {effect:?}");
        }
    }
    let recorded = journal.recorded_steps();
    for effect in effects {
        if let Some(at) = recorded.get(&step_of(effect)) {
            let late = effect.at > at + CLOCKS_DIFFER_MAX_MS;
            assert!(!late, "a step was recorded at {at} and ran again: {effect:?}");
        }
    }
}

/// No attempt of the at-most-once step runs twice.
fn attempts_run_once(effects: &[Effect]) {
    let mut attempts = BTreeSet::new();
    for effect in effects.iter().filter(|effect| effect.step == "charge") {
        let first = attempts.insert((&effect.owner, effect.attempt));
        assert!(first, "an attempt of an at-most-once step ran twice: {effect:?}");
    }
}

/// A plain function that was accepted runs; again only if the server died meanwhile.
fn plain_functions_run_once_a_life(run: &Run, effects: &[Effect]) {
    for order in &run.plan.orders {
        for function in ["price", "notice"] {
            let runs: Vec<&Effect> = effects
                .iter()
                .filter(|effect| effect.step == function && effect.owner == order.name)
                .collect();
            let lives: BTreeSet<&str> = runs.iter().map(|effect| effect.life.as_str()).collect();
            if function == "price" {
                assert_eq!(runs.len(), lives.len(), "{function} runs once a life: {runs:?}");
            }
            let most = run.lives.len() + 1;
            assert!(lives.len() <= most, "{function} runs only for a reason: {runs:?}");
            assert!(function == "price" || !runs.is_empty(), "an accepted invocation runs");
        }
    }
}

/// Whether a death on the way to this place, which was not the mark's, has kept the order from coming to it.
fn leads_nowhere_twice(mark: &Mark, order: &Order, outcome: &Outcome) -> bool {
    match mark.place.as_str() {
        "charge/begin" | "charge/effect" => {
            !order.charge_again && outcome.charge == Charge::Interrupted
        }
        "price/top" | "price/answer" => outcome.price == Price::Lost,
        _ => false,
    }
}

fn outcome_is_right(
    run: &Run,
    order: &Order,
    ended: &Ended,
    journal: &Journal,
    effects: &[Effect],
) {
    let (name, outcome) = (&order.name, &ended.outcome);
    let of = |step| result_of(step, name);
    assert_eq!(outcome.reserve, of("reserve"));
    assert_eq!(outcome.check, of("check"));
    assert_eq!(outcome.confirm, of("confirm"));
    assert_eq!(outcome.pack, format!("{}, {}", of("box"), of("pack")));
    assert_eq!(outcome.deliver, format!("delivered by {}", of("route")));
    assert_eq!(outcome.ship, of("ship"));
    let own: Vec<&Effect> = effects.iter().filter(|effect| effect.owner == ended.arn).collect();
    callback_has_one_id(name, effects);
    let facts = &journal.facts[id_of(&ended.arn)];
    charge_is_right(order, &outcome.charge, facts, &own);
    price_is_right(run, order, &outcome.price, facts, effects);
    // Each run of a body beyond the first of its attempt has a death to blame.
    let mut runs: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    for effect in own {
        *runs.entry((&effect.step, effect.attempt)).or_default() += 1;
    }
    for (body, runs) in runs {
        assert!(runs <= 1 + run.deaths(), "{body:?} of {name} ran {runs} times");
    }
}

fn callback_has_one_id(order: &str, effects: &[Effect]) {
    let ids: BTreeSet<&str> = effects
        .iter()
        .filter_map(|effect| effect.callback.as_ref())
        .filter(|(owner, _)| owner == order)
        .map(|(_, id)| id.as_str())
        .collect();
    assert_eq!(ids.len(), 1, "{order} has one callback: {ids:?}");
}

/// The charge has run in the attempt that it tells. One that was interrupted is told so by the SDK, and was not to be
/// tried again.
fn charge_is_right(order: &Order, charge: &Charge, facts: &[Fact], own: &[&Effect]) {
    let name = &order.name;
    let is_end = |fact: &&Fact| fact.is_terminal() && fact.operation_name() == "charge";
    let end = facts.iter().find(is_end).expect("an end of the charge");
    match charge {
        Charge::InAttempt(attempt) => {
            let ran = |it: &&&Effect| it.step == "charge" && it.attempt == *attempt;
            assert_eq!(own.iter().filter(ran).count(), 1, "attempt {attempt} of {name} ran");
            assert!(*attempt == 1 || order.charge_again, "{name} was to be tried again");
            assert_eq!(
                (end.name.as_str(), &end.body["attempt"]),
                ("StepSucceeded", &json!(attempt))
            );
        }
        Charge::Interrupted => {
            assert!(!order.charge_again, "{name} was not to give up");
            let message = end.body["error"]["ErrorMessage"].as_str().unwrap_or_default();
            assert!(message.contains("step interrupted"), "{name}: {message}");
        }
    }
    let struck_inside = |mark: &Mark| ["charge/begin", "charge/effect"].contains(&&*mark.place);
    if order.marks.iter().any(struck_inside) {
        assert_ne!(*charge, Charge::InAttempt(1), "{name} died in its first attempt");
    }
}

/// A plain function's answer is lost only if somebody killed its process.
fn price_is_right(run: &Run, order: &Order, price: &Price, facts: &[Fact], effects: &[Effect]) {
    let process_died = run.plan.deaths.iter().any(|death| death.victim == Victim::Process)
        || run.plan.orders.iter().flat_map(|it| &it.marks).any(|it| it.victim == Victim::Process);
    let told = facts.iter().find(|fact| fact.is_terminal() && fact.operation_name() == "price");
    let told = told.map(|fact| fact.name.as_str());
    match price {
        Price::Of(price) => {
            assert_eq!(*price, PRICE);
            assert_eq!(told, Some("ChainedInvokeSucceeded"));
            let ran = |effect: &Effect| effect.step == "price" && effect.owner == order.name;
            assert!(effects.iter().any(ran), "a price has been asked for");
        }
        Price::Lost => {
            assert_eq!(told, Some("ChainedInvokeFailed"));
            assert!(process_died, "the price of {} is lost for no reason", order.name);
        }
    }
}
