//! A function as it is after a change: a copy that differs in one thing.

use std::sync::Arc;

use super::deployer::Settings;
use crate::functions::{Alias, Function};
use crate::wire::error::AwsError;

impl Function {
    /// The same once more, to be changed: versions and places are shared.
    pub(crate) fn copy(&self) -> Self {
        Self {
            name: self.name.clone(),
            origin: self.origin.clone(),
            latest: Arc::clone(&self.latest),
            published: self.published.clone(),
            aliases: self.aliases.clone(),
            next_version: self.next_version,
            deleting: self.deleting,
            tags: self.tags.clone(),
            reserved_concurrency: self.reserved_concurrency,
            concurrency_max: self.concurrency_max,
            places: Arc::clone(&self.places),
        }
    }

    /// With an alias, new or changed.
    pub(crate) fn with_alias(&self, alias: Alias) -> Self {
        let mut after = self.copy();
        after.aliases.insert(alias.name.clone(), alias);
        after
    }

    /// Without an alias.
    pub(crate) fn without_alias(&self, name: &str) -> Self {
        let mut after = self.copy();
        after.aliases.remove(name);
        after
    }

    /// Without a published version.
    pub(crate) fn without_version(&self, number: u64) -> Self {
        let mut after = self.copy();
        after.published.remove(&number);
        after
    }

    /// What it has besides its versions and aliases.
    pub(crate) fn settings(&self) -> Settings {
        Settings { tags: self.tags.clone(), reserved_concurrency: self.reserved_concurrency }
    }

    /// # Errors
    /// `ResourceConflictException` for a function that is being deleted.
    pub(crate) fn check_not_deleting(&self) -> Result<(), AwsError> {
        if self.deleting {
            return Err(AwsError::conflict(
                "The operation cannot be performed at this time. The function is currently in the following \
                 state: Deleting",
            ));
        }
        Ok(())
    }
}
