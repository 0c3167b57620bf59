//! Many orders at once, and death at any time.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::journal::{CompletedSteps, completed_steps};
use crate::orders::{Kind, Shop};
use crate::process::ServerProcess;

/// Deaths in one run of the test; `CRASH_TEST_DEATHS` sets another number.
const DEATHS: u64 = 100;
/// Printed with every failure; `CRASH_TEST_SEED` sets another one.
const SEED: u64 = 20_260_101;
/// Orders placed in each life.
const ORDERS_PER_LIFE: u64 = 4;
/// The longest life, from the first order on, in microseconds: a little more than an order takes.
const LIFE_MAX_MICROS: u64 = 40_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_accepted_order_reaches_its_one_outcome_over_a_hundred_deaths() {
    let seed = number_from_env("CRASH_TEST_SEED", SEED);
    println!("seed {seed}");
    let mut random = Random(seed);
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::serve(directory.path());
    Shop::at(server.address).fill_catalog().await;
    server.kill();

    let mut accepted: Vec<(String, Kind)> = Vec::new();
    let mut completed_before = CompletedSteps::new();
    for life in 0..number_from_env("CRASH_TEST_DEATHS", DEATHS) {
        let server = ServerProcess::serve(directory.path());
        let shop = Shop::at(server.address);
        let life_time = Duration::from_micros(random.below(LIFE_MAX_MICROS));
        let placed = place_until(&shop, life, &mut random, life_time).await;
        server.kill();
        accepted.extend(placed);
        let completed = completed_steps(directory.path());
        for (step, result) in &completed_before {
            assert_eq!(completed.get(step), Some(result), "seed {seed}: {step:?} keeps its result");
        }
        completed_before = completed;
    }

    assert!(!accepted.is_empty(), "seed {seed}: some orders were accepted");
    let server = ServerProcess::serve(directory.path());
    let shop = Shop::at(server.address);
    let mut completed = BTreeSet::new();
    let mut authorizations = BTreeSet::new();
    for (order_id, kind) in &accepted {
        let result = shop.outcome(order_id).await;
        assert_eq!(result["status"], kind.status(), "seed {seed}: {order_id}: {result}");
        if let Some(authorization) = result["payment"]["authorizationId"].as_str() {
            assert!(authorizations.insert(authorization.to_owned()), "one per order");
        }
        if *kind == Kind::Completed {
            completed.insert(order_id.clone());
        }
    }
    // Orders whose acceptance the client never heard of may be there too; they count like any other.
    for (order_id, _) in completed_steps_by_order(directory.path()) {
        if !completed.contains(&order_id) && shop.outcome(&order_id).await["status"] == "completed"
        {
            completed.insert(order_id);
        }
    }
    shop.check_tables(&completed).await;
}

/// Places orders of random kinds until the life is over; gives those that were accepted.
pub async fn place_until(
    shop: &Shop,
    life: u64,
    random: &mut Random,
    life_time: Duration,
) -> Vec<(String, Kind)> {
    let deadline = tokio::time::Instant::now() + life_time;
    let mut accepted = Vec::new();
    for number in 0..ORDERS_PER_LIFE {
        let kind = Kind::ALL[random.below(4) as usize];
        let order_id = format!("ORDER-{life}-{number}");
        match tokio::time::timeout_at(deadline, shop.place(&order_id, kind)).await {
            Ok(true) => accepted.push((order_id, kind)),
            Ok(false) => panic!("a living server accepts an order"),
            Err(_) => break,
        }
    }
    tokio::time::sleep_until(deadline).await;
    accepted
}

fn completed_steps_by_order(data_dir: &std::path::Path) -> BTreeSet<(String, ())> {
    completed_steps(data_dir).into_keys().map(|(order, _)| (order, ())).collect()
}

pub fn number_from_env(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// SplitMix64: small, and the same everywhere for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
