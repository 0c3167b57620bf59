//! Death at any time, and a receiver that has to be told of everything.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::at_random::{Random, number_from_env, place_until};
use crate::orders::Shop;
use crate::process::ServerProcess;
use crate::receiver::Receiver;

/// Deaths in one run of the test; `CRASH_TEST_DEATHS` sets another number.
const DEATHS: u64 = 60;
/// Printed with every failure; `CRASH_TEST_SEED` sets another one.
const SEED: u64 = 20_260_202;
/// The longest life, from the first order on, in microseconds: orders end in it, and what was told is cleared in it.
const LIFE_MAX_MICROS: u64 = 150_000;
/// How long the last life may take to end all orders and tell of them.
const DEADLINE: Duration = Duration::from_secs(120);

fn serve(directory: &Path, receiver: &Receiver) -> ServerProcess {
    let url = format!("http://{}/", receiver.address);
    ServerProcess::serve_with(directory, |command| {
        command.env("DURABLE_ORDERS_STATUS_WEBHOOK", url);
    })
}

/// What the journal says of each execution, and how much waits to be told.
fn journal(directory: &Path) -> (BTreeMap<String, String>, i64) {
    let file = directory.join("journal.db");
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut statement = connection.prepare("SELECT name, status FROM executions").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let statuses = rows.collect::<Result<_, _>>().unwrap();
    let waiting = "SELECT count(*) FROM outbox";
    (statuses, connection.query_row(waiting, [], |row| row.get(0)).unwrap())
}

/// Goal: over many deaths, the receiver is told of each beginning and each end of every execution that the journal knows, at
/// least once, and never of something that did not happen.
#[tokio::test(flavor = "multi_thread")]
async fn every_status_change_is_told_over_sixty_deaths() {
    let seed = number_from_env("CRASH_TEST_SEED", SEED);
    println!("seed {seed}");
    let mut random = Random(seed);
    let directory = tempfile::tempdir().unwrap();
    let receiver = Receiver::start();
    let server = serve(directory.path(), &receiver);
    Shop::at(server.address).fill_catalog().await;
    server.kill();

    let mut untold_at_death = 0;
    for life in 0..number_from_env("CRASH_TEST_DEATHS", DEATHS) {
        let server = serve(directory.path(), &receiver);
        let life_time = Duration::from_micros(random.below(LIFE_MAX_MICROS));
        place_until(&Shop::at(server.address), life, &mut random, life_time).await;
        server.kill();
        receiver.check(&format!("seed {seed}, life {life}"));
        untold_at_death += u64::from(journal(directory.path()).1 > 0);
    }
    assert!(untold_at_death > 0, "seed {seed}: death came while something was to be told");

    let server = serve(directory.path(), &receiver);
    let begun = Instant::now();
    let statuses = loop {
        let (statuses, waiting) = journal(directory.path());
        if waiting == 0 && statuses.values().all(|status| status != "RUNNING") {
            break statuses;
        }
        assert!(begun.elapsed() < DEADLINE, "seed {seed}: {waiting} wait: {statuses:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    server.kill();
    assert!(!statuses.is_empty(), "seed {seed}: some orders were accepted");
    assert_eq!(receiver.check(&format!("seed {seed}")), statuses);
    let told = receiver.told().len();
    println!(
        "{} changes, told {told} times; {untold_at_death} deaths left some",
        2 * statuses.len()
    );
}
