//! The headers with which `/next` hands out an event.

use crate::host::Invocation;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");
const CLIENT_CONTEXT: HeaderName = HeaderName::from_static("lambda-runtime-client-context");
const TENANT_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-tenant-id");

/// Says which attempt an answer is for; runtimes that know it send it back.
pub(super) const INVOCATION_ID: HeaderName =
    HeaderName::from_static("lambda-runtime-invocation-id");

/// The headers of this invocation. What cannot stand in a header is left out: a runtime takes nothing else for text.
pub(super) fn headers(invocation: &Invocation, attempt: &str, deadline_ms: u64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Without one, some clients take the event for bytes.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(DEADLINE, HeaderValue::from(deadline_ms));
    let client_context = invocation.client_context.as_deref().map(ascii_json);
    let texts = [
        (REQUEST_ID, Some(invocation.request_id.as_str())),
        (FUNCTION_ARN, Some(invocation.function_arn.as_str())),
        (INVOCATION_ID, Some(attempt)),
        (TRACE_ID, invocation.trace_header.as_deref()),
        (TENANT_ID, invocation.tenant_id.as_deref()),
        (CLIENT_CONTEXT, client_context.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// The same JSON in ASCII and on one line. Outside its strings JSON is ASCII, and inside them every character may be
/// escaped; control characters below the space can only stand between tokens.
fn ascii_json(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            ' '..='~' => ascii.push(character),
            '\0'..' ' => ascii.push(' '),
            character => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    ascii.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_context_becomes_ascii_and_stays_the_same_json() {
        let json = "{\n\t\"custom\": {\"name\": \"Zoë 🦀\"}}";
        let ascii = ascii_json(json);
        assert!(ascii.is_ascii() && HeaderValue::from_str(&ascii).is_ok(), "{ascii}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&ascii), read(json));
    }
}
