//! What may happen to an execution, in an order that proptest makes up.

use proptest::prelude::*;
use proptest::sample::select;

/// One thing that happens. Whatever is not possible at that moment is passed over, or must be refused.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// The scheduler looks whether an invocation is wanted.
    Invoke,
    /// The process in flight reports.
    Checkpoint(Vec<Ask>),
    /// A process reports with the token that was issued as the n-th.
    Zombie(usize, Vec<Ask>),
    /// The process in flight ends.
    End(Ending),
    /// The n-th process ends, though it was overtaken.
    EndOfZombie(usize, Ending),
    /// Somebody answers a callback.
    Answer(&'static str, bool),
    /// The target of a chained invocation ends: 0 well, 1 with an error, 2 too late, 3 stopped.
    Report(&'static str, usize),
    /// Somebody is still at work.
    Heartbeat(&'static str),
    /// An operator pauses the execution, and with it perhaps its timeout.
    Pause(bool),
    /// An operator resumes it.
    Unpause,
    /// An operator stops the execution.
    Stop,
    /// Time passes, in milliseconds.
    Pass(i64),
    /// Time passes up to the next deadline but the execution's own, and this much further or less far.
    PassToDeadline(i64),
    /// Time passes up to the deadline of the execution.
    PassToTheEnd,
    /// The scheduler lets the clock do its work.
    Tick,
    /// Time passes up to the next deadline, and the scheduler does all that is then due.
    Resume,
    /// The server is killed and started again.
    Crash,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeed,
    Fail,
    Suspend,
    Nonsense,
    HandlerError,
    ProcessExit,
}

/// One update of a checkpoint, in words.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) id: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) action: &'static str,
    pub(crate) parent: Option<&'static str>,
    pub(crate) payload: Option<u8>,
    pub(crate) error: bool,
    /// A retry's delay, a wait's length, a callback's timeout; of a chained invocation, that its target is missing.
    pub(crate) seconds: Option<u32>,
    pub(crate) heartbeat: u32,
}

pub(crate) fn ask(id: &'static str, kind: &'static str, action: &'static str) -> Ask {
    Ask { id, kind, action, parent: None, payload: None, error: false, seconds: None, heartbeat: 0 }
}

impl Ask {
    pub(crate) fn seconds(self, seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..self }
    }
}

const STEPS: [&str; 7] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6"];
const WAITS: [&str; 4] = ["w0", "w1", "w2", "w3"];
const CONTEXTS: [&str; 3] = ["c0", "c1", "c2"];
const CALLBACKS: [&str; 4] = ["k0", "k1", "k2", "k3"];
const CHAINED: [&str; 4] = ["i0", "i1", "i2", "i3"];

fn parent() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![6 => Just(None), 1 => select(&CONTEXTS[..]).prop_map(Some)]
}

/// An update such as an SDK sends.
fn sensible() -> impl Strategy<Value = Ask> {
    let with_parent =
        |asks: BoxedStrategy<Ask>| (asks, parent()).prop_map(|(ask, parent)| Ask { parent, ..ask });
    let step = (select(&STEPS[..]), select(&["START", "START", "SUCCEED", "FAIL"][..]), 0..9_u8)
        .prop_map(|(id, action, payload)| Ask {
            payload: (action == "SUCCEED" && payload > 0).then_some(payload),
            error: action == "FAIL" && payload > 0,
            ..ask(id, "STEP", action)
        });
    let retry = (select(&STEPS[..]), 1..5_u32, 0..9_u8).prop_map(|(id, seconds, state)| Ask {
        payload: (state > 4).then_some(state),
        error: state < 4,
        ..ask(id, "STEP", "RETRY").seconds(seconds)
    });
    let wait = (select(&WAITS[..]), 1..9_u32)
        .prop_map(|(id, seconds)| ask(id, "WAIT", "START").seconds(seconds));
    let cancel = select(&WAITS[..]).prop_map(|id| ask(id, "WAIT", "CANCEL"));
    let callback =
        (select(&CALLBACKS[..]), 0..9_u32, 0..5_u32).prop_map(|(id, timeout, heartbeat)| Ask {
            heartbeat,
            ..ask(id, "CALLBACK", "START").seconds(timeout)
        });
    let chained = (select(&CHAINED[..]), 0..9_u8).prop_map(|(id, payload)| Ask {
        payload: (payload > 4).then_some(payload),
        seconds: (payload == 0).then_some(1),
        ..ask(id, "CHAINED_INVOKE", "START")
    });
    let context =
        (select(&CONTEXTS[..]), select(&["START", "START", "SUCCEED", "FAIL"][..]), 1..9_u8)
            .prop_map(|(id, action, payload)| Ask {
                payload: (action == "SUCCEED").then_some(payload),
                ..ask(id, "CONTEXT", action)
            });
    prop_oneof![
        8 => with_parent(step.boxed()),
        8 => retry,
        3 => with_parent(wait.boxed()),
        1 => cancel,
        3 => with_parent(callback.boxed()),
        3 => with_parent(chained.boxed()),
        3 => context,
    ]
}

/// An update such as only a broken client sends, most of the time.
fn wild() -> impl Strategy<Value = Ask> {
    let ids: Vec<&str> = [&STEPS[..], &WAITS, &CONTEXTS, &CALLBACKS, &CHAINED].concat();
    let kinds = ["STEP", "STEP", "WAIT", "CONTEXT", "CALLBACK", "CHAINED_INVOKE", "EXECUTION"];
    let actions = ["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"];
    (
        select(ids.clone()),
        select(kinds.to_vec()),
        select(actions.to_vec()),
        proptest::option::weighted(0.2, select(ids)),
        proptest::option::of(0..9_u8),
        any::<bool>(),
        proptest::option::of(1..5_u32),
        0..5_u32,
    )
        .prop_map(|(id, kind, action, parent, payload, error, seconds, heartbeat)| Ask {
            id,
            kind,
            action,
            parent,
            payload,
            error,
            seconds,
            heartbeat,
        })
}

fn batch() -> impl Strategy<Value = Vec<Ask>> {
    let closing =
        select(&["SUCCEED", "FAIL"][..]).prop_map(|action| ask("end", "EXECUTION", action));
    prop_oneof![
        150 => prop::collection::vec(sensible(), 1..3),
        30 => prop::collection::vec(sensible(), 3..6),
        18 => Just(Vec::new()),
        12 => prop::collection::vec(prop_oneof![sensible(), wild()], 1..5),
        1 => (prop::collection::vec(sensible(), 0..2), closing).prop_map(|(mut asks, close)| {
            asks.push(close);
            asks
        }),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        70 => Just(Ending::Suspend),
        12 => Just(Ending::HandlerError),
        12 => Just(Ending::ProcessExit),
        1 => Just(Ending::Succeed),
        1 => Just(Ending::Fail),
        1 => Just(Ending::Nonsense),
    ]
}

pub(crate) fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        180 => batch().prop_map(Command::Checkpoint),
        75 => Just(Command::Invoke),
        75 => ending().prop_map(Command::End),
        45 => select(&[0, 1, 500, 999, 1_000][..]).prop_map(Command::Pass),
        45 => select(&[-1, 0, 0, 1, 700][..]).prop_map(Command::PassToDeadline),
        60 => Just(Command::Tick),
        150 => Just(Command::Resume),
        36 => (select(&CALLBACKS[..]), any::<bool>()).prop_map(|(id, ok)| Command::Answer(id, ok)),
        36 => (select(&CHAINED[..]), 0..4_usize).prop_map(|(id, how)| Command::Report(id, how)),
        30 => select(&CALLBACKS[..]).prop_map(Command::Heartbeat),
        20 => any::<bool>().prop_map(Command::Pause),
        40 => Just(Command::Unpause),
        30 => Just(Command::Crash),
        18 => (any::<usize>(), batch()).prop_map(|(token, asks)| Command::Zombie(token, asks)),
        12 => (any::<usize>(), ending()).prop_map(|(id, how)| Command::EndOfZombie(id, how)),
        1 => Just(Command::PassToTheEnd),
        1 => Just(Command::Stop),
    ];
    prop::collection::vec(command, 1..250)
}
