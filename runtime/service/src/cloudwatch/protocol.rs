//! Which protocol a request is in; reading bodies, writing answers and errors.

use std::borrow::Cow;
use std::io::Read as _;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::shape::Shape;
use super::{Answer, cbor, form};
use crate::wire::query::Query;

const SERVICE: &str = "GraniteServiceVersion20100801";
const VERSION: &str = "2010-08-01";
const XML_NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
const ERROR_NAMESPACE: &str = "com.amazonaws.cloudwatch";
const FORM: &str = "application/x-www-form-urlencoded";
/// A compressed body, unpacked: as much as any body may be.
const UNPACKED_BYTES_MAX: u64 = 16 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Forms and XML.
    Query,
    /// AWS JSON 1.0.
    Json,
    /// Smithy RPC v2.
    Cbor,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    protocol: Protocol,
    operation: String,
}

impl Asked {
    /// `None` if the request is for another service.
    pub(super) fn of(request: &Request<Bytes>) -> Option<Self> {
        if request.method() != Method::POST {
            return None;
        }
        let of = |protocol, operation: &str| Self { protocol, operation: operation.to_owned() };
        let path = request.uri().path();
        if let Some(rest) = path.strip_prefix("/service/").and_then(|it| it.strip_prefix(SERVICE)) {
            return rest.strip_prefix("/operation/").map(|it| of(Protocol::Cbor, it));
        }
        if let Some(target) = header(request, "x-amz-target") {
            let operation = target.strip_prefix(SERVICE)?.strip_prefix('.')?;
            return Some(of(Protocol::Json, operation));
        }
        let content_type = header(request, CONTENT_TYPE.as_str())?;
        if path != "/" || !content_type.to_ascii_lowercase().starts_with(FORM) {
            return None;
        }
        // Whoever sends what cannot be unpacked compresses, and only clients of CloudWatch do.
        let Ok(body) = unpacked(request) else { return Some(of(Protocol::Query, "")) };
        let form = Query::parse(Some(&String::from_utf8_lossy(&body)));
        (form.get("Version") == Some(VERSION))
            .then(|| of(Protocol::Query, form.get("Action").unwrap_or_default()))
    }

    pub(super) fn operation(&self) -> &str {
        &self.operation
    }

    /// The request's body, as one tree for all protocols.
    pub(super) fn read(&self, request: &Request<Bytes>) -> Result<Value, Refusal> {
        let body = unpacked(request)?;
        match self.protocol {
            Protocol::Query => form::read(&body),
            _ if body.is_empty() => Ok(json!({})),
            Protocol::Json => serde_json::from_slice(&body)
                .map_err(|error| Refusal::serialization(error.to_string())),
            Protocol::Cbor => cbor::read(&body),
        }
    }

    /// The answer, or the error.
    pub(super) fn write(&self, answer: Answer, request_id: &str) -> Response<Bytes> {
        match answer {
            Ok(output) => self.accept(output.as_ref(), request_id),
            Err(refusal) => self.refuse(&refusal, request_id),
        }
    }

    fn accept(&self, output: Option<&Shape>, request_id: &str) -> Response<Bytes> {
        let body = match (self.protocol, output) {
            (Protocol::Query, output) => self.xml(output, request_id).into_bytes(),
            (Protocol::Json, Some(output)) => output.json().to_string().into_bytes(),
            (Protocol::Json, None) => b"{}".to_vec(),
            (Protocol::Cbor, None) => Vec::new(),
            (Protocol::Cbor, Some(output)) => match cbor::write(&output.cbor()) {
                Ok(body) => body,
                Err(error) => return self.refuse(&Refusal::serialization(error), request_id),
            },
        };
        self.respond(200, body)
    }

    fn xml(&self, output: Option<&Shape>, request_id: &str) -> String {
        let operation = &self.operation;
        let mut result = String::new();
        if let Some(output) = output {
            result.push_str(&format!("<{operation}Result>"));
            output.xml(&mut result);
            result.push_str(&format!("</{operation}Result>"));
        }
        format!(
            "<{operation}Response xmlns=\"{XML_NAMESPACE}\">{result}<ResponseMetadata>\
             <RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
        )
    }

    fn refuse(&self, refusal: &Refusal, request_id: &str) -> Response<Bytes> {
        let Refusal { code, exception, status, message } = refusal;
        let (status, fault) = (*status, refusal.fault());
        let kind = format!("{ERROR_NAMESPACE}#{exception}");
        let body = match self.protocol {
            Protocol::Query => {
                let message = quick_xml::escape::escape(message.as_str());
                format!(
                    "<ErrorResponse xmlns=\"{XML_NAMESPACE}\"><Error><Type>{fault}</Type>\
                     <Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>{request_id}</RequestId></ErrorResponse>"
                )
                .into_bytes()
            }
            // The service model spells the text of this one error with a capital.
            Protocol::Json | Protocol::Cbor => {
                let member = if status < 500 { "message" } else { "Message" };
                let error = Shape::Structure(vec![
                    ("__type", Shape::text(kind)),
                    (member, Shape::text(message.as_str())),
                ]);
                match self.protocol {
                    Protocol::Cbor => cbor::write(&error.cbor()).unwrap_or_default(),
                    _ => error.json().to_string().into_bytes(),
                }
            }
        };
        let mut response = self.respond(status, body);
        if self.protocol != Protocol::Query
            && let Ok(value) = format!("{code};{fault}").parse()
        {
            response.headers_mut().insert("x-amzn-query-error", value);
        }
        response
    }

    fn respond(&self, status: u16, body: Vec<u8>) -> Response<Bytes> {
        let mut builder = Response::builder().status(status);
        if self.protocol == Protocol::Cbor {
            builder = builder.header("smithy-protocol", "rpc-v2-cbor");
        }
        if !body.is_empty() {
            builder = builder.header(
                CONTENT_TYPE,
                match self.protocol {
                    Protocol::Query => "text/xml",
                    Protocol::Json => "application/x-amz-json-1.0",
                    Protocol::Cbor => "application/cbor",
                },
            );
        }
        builder.body(Bytes::from(body)).unwrap_or_default()
    }
}

fn header<'r>(request: &'r Request<Bytes>, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

/// The body as it was before the client compressed it.
fn unpacked(request: &Request<Bytes>) -> Result<Cow<'_, [u8]>, Refusal> {
    match header(request, CONTENT_ENCODING.as_str()) {
        Some("gzip") => {
            let mut body = Vec::new();
            let bytes: &[u8] = request.body();
            flate2::read::GzDecoder::new(bytes)
                .take(UNPACKED_BYTES_MAX + 1)
                .read_to_end(&mut body)
                .map_err(|error| Refusal::serialization(error.to_string()))?;
            if body.len() as u64 > UNPACKED_BYTES_MAX {
                return Err(Refusal::serialization("The request is too large."));
            }
            Ok(Cow::Owned(body))
        }
        _ => Ok(Cow::Borrowed(request.body())),
    }
}
