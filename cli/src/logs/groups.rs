//! Which log groups are read.

use crate::client::Clients;
use crate::client::logs::{GROUPS_PER_PAGE, LogsClient};
use crate::exit::Failure;
use crate::output::note;

/// Where Lambda puts what functions print.
const OF_FUNCTIONS: &str = "/aws/lambda/";
/// Groups that are read side by side. CloudWatch allows few searches a second.
pub const GROUPS_MAX: usize = 20;

/// The group of a name on the command line: a group's own, or a function's, with or without a version.
#[must_use]
pub fn named(name: &str) -> String {
    if name.starts_with('/') {
        return name.to_owned();
    }
    // An ARN names the function in its seventh part.
    let function = match name.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(5).unwrap_or(name),
        None => name.split(':').next().unwrap_or(name),
    };
    format!("{OF_FUNCTIONS}{function}")
}

/// The groups of all functions that are there now, up to [`GROUPS_MAX`].
///
/// # Errors
/// What keeps the server from answering.
pub async fn of_all_functions(
    clients: &Clients,
    logs: &LogsClient,
) -> Result<Vec<String>, Failure> {
    let mut groups = logs.groups(clients, OF_FUNCTIONS).await?;
    groups.truncate(GROUPS_MAX);
    Ok(groups)
}

/// Says so when there are more than are read.
///
/// # Errors
/// What keeps the server from answering.
pub async fn note_left_out(clients: &Clients, logs: &LogsClient) -> Result<(), Failure> {
    let there = logs.groups(clients, OF_FUNCTIONS).await?.len();
    if there > GROUPS_MAX {
        let many = if there == GROUPS_PER_PAGE { "or more " } else { "" };
        note(&format!(
            "only the first {GROUPS_MAX} of {there} {many}log groups are read; name the one that you want"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_stand_for_their_groups() {
        let group = "/aws/lambda/ValidateOrder";
        for name in [
            group,
            "ValidateOrder",
            "ValidateOrder:$LATEST",
            "arn:aws:lambda:us-east-1:000000000000:function:ValidateOrder:3",
        ] {
            assert_eq!(named(name), group, "{name}");
        }
        assert_eq!(named("/my/own"), "/my/own");
    }
}
