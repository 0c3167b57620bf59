//! What is known now, and what a name and a qualifier lead to.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use durable_core::Millis;
use durable_functions::FunctionHost;
use serde::{Deserialize, Serialize};
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard, Semaphore};
use uuid::Uuid;

use super::LATEST;
use super::config::{DurableConfig, FunctionConfig};
use super::spec::FunctionSpec;
use crate::deploy::Code;

/// Where a function comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// Whoever opened the service; it runs in the server's process and is not stored.
    Server,
    /// The template of this stack.
    Stack(String),
    /// CreateFunction.
    Api,
}

/// A version of a function: `$LATEST`, or a published one that never changes.
pub(crate) struct Version {
    /// `$LATEST` or a number.
    pub(crate) number: String,
    pub(crate) config: FunctionConfig,
    /// `None` for a function in the server's process.
    pub(crate) code: Option<Code>,
    /// As `LastModified` shows it.
    pub(crate) modified: String,
    pub(crate) revision: String,
    pub(crate) timeout: Duration,
    pub(crate) host: Arc<dyn FunctionHost>,
}

/// A name for a version, or for two between which the traffic is split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) description: String,
    /// The share of the traffic that goes to another version, 0.0 to 1.0.
    #[serde(default)]
    pub(crate) weights: BTreeMap<String, f64>,
    pub(crate) revision: String,
}

/// A registered function. It is replaced as a whole when anything of it changes.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) latest: Arc<Version>,
    /// By number.
    pub(crate) published: BTreeMap<u64, Arc<Version>>,
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// The number of the next version; numbers are never used again.
    pub(crate) next_version: u64,
    /// It was deleted and waits for the end of its executions.
    pub(crate) deleting: bool,
    pub(crate) tags: BTreeMap<String, String>,
    /// What AWS calls `ReservedConcurrentExecutions`; it belongs to all versions together.
    pub(crate) reserved_concurrency: Option<u32>,
    /// Invocations at one time.
    pub(crate) concurrency_max: usize,
    /// Places for invocations of a plain function.
    pub(crate) places: Arc<Semaphore>,
}

impl Function {
    fn of_server(spec: FunctionSpec, modified: &str) -> Self {
        let latest = Version {
            number: LATEST.to_owned(),
            config: spec.config(),
            code: None,
            modified: modified.to_owned(),
            revision: Uuid::new_v4().to_string(),
            timeout: spec.timeout,
            host: spec.host,
        };
        Self {
            name: spec.name,
            origin: Origin::Server,
            latest: Arc::new(latest),
            published: BTreeMap::new(),
            aliases: BTreeMap::new(),
            next_version: 1,
            deleting: false,
            tags: BTreeMap::new(),
            reserved_concurrency: None,
            concurrency_max: spec.concurrency_max,
            places: Arc::new(Semaphore::new(spec.concurrency_max)),
        }
    }

    /// Set for a durable function. A function never changes between the two kinds.
    pub(crate) fn is_durable(&self) -> bool {
        self.latest.config.durable_config.is_some()
    }

    /// A version by its number.
    pub(crate) fn version(&self, number: &str) -> Option<&Arc<Version>> {
        if number == LATEST {
            return Some(&self.latest);
        }
        self.published.get(&number.parse().ok()?)
    }

    /// What a qualifier leads to; an alias with weights leads now here, now there.
    pub(crate) fn qualified(&self, qualifier: Option<&str>) -> Option<&Arc<Version>> {
        let Some(qualifier) = qualifier else { return Some(&self.latest) };
        match self.aliases.get(qualifier) {
            Some(alias) => self.version(alias.choose(random())),
            None => self.version(qualifier),
        }
    }

    /// The versions that a qualifier may lead to: two for an alias with weights. `None` for an alias that there is not; a
    /// number is taken as it is, since executions outlive their version.
    pub(crate) fn versions_of(&self, qualifier: &str) -> Option<Vec<String>> {
        let is_version = qualifier == LATEST || qualifier.bytes().all(|byte| byte.is_ascii_digit());
        if is_version {
            return Some(vec![qualifier.to_owned()]);
        }
        let alias = self.aliases.get(qualifier)?;
        Some(std::iter::once(&alias.version).chain(alias.weights.keys()).cloned().collect())
    }

    /// `$LATEST` and the published versions, the oldest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        std::iter::once(&self.latest).chain(self.published.values())
    }
}

impl Alias {
    /// The version for this throw of the dice, 0.0 to 1.0.
    fn choose(&self, mut dice: f64) -> &str {
        for (version, weight) in &self.weights {
            if dice < *weight {
                return version;
            }
            dice -= weight;
        }
        &self.version
    }
}

/// From 0.0 up to, but not including, 1.0.
fn random() -> f64 {
    let bits = Uuid::new_v4().as_u128() as u32;
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// A version with its function.
#[derive(Clone)]
pub(crate) struct Resolved {
    pub(crate) function: Arc<Function>,
    pub(crate) version: Arc<Version>,
}

impl Resolved {
    pub(crate) fn durable(&self) -> Option<DurableConfig> {
        self.version.config.durable_config
    }
}

/// Every function of this server, by name.
pub(crate) struct Functions {
    by_name: RwLock<BTreeMap<String, Arc<Function>>>,
    /// Held shared while an execution is started, from the look at its function to its first record.
    starts: tokio::sync::RwLock<()>,
}

impl Functions {
    pub(crate) fn new(specs: Vec<FunctionSpec>, now: Millis) -> Self {
        let modified = last_modified(now);
        let functions = specs.into_iter().map(|spec| Function::of_server(spec, &modified));
        let by_name =
            functions.map(|function| (function.name.clone(), Arc::new(function))).collect();
        Self { by_name: RwLock::new(by_name), starts: tokio::sync::RwLock::default() }
    }

    /// To be held from the look at a function to the first record of its execution.
    pub(crate) async fn starting(&self) -> RwLockReadGuard<'_, ()> {
        self.starts.read().await
    }

    /// While this is held no execution is started, and none is about to be: a function without open executions that is
    /// taken away meanwhile has none afterwards.
    pub(crate) async fn no_starts(&self) -> RwLockWriteGuard<'_, ()> {
        self.starts.write().await
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }

    /// What a name and a qualifier lead to.
    pub(crate) fn resolve(&self, name: &str, qualifier: Option<&str>) -> Option<Resolved> {
        let function = self.get(name)?;
        let version = Arc::clone(function.qualified(qualifier)?);
        Some(Resolved { function, version })
    }

    /// Up to `limit` functions with names behind this one, in the order of their names.
    pub(crate) fn page(&self, after: &str, limit: usize) -> Vec<Arc<Function>> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let behind = by_name.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        behind.take(limit).map(|(_, function)| Arc::clone(function)).collect()
    }

    /// Every function.
    pub(crate) fn all(&self) -> Vec<Arc<Function>> {
        self.page("", usize::MAX)
    }

    /// A function is new, or has changed.
    pub(crate) fn put(&self, function: Function) -> Arc<Function> {
        let function = Arc::new(function);
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.insert(function.name.clone(), Arc::clone(&function));
        function
    }

    /// A function is gone.
    pub(crate) fn remove(&self, name: &str) {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// A time as `LastModified` shows it.
pub(crate) fn last_modified(now: Millis) -> String {
    let now = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_splits_its_traffic_by_weight() {
        let alias = Alias {
            name: "live".to_owned(),
            version: "1".to_owned(),
            description: String::new(),
            weights: BTreeMap::from([("2".to_owned(), 0.25)]),
            revision: String::new(),
        };
        assert_eq!(alias.choose(0.0), "2");
        assert_eq!(alias.choose(0.249), "2");
        assert_eq!(alias.choose(0.25), "1");
        assert_eq!(alias.choose(0.999), "1");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random())));
    }
}
