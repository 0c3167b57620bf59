//! Where functions run.
//!
//! The service knows a function only as a [`FunctionHost`]: something that takes an [`Invocation`] and gives bytes or a
//! [`FunctionError`]. One host is here, [`HandlerFunction`]: a handler in this process, the very one that its Lambda
//! bootstrap passes to `lambda_runtime::run`. Its AWS clients reach the service through [`InMemoryHttp`]: the same
//! requests and answers as over a socket, without the socket.
//!
//! | file | job |
//! |---|---|
//! | `host` | the trait, the invocation, the error |
//! | `handler` | a `lambda_runtime` handler as a host |
//! | `in_memory_http` | an HTTP client for AWS SDKs that calls a function instead of a network |

mod handler;
mod host;
mod in_memory_http;

pub use handler::HandlerFunction;
pub use host::{BoxFuture, FunctionError, FunctionHost, Invocation};
pub use in_memory_http::{Door, InMemoryHttp};
