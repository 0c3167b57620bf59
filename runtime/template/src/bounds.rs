//! Lambda's own bounds of a function: the same in a template and in CreateFunction.

/// Seconds that one invocation may take.
pub const TIMEOUT_SECONDS_MAX: u32 = 900;
/// The same on what AWS calls managed instances.
pub const MANAGED_TIMEOUT_SECONDS_MAX: u32 = 5_400;
/// Megabytes that a function may be told to have.
pub const MEMORY_MB_MAX: u32 = 32_768;
/// Megabytes that its `/tmp` may be said to have.
pub const STORAGE_MB_MAX: u32 = 32_768;
/// Characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 256;
/// Characters of a handler.
pub const HANDLER_CHARS_MAX: usize = 128;
/// Seconds until an execution times out: 366 days.
pub const EXECUTION_TIMEOUT_SECONDS_MAX: u32 = 31_622_400;
/// Days for which a closed execution is kept.
pub const RETENTION_DAYS_MAX: u32 = 90;
/// Invocations in one process at one time.
pub const MAX_CONCURRENCY_MAX: u32 = 1_600;
/// Bytes of all variables of a function.
pub const ENVIRONMENT_BYTES_MAX: usize = 4_096;

/// Variables that Lambda sets itself and refuses to take.
pub const RESERVED_VARIABLES: [&str; 21] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];
