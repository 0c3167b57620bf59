//! How a map records its results: each item's through `serdes`, the whole batch through `result_serdes`.

use std::time::Duration;

use aws_durable_execution_sdk::builders::map_parallel::BatchSummary;
use aws_durable_execution_sdk::serdes::{Serdes, SerdesContext};
use aws_durable_execution_sdk::{BoxError, DurableContext};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::uppercase;

/// The text behind `wrapped:`, without JSON around it.
struct Prefixed;

const PREFIX: &str = "wrapped:";

impl Serdes<String> for Prefixed {
    async fn serialize(&self, value: String, _ctx: SerdesContext) -> Result<String, BoxError> {
        Ok(format!("{PREFIX}{value}"))
    }

    async fn deserialize(&self, wire: String, _ctx: SerdesContext) -> Result<String, BoxError> {
        let value = wire.strip_prefix(PREFIX).ok_or("a result without its prefix")?;
        Ok(value.to_owned())
    }
}

/// 9-14: results of items are recorded in a format of the handler's own.
pub(super) async fn item_serdes(
    _event: Value,
    ctx: DurableContext,
) -> Result<Vec<String>, BoxError> {
    let map = ctx.map(["x", "y"], uppercase).name("serdes").max_concurrency(1).serdes(Prefixed);
    Ok(map.await?)
}

/// A batch as `OPSERDE:` and its results with commas between them.
///
/// Only for batches in which every item was worked on and none failed, and for results without commas: the text has room for
/// nothing else. The SDK gives a batch as an opaque value that serializes to JSON, so [`Batch`] is read from that.
struct CommaJoined;

const MARK: &str = "OPSERDE:";
const SUCCEEDED: &str = "SUCCEEDED";
const ALL_COMPLETED: &str = "ALL_COMPLETED";

/// What a [`BatchSummary`] is as JSON.
#[derive(Serialize, Deserialize)]
struct Batch {
    results: Vec<Item>,
    reason: String,
}

/// One item of a [`Batch`]. Its result is what the serdes of the items made of it: JSON by default.
#[derive(Serialize, Deserialize)]
struct Item {
    index: usize,
    status: String,
    #[serde(default)]
    result: String,
}

impl Serdes<BatchSummary> for CommaJoined {
    async fn serialize(
        &self,
        summary: BatchSummary,
        _ctx: SerdesContext,
    ) -> Result<String, BoxError> {
        let batch: Batch = serde_json::from_value(serde_json::to_value(summary)?)?;
        if batch.reason != ALL_COMPLETED || batch.results.iter().any(|i| i.status != SUCCEEDED) {
            return Err("a batch that cannot be written as its results alone".into());
        }
        let results: Result<Vec<String>, _> =
            batch.results.iter().map(|item| serde_json::from_str(&item.result)).collect();
        Ok(format!("{MARK}{}", results?.join(",")))
    }

    async fn deserialize(
        &self,
        wire: String,
        _ctx: SerdesContext,
    ) -> Result<BatchSummary, BoxError> {
        let joined = wire.strip_prefix(MARK).ok_or("a batch without its mark")?;
        let results: Result<Vec<Item>, serde_json::Error> =
            joined.split(',').enumerate().map(succeeded_item).collect();
        let batch = Batch { results: results?, reason: ALL_COMPLETED.to_owned() };
        Ok(serde_json::from_value(serde_json::to_value(batch)?)?)
    }
}

fn succeeded_item((index, result): (usize, &str)) -> Result<Item, serde_json::Error> {
    let result = serde_json::to_string(result)?;
    Ok(Item { index, status: SUCCEEDED.to_owned(), result })
}

/// 9-19: the result of the whole map is recorded in a format of the handler's own.
pub(super) async fn result_serdes(
    _event: Value,
    ctx: DurableContext,
) -> Result<Vec<String>, BoxError> {
    let map = ctx.map(["x", "y"], uppercase).name("op-serde").max_concurrency(1);
    Ok(map.result_serdes(CommaJoined).await?)
}

/// 9-20: after a wait the result of the map is read back from that format.
pub(super) async fn result_serdes_replay(
    _event: Value,
    ctx: DurableContext,
) -> Result<Vec<String>, BoxError> {
    let map = ctx.map(["x", "y"], uppercase).name("op-serde-replay").max_concurrency(1);
    let results = map.result_serdes(CommaJoined).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results)
}
