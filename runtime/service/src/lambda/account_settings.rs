//! GetAccountSettings: the limits that AWS would tell, as far as they are this server's.

use http::StatusCode;
use serde_json::json;

use crate::lambda::Call;
use crate::wire::response::{Answer, json};

/// AWS's limits on code: what is stored in all, a zip file, and the same unpacked.
const CODE_BYTES_ALL: u64 = 75 * 1024 * 1024 * 1024;
const CODE_BYTES_ZIPPED: u64 = 50 * 1024 * 1024;
const CODE_BYTES_UNZIPPED: u64 = 250 * 1024 * 1024;
/// AWS's concurrency of an account.
const CONCURRENCY: u64 = 1000;

pub(super) fn answer(call: &Call) -> Answer {
    let functions = call.engine.functions.all();
    let versions = functions.iter().flat_map(|function| function.versions());
    let code_bytes: u64 = versions.filter_map(|it| it.code.as_ref()).map(|code| code.size()).sum();
    let reserved = functions.iter().filter_map(|it| it.reserved_concurrency).map(u64::from).sum();
    json(
        StatusCode::OK,
        &json!({
            "AccountLimit": {
                "TotalCodeSize": CODE_BYTES_ALL,
                "CodeSizeUnzipped": CODE_BYTES_UNZIPPED,
                "CodeSizeZipped": CODE_BYTES_ZIPPED,
                "ConcurrentExecutions": CONCURRENCY,
                "UnreservedConcurrentExecutions": CONCURRENCY.saturating_sub(reserved),
            },
            "AccountUsage": { "TotalCodeSize": code_bytes, "FunctionCount": functions.len() },
        }),
    )
}
