//! The changes of what is deployed, one at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use durable_store::{DeploymentChange, Store, StoreError, Write};
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use uuid::Uuid;

use super::code::{Code, CodeError};
use super::documents::{self, FunctionDocuments, VersionDocument};
use crate::clock::Clock;
use crate::engine::to_the_end;
use crate::functions::{
    Function, FunctionConfig, Functions, Hosting, LATEST, Origin, Version, last_modified,
};
use crate::wire::error::AwsError;

/// Places for invocations of a plain function that runs in processes. Its pool has fewer, and a queue; AWS's limit is this.
const PLAIN_PLACES: usize = 1000;

/// Changes what is deployed.
pub(crate) struct Deployer {
    pub(super) functions: Arc<Functions>,
    pub(super) hosting: Hosting,
    store: Store,
    clock: Clock,
    /// Held from the look at a function to its change.
    changing: Arc<Mutex<()>>,
}

/// What becomes the new head of a function.
pub(crate) struct Head {
    pub(crate) config: FunctionConfig,
    pub(crate) code: Code,
}

/// What a function has besides its versions and aliases.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) reserved_concurrency: Option<u32>,
}

/// A function whose change was begun: nobody else can change anything until this is committed or dropped.
pub(crate) struct Change {
    deployer: Arc<Deployer>,
    before: Arc<Function>,
    changing: OwnedMutexGuard<()>,
}

impl Change {
    /// The function as it is.
    pub(crate) fn before(&self) -> &Function {
        &self.before
    }

    /// Makes it this. It is on disk when this returns; if the caller goes away meanwhile, it becomes so all the same.
    ///
    /// # Errors
    /// When the store refuses it; then nothing has changed.
    pub(crate) async fn commit(self, after: Function) -> Result<Arc<Function>, AwsError> {
        let Self { deployer, before, changing } = self;
        deployer.commit(Some(before), after, changing).await
    }
}

impl Deployer {
    pub(crate) fn new(
        functions: Arc<Functions>,
        hosting: Hosting,
        store: Store,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self { functions, hosting, store, clock, changing: Arc::new(Mutex::new(())) })
    }

    /// Takes up what the store has.
    ///
    /// # Errors
    /// One sentence: what cannot be read, or clashes with a function of the server.
    pub(crate) async fn load(self: &Arc<Self>) -> Result<(), String> {
        let items = self.store.deployed().await.map_err(|error| error.to_string())?;
        let stored = documents::read(items)?;
        let codes = stored.iter().flat_map(|function| &function.versions).map(|it| &it.code);
        self.hosting.code.retain(codes);
        for function in stored {
            let name = function.name.clone();
            if self.functions.get(&name).is_some() {
                return Err(format!(
                    "the data directory has a function {name} that was deployed, and this server has one built in; \
                     start it with the template that deployed it, or use another data directory"
                ));
            }
            let deleting = function.head.deleting;
            let function = self.assemble(function)?;
            self.functions.put(function);
            if deleting {
                self.finish_deletion(&name).await.map_err(|error| error.message)?;
            }
        }
        Ok(())
    }

    fn assemble(&self, stored: FunctionDocuments) -> Result<Function, String> {
        let name = stored.name;
        let (mut latest, mut published) = (None, BTreeMap::new());
        for document in stored.versions {
            let version = self
                .version(document)
                .map_err(|error| format!("the deployed function {name}: {}", error.message))?;
            match version.number.parse() {
                Ok(number) => drop(published.insert(number, Arc::new(version))),
                Err(_) => latest = Some(Arc::new(version)),
            }
        }
        let latest = latest.ok_or_else(|| format!("the deployed function {name} has no head"))?;
        let reserved_concurrency = stored.head.reserved_concurrency;
        Ok(Function {
            name,
            origin: stored.head.origin,
            published,
            aliases: stored.aliases,
            next_version: stored.head.next_version,
            deleting: stored.head.deleting,
            tags: stored.head.tags,
            reserved_concurrency,
            concurrency_max: self.hosting.concurrency_max(&latest.config, reserved_concurrency),
            places: places(reserved_concurrency),
            latest,
        })
    }

    fn version(&self, document: VersionDocument) -> Result<Version, AwsError> {
        let VersionDocument { number, config, code, modified, revision } = document;
        let host = self
            .hosting
            .host(&number, &config, &code)
            .map_err(|unknown| AwsError::invalid_parameter(unknown.to_string()))?;
        let timeout = Duration::from_secs(config.timeout.into());
        Ok(Version { number, config, code: Some(code), modified, revision, timeout, host })
    }

    /// A new head, not deployed yet.
    fn head(&self, head: Head) -> Result<Arc<Version>, AwsError> {
        let document = VersionDocument {
            number: LATEST.to_owned(),
            config: head.config,
            code: head.code,
            modified: last_modified(self.clock.now()),
            revision: Uuid::new_v4().to_string(),
        };
        self.version(document).map(Arc::new)
    }

    /// A function that is new; with `publish`, together with its first version.
    ///
    /// # Errors
    /// `ResourceConflictException` when there is one of this name, `InvalidParameterValueException` for a runtime that
    /// this server cannot run.
    pub(crate) async fn create(
        self: &Arc<Self>,
        origin: Origin,
        head: Head,
        settings: Settings,
        publish: bool,
    ) -> Result<Arc<Function>, AwsError> {
        let changing = Arc::clone(&self.changing).lock_owned().await;
        let name = head.config.function_name.clone();
        if self.functions.get(&name).is_some() {
            return Err(AwsError::conflict(format!("Function already exist: {name}")));
        }
        let latest = self.head(head)?;
        let Settings { tags, reserved_concurrency } = settings;
        let mut function = Function {
            name,
            origin,
            published: BTreeMap::new(),
            aliases: BTreeMap::new(),
            next_version: 1,
            deleting: false,
            tags,
            reserved_concurrency,
            concurrency_max: self.hosting.concurrency_max(&latest.config, reserved_concurrency),
            places: places(reserved_concurrency),
            latest,
        };
        if publish {
            (function, _) = self.with_version(&function, None).await?;
        }
        self.commit(None, function, changing).await
    }

    /// Begins to change a function.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, `ResourceConflictException` for one that is being deleted,
    /// `InvalidParameterValueException` for one in the server's process.
    pub(crate) async fn begin(self: &Arc<Self>, name: &str) -> Result<Change, AwsError> {
        let change = self.begin_even_deleted(name).await?;
        change.before.check_not_deleting()?;
        Ok(change)
    }

    /// As [`begin`](Self::begin), also for a function that waits for the end of its executions.
    pub(super) async fn begin_even_deleted(
        self: &Arc<Self>,
        name: &str,
    ) -> Result<Change, AwsError> {
        let changing = Arc::clone(&self.changing).lock_owned().await;
        let before = self
            .functions
            .get(name)
            .ok_or_else(|| AwsError::function_not_found(&self.hosting.home.function_arn(name)))?;
        if before.origin == Origin::Server {
            return Err(in_process(name));
        }
        Ok(Change { deployer: Arc::clone(self), before, changing })
    }

    /// With another head. Callers have checked that it is durable if the function is.
    ///
    /// # Errors
    /// `InvalidParameterValueException` for a runtime that this server cannot run.
    pub(crate) fn with_head(&self, function: &Function, head: Head) -> Result<Function, AwsError> {
        let latest = self.head(head)?;
        let reserved = function.reserved_concurrency;
        let concurrency_max = self.hosting.concurrency_max(&latest.config, reserved);
        Ok(Function { latest, concurrency_max, ..function.copy() })
    }

    /// With other tags or another concurrency.
    pub(crate) fn with_settings(&self, function: &Function, settings: Settings) -> Function {
        let Settings { tags, reserved_concurrency } = settings;
        let before = function.copy();
        if reserved_concurrency == function.reserved_concurrency {
            return Function { tags, ..before };
        }
        let config = &function.latest.config;
        Function {
            tags,
            reserved_concurrency,
            concurrency_max: self.hosting.concurrency_max(config, reserved_concurrency),
            // Who has a place of the old ones keeps it: for as long as that takes, there may be more than there should.
            places: places(reserved_concurrency),
            ..before
        }
    }

    /// Publishes the head of a function; the last version again if nothing has changed since.
    ///
    /// # Errors
    /// When the code cannot be copied.
    pub(crate) async fn with_version(
        &self,
        function: &Function,
        description: Option<String>,
    ) -> Result<(Function, Arc<Version>), AwsError> {
        let head = &function.latest;
        let Some(code) = head.code.clone() else { return Err(in_process(&function.name)) };
        let store = self.hosting.code.clone();
        let code = match code {
            Code::InPlace { path } => blocking(move || store.store_copy(&path)).await?,
            stored @ Code::Stored { .. } => stored,
        };
        let config = FunctionConfig {
            description: description.unwrap_or_else(|| head.config.description.clone()),
            ..head.config.clone()
        };
        if let Some((_, last)) = function.published.last_key_value()
            && last.code.as_ref() == Some(&code)
            && without_description(&last.config) == without_description(&config)
        {
            return Ok((function.copy(), Arc::clone(last)));
        }
        let number = function.next_version;
        let version = Arc::new(self.version(VersionDocument {
            number: number.to_string(),
            config,
            code,
            modified: head.modified.clone(),
            revision: Uuid::new_v4().to_string(),
        })?);
        let mut after = function.copy();
        after.published.insert(number, Arc::clone(&version));
        after.next_version = number + 1;
        Ok((after, version))
    }

    /// Deletes a function: at once, or once the last of its executions has ended.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(crate) async fn delete_function(self: &Arc<Self>, name: &str) -> Result<(), AwsError> {
        let change = self.begin(name).await?;
        let after = Function { deleting: true, ..change.before().copy() };
        change.commit(after).await?;
        self.finish_deletion(name).await
    }

    /// Lets a function take no further work: it will be gone once the last of its executions has ended, also one of the
    /// server's process. One that is not there is gone already.
    ///
    /// # Errors
    /// When the store refuses it.
    pub(crate) async fn mark_deleting(self: &Arc<Self>, name: &str) -> Result<(), AwsError> {
        let changing = Arc::clone(&self.changing).lock_owned().await;
        let Some(before) = self.functions.get(name).filter(|function| !function.deleting) else {
            return Ok(());
        };
        let after = Function { deleting: true, ..before.copy() };
        self.commit(Some(before), after, changing).await.map(drop)
    }

    /// Removes a function that is being deleted, if no execution of it is open any more.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub(crate) async fn finish_deletion(self: &Arc<Self>, name: &str) -> Result<(), AwsError> {
        let deployer = Arc::clone(self);
        let name = name.to_owned();
        to_the_end(async move {
            let _no_starts = deployer.functions.no_starts().await;
            let _changing = deployer.changing.lock().await;
            let deleting = deployer.functions.get(&name).is_some_and(|function| function.deleting);
            if !deleting || deployer.store.has_open(&name, None).await? {
                return Ok(());
            }
            let change = DeploymentChange::RemoveFunction { function: name.clone() };
            deployer.store.write(Write::Deploy(vec![change])).await?;
            deployer.functions.remove(&name);
            Ok(())
        })
        .await
    }

    /// Whether an open execution runs on this version.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn is_in_use(&self, name: &str, version: &str) -> Result<bool, StoreError> {
        self.store.has_open(name, Some(version)).await
    }

    /// Where the code of a version lies.
    pub(crate) fn directory_of(&self, code: &Code) -> PathBuf {
        self.hosting.code.directory_of(code)
    }

    /// A new revision id.
    pub(crate) fn revision() -> String {
        Uuid::new_v4().to_string()
    }

    /// Stores uploaded code.
    ///
    /// # Errors
    /// `InvalidParameterValueException` for what is no usable zip file.
    pub(crate) async fn store_zip(&self, zip: Vec<u8>) -> Result<Code, AwsError> {
        let store = self.hosting.code.clone();
        blocking(move || store.store_zip(&zip)).await
    }

    /// Stores a file.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub(crate) async fn store_file(&self, name: String, text: String) -> Result<Code, AwsError> {
        let store = self.hosting.code.clone();
        blocking(move || store.store_file(&name, &text)).await
    }

    /// Writes a change and shows it. Once begun it goes on without its caller: what is on disk must be what is known.
    async fn commit(
        self: &Arc<Self>,
        before: Option<Arc<Function>>,
        after: Function,
        changing: OwnedMutexGuard<()>,
    ) -> Result<Arc<Function>, AwsError> {
        let deployer = Arc::clone(self);
        to_the_end(async move {
            let changes = documents::changes(before.as_deref(), &after);
            if !changes.is_empty() {
                deployer.store.write(Write::Deploy(changes)).await?;
            }
            let after = deployer.functions.put(after);
            drop(changing);
            Ok(after)
        })
        .await
    }
}

/// Places for invocations of a plain function.
fn places(reserved_concurrency: Option<u32>) -> Arc<Semaphore> {
    let places = reserved_concurrency.map_or(PLAIN_PLACES, |most| most as usize);
    Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))
}

/// Two versions that differ in their descriptions only are the same to PublishVersion.
fn without_description(config: &FunctionConfig) -> FunctionConfig {
    FunctionConfig { description: String::new(), ..config.clone() }
}

fn in_process(name: &str) -> AwsError {
    AwsError::invalid_parameter(format!(
        "The function {name} is built into this server and cannot be changed."
    ))
}

/// Work with files, where it holds nobody up.
async fn blocking(
    work: impl FnOnce() -> Result<Code, CodeError> + Send + 'static,
) -> Result<Code, AwsError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|failure| AwsError::service(failure.to_string()))?.map_err(|error| match error {
        CodeError::Invalid(text) => AwsError::invalid_parameter(text),
        CodeError::Io(_) => AwsError::service(error.to_string()),
    })
}
