//! What a seed stands for: which orders are placed, and who dies when.

use std::time::Duration;

use crate::marks::{Mark, PLACES, Victim};
use crate::order::Order;

/// Orders of one run; they share the server and the processes.
const ORDERS: u64 = 2;
/// The longest time between an effect and the death that it calls for: about that of a checkpoint and its answer.
const AFTER_EFFECT_MAX_MICROS: u64 = 12_000;
/// The longest time between a death of the server and the next, when that strikes the start of the server.
const START_MAX_MICROS: u64 = 150_000;

/// Who is killed in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prey {
    Nobody,
    Processes,
    Server,
    Both,
}

/// A death from outside. They come in their order.
#[derive(Clone, Debug)]
pub struct Death {
    pub victim: Victim,
    pub moment: Moment,
    /// Chooses among the processes.
    pub choice: usize,
}

/// When.
#[derive(Clone, Debug)]
pub enum Moment {
    /// After the death before it, or the beginning.
    After(Duration),
    /// When this many effects have been noted, and some time after that.
    Effects(usize, Duration),
}

/// What a run without deaths is like: deaths are spread over that.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    pub duration: Duration,
    pub effects: usize,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub orders: Vec<Order>,
    pub deaths: Vec<Death>,
}

impl Plan {
    /// The same for the same arguments but for the time of deaths, which is told in shares of the calibration.
    pub fn of(seed: u64, prey: Prey, calibration: Option<Calibration>) -> Self {
        let mut random = Random(seed);
        let orders = (0..ORDERS).map(|number| order(seed, number, prey, &mut random)).collect();
        let deaths = match (calibration, prey) {
            (None, _) | (_, Prey::Nobody) => Vec::new(),
            (Some(calibration), _) => deaths(prey, calibration, &mut random),
        };
        Self { orders, deaths }
    }
}

fn order(seed: u64, number: u64, prey: Prey, random: &mut Random) -> Order {
    // Each place has its turn, with each victim, for each order.
    let turn = usize::try_from(seed + number * 7).unwrap_or_default();
    let mark = |victim| Mark { place: PLACES[turn % PLACES.len()].to_owned(), victim };
    let marks = match prey {
        Prey::Nobody => Vec::new(),
        Prey::Processes => vec![mark(Victim::Process)],
        Prey::Server => vec![mark(Victim::Server)],
        Prey::Both if number == 0 => vec![mark(Victim::Server)],
        Prey::Both => vec![mark(Victim::Process)],
    };
    Order {
        name: format!("order-{seed}-{number}"),
        flaky: random.below(2) == 0,
        charge_again: random.below(2) == 0,
        marks,
    }
}

fn deaths(prey: Prey, calibration: Calibration, random: &mut Random) -> Vec<Death> {
    let count = match prey {
        Prey::Nobody => 0,
        Prey::Processes | Prey::Server => 1 + random.below(3),
        Prey::Both => 2 + random.below(3),
    };
    let mut deaths: Vec<Death> = Vec::new();
    for _ in 0..count {
        let victim = match prey {
            Prey::Processes => Victim::Process,
            Prey::Server => Victim::Server,
            _ if random.below(2) == 0 => Victim::Process,
            _ => Victim::Server,
        };
        let follows_server = deaths.last().is_some_and(|last| last.victim == Victim::Server);
        let moment = if follows_server && victim == Victim::Server && random.below(3) == 0 {
            Moment::After(Duration::from_micros(random.below(START_MAX_MICROS)))
        } else {
            moment(count, calibration, random)
        };
        let choice = usize::try_from(random.below(1 << 16)).unwrap_or_default();
        deaths.push(Death { victim, moment, choice });
    }
    deaths
}

/// Half of the deaths are spread over the time, half over the work.
fn moment(count: u64, calibration: Calibration, random: &mut Random) -> Moment {
    if random.below(2) == 0 {
        let share = u64::try_from(calibration.duration.as_micros()).unwrap_or(u64::MAX) / count;
        return Moment::After(Duration::from_micros(random.below(share)));
    }
    let effects = random.below(calibration.effects as u64 + 1);
    let then = Duration::from_micros(random.below(AFTER_EFFECT_MAX_MICROS));
    Moment::Effects(usize::try_from(effects).unwrap_or_default(), then)
}

/// SplitMix64: small, and the same everywhere for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
