//! Where functions run.
//!
//! The service knows a function only as a [`FunctionHost`]: something that takes an [`Invocation`] and gives bytes or a
//! [`FunctionError`]. Two hosts are here. [`HandlerFunction`] is a handler in this process, the very one that its Lambda bootstrap
//! passes to `lambda_runtime::run`; its AWS clients reach the service through [`InMemoryHttp`]: the same requests and
//! answers as over a socket, without the socket. [`ProcessFunction`] is any program that speaks the Lambda Runtime API,
//! in processes of its own.
//!
//! | file | job |
//! |---|---|
//! | `host` | the trait, the invocation, the error |
//! | `handler` | a `lambda_runtime` handler as a host |
//! | `logged` | the log of a handler in this process |
//! | `in_memory_http` | an HTTP client for AWS SDKs that calls a function instead of a network |
//! | `processes/` | child processes on the Lambda Runtime API as a host |

mod handler;
mod host;
mod in_memory_http;
mod logged;
mod processes;

pub use handler::HandlerFunction;
pub use host::{BoxFuture, FunctionError, FunctionHost, Invocation, Processes};
pub use in_memory_http::{Door, InMemoryHttp};
pub use logged::{FunctionLog, LoggedFunction, own_line};
pub use processes::{
    Client, CommandLine, Credentials, LogFormat, LogLine, LogSink, LogStream, ProcessFunction,
    ProcessSpec, Runtime, TracingLog, UnknownRuntime, stream_name,
};
