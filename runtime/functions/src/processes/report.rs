//! The errors that runtimes report.
//!
//! Runtimes agree on two fields only. Python's `stackTrace` is a list of strings, Node's is called `trace`, Rust's is
//! missing, and some hold something else; a report that cannot be read is still a report.

use http::HeaderMap;
use serde_json::Value;

use crate::host::FunctionError;

/// Says what kind of error the body holds.
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// The kind if nothing says it, as on AWS.
const UNKNOWN: &str = "Runtime.Unknown";

/// The error in the body of `/error` or `/init/error`.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> FunctionError {
    let header = headers.get(ERROR_TYPE).and_then(|value| value.to_str().ok()).unwrap_or(UNKNOWN);
    let Ok(report @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
        return FunctionError::new(header, String::from_utf8_lossy(body));
    };
    let text = |name: &str| report.get(name).and_then(Value::as_str).map(str::to_owned);
    let stack_trace = report.get("stackTrace").or_else(|| report.get("trace"));
    FunctionError {
        error_type: text("errorType").unwrap_or_else(|| header.to_owned()),
        error_message: text("errorMessage").unwrap_or_default(),
        stack_trace: stack_trace.and_then(Value::as_array).map(|lines| {
            lines
                .iter()
                .map(|line| line.as_str().map_or_else(|| line.to_string(), str::to_owned))
                .collect()
        }),
        error_data: text("errorData"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_all_runtimes_are_read() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(ERROR_TYPE),
            http::HeaderValue::from_static("Runtime.Header"),
        )]);
        let read = |body: &str| read(&headers, body.as_bytes());
        let python =
            read(r#"{"errorMessage":"m","errorType":"T","requestId":"","stackTrace":["a","b"]}"#);
        assert_eq!(python.stack_trace.unwrap(), ["a", "b"]);
        let node = read(r#"{"errorType":"T","errorMessage":"m","trace":["a"]}"#);
        assert_eq!(
            (node.error_type.as_str(), node.stack_trace.unwrap()),
            ("T", vec!["a".to_owned()])
        );
        let rust = read(r#"{"errorMessage":"m"}"#);
        assert_eq!((rust.error_type.as_str(), rust.stack_trace), ("Runtime.Header", None));
        let text = read("no JSON");
        assert_eq!(
            (text.error_type.as_str(), text.error_message.as_str()),
            ("Runtime.Header", "no JSON")
        );
    }
}
