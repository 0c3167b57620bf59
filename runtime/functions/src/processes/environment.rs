//! The environment of a function's process.
//!
//! It is made from nothing: of the server's own variables a process sees only those in [`INHERITED`], so that neither
//! the server's credentials nor its settings reach a function by accident.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;

use super::platform::ProcessLog;
use super::spec::ProcessSpec;

/// What a process gets from the server's environment, and what it gets if the server has none: where programs are, and
/// how text and time look. Lambda sets the last two to the values here.
const INHERITED: [(&str, &str); 3] =
    [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "en_US.UTF-8"), ("TZ", ":UTC")];

/// Where Lambda keeps a managed runtime. Nothing is there on other machines, but programs read the variable.
const RUNTIME_DIRECTORY: &str = "/var/runtime";

/// Every variable of a process whose Runtime API is at `runtime_api` and that has this log.
pub(super) fn environment(
    spec: &ProcessSpec,
    runtime_api: SocketAddr,
    log: &ProcessLog,
) -> BTreeMap<OsString, OsString> {
    let mut variables = BTreeMap::new();
    for (name, otherwise) in INHERITED {
        let value = std::env::var_os(name).unwrap_or_else(|| otherwise.into());
        variables.insert(name.into(), value);
    }
    variables.extend(defaults(spec));
    variables.extend(spec.environment.iter().map(|(name, value)| (name.into(), value.into())));
    variables.extend(reserved(spec, runtime_api, log));
    variables
}

/// What a function's own variables may replace.
fn defaults(spec: &ProcessSpec) -> Vec<(OsString, OsString)> {
    let mut libraries = spec.task_root.clone().into_os_string();
    libraries.push(":");
    libraries.push(spec.task_root.join("lib"));
    let mut variables = vec![
        ("LD_LIBRARY_PATH".into(), libraries),
        ("AWS_ACCESS_KEY_ID".into(), (&spec.credentials.access_key_id).into()),
        ("AWS_SECRET_ACCESS_KEY".into(), (&spec.credentials.secret_access_key).into()),
    ];
    if let Some(token) = &spec.credentials.session_token {
        variables.push(("AWS_SESSION_TOKEN".into(), token.into()));
    }
    if !spec.endpoint_url.is_empty() {
        variables.push(("AWS_ENDPOINT_URL".into(), (&spec.endpoint_url).into()));
        variables.push(("AWS_ENDPOINT_URL_LAMBDA".into(), (&spec.endpoint_url).into()));
    }
    variables
}

/// What Lambda decides, whatever a function's own variables say.
fn reserved(
    spec: &ProcessSpec,
    runtime_api: SocketAddr,
    log: &ProcessLog,
) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = vec![
        ("AWS_LAMBDA_RUNTIME_API".into(), runtime_api.to_string().into()),
        ("AWS_LAMBDA_FUNCTION_NAME".into(), (&spec.function_name).into()),
        ("AWS_LAMBDA_FUNCTION_VERSION".into(), (&spec.version).into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".into(), spec.memory_mb.to_string().into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME".into(), (&spec.log_group).into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME".into(), (&*log.stream).into()),
        ("AWS_LAMBDA_LOG_FORMAT".into(), spec.log_format.name().into()),
        ("AWS_REGION".into(), (&spec.region).into()),
        ("AWS_DEFAULT_REGION".into(), (&spec.region).into()),
        ("_HANDLER".into(), (&spec.handler).into()),
        ("LAMBDA_TASK_ROOT".into(), (&spec.task_root).into()),
        ("LAMBDA_RUNTIME_DIR".into(), RUNTIME_DIRECTORY.into()),
    ];
    let kind = match spec.max_concurrency {
        Some(most) => {
            variables.push(("AWS_LAMBDA_MAX_CONCURRENCY".into(), most.to_string().into()));
            "lambda-managed-instances"
        }
        None => "on-demand",
    };
    variables.push(("AWS_LAMBDA_INITIALIZATION_TYPE".into(), kind.into()));
    if let Some(level) = &spec.log_level {
        variables.push(("AWS_LAMBDA_LOG_LEVEL".into(), level.into()));
    }
    if let Some(runtime) = &spec.command.managed_runtime {
        variables.push(("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_{runtime}").into()));
    }
    variables
}
