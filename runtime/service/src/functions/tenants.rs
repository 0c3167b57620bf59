//! Processes that no two tenants share: a pool for each tenant of a version (`PER_TENANT`).
//!
//! The pools are bounded in number. A new tenant takes the place of the one that was idle the longest; if every tenant is
//! busy, the new one is told to slow down, as AWS does beyond its bound on environments. All tenants together run as many
//! invocations at a time as a version without tenants would.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use durable_functions::{
    BoxFuture, FunctionError, FunctionHost, Invocation, ProcessFunction, ProcessSpec, Processes,
};
use lru::LruCache;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Tenants of a version with processes of their own at one time, for each process that the version may have: AWS allows
/// 2,500 environments for a concurrency of 1,000.
const TENANTS_PER_PROCESS_MAX: f64 = 2.5;
/// How long an invocation waits for others to end until it is throttled; as for a process.
const WAITING_TIME_MAX: Duration = Duration::from_secs(60);

/// Runs a version in child processes, each of which serves one tenant for its whole life.
pub(super) struct TenantProcesses {
    spec: ProcessSpec,
    tenants_max: usize,
    /// The tenants' pools; the one used last is the last to be evicted.
    pools: Mutex<Pools>,
    /// Places for invocations of all tenants.
    running: Semaphore,
}

struct Pools {
    by_tenant: LruCache<String, Arc<ProcessFunction>>,
    closed: bool,
}

impl TenantProcesses {
    /// Hosts this version. Nothing is started yet.
    pub(super) fn new(spec: ProcessSpec) -> Self {
        let in_one = spec.max_concurrency.unwrap_or(1).max(1);
        let tenants_max = (spec.processes_max as f64 * TENANTS_PER_PROCESS_MAX) as usize;
        Self {
            tenants_max: tenants_max.max(1),
            pools: Mutex::new(Pools { by_tenant: LruCache::unbounded(), closed: false }),
            running: Semaphore::new(spec.processes_max.saturating_mul(in_one).max(1)),
            spec,
        }
    }

    fn pools(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pool of a tenant; `None` if there is none and no room for one.
    fn pool(&self, tenant: &str) -> Option<Arc<ProcessFunction>> {
        let mut pools = self.pools();
        if pools.closed {
            return None;
        }
        if let Some(pool) = pools.by_tenant.get(tenant) {
            return Some(Arc::clone(pool));
        }
        if pools.by_tenant.len() >= self.tenants_max {
            pools.evict_idle()?;
        }
        let pool = Arc::new(ProcessFunction::new(self.spec.clone()));
        pools.by_tenant.put(tenant.to_owned(), Arc::clone(&pool));
        Some(pool)
    }

    async fn run(&self, invocation: Invocation) -> Result<Bytes, FunctionError> {
        let Some(tenant) = invocation.tenant_id.clone() else {
            return Err(FunctionError::new("InvalidParameterValueException", TENANT_MISSING));
        };
        let place = timeout(WAITING_TIME_MAX, self.running.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(FunctionError::throttled()) };
        let pool = self.pool(&tenant).ok_or_else(FunctionError::throttled)?;
        FunctionHost::invoke(&*pool, invocation).await
    }
}

/// What AWS says to a caller who names no tenant.
pub(crate) const TENANT_MISSING: &str = "The invoked function is enabled with tenancy configuration. Add a valid tenant \
                                         ID in your request and try again.";

impl Pools {
    /// Ends the processes of the tenant that has not been served for the longest time; `None` if all are being served.
    fn evict_idle(&mut self) -> Option<()> {
        // Whoever serves a tenant holds its pool, and gets it under the same lock.
        let idle = self.by_tenant.iter().rev().find(|(_, pool)| Arc::strong_count(pool) == 1);
        let tenant = idle.map(|(tenant, _)| tenant.clone())?;
        self.by_tenant.pop(&tenant).map(drop)
    }
}

impl FunctionHost for TenantProcesses {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(self.run(invocation))
    }

    fn processes(&self) -> Processes {
        self.pools().by_tenant.iter().map(|(_, pool)| pool.processes()).sum()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let pools: Vec<_> = {
            let mut pools = self.pools();
            pools.closed = true;
            pools.by_tenant.iter().map(|(_, pool)| Arc::clone(pool)).collect()
        };
        Box::pin(async move {
            for pool in pools {
                ProcessFunction::close(&pool).await;
            }
        })
    }
}
