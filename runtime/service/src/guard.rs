//! Keeps web pages away from a server that asks for no signature.
//!
//! Any page that a browser shows may send requests to this machine's loopback address. A request that comes from a page
//! says so in `Origin`, and one that reached us through a foreign name, because that name was pointed at this machine,
//! carries the name in `Host`. Both are refused unless they name this machine.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use crate::wire::error::AwsError;

/// Refuses what a foreign web page sends.
///
/// # Errors
/// `AccessDeniedException`, which says why.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), AwsError> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(host) = text(HOST)
        && !is_this_machine(host)
    {
        return Err(AwsError::access_denied(
            "This server answers requests to a loopback address or localhost only.",
        ));
    }
    if let Some(origin) = text(ORIGIN)
        && !origin.split_once("://").is_some_and(|(_, host)| is_this_machine(host))
    {
        return Err(AwsError::access_denied(
            "This server does not answer web pages of other machines.",
        ));
    }
    Ok(())
}

/// Whether `host`, with or without a port, can only be this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn allowed(host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        check(&headers).is_ok()
    }

    #[test]
    fn clients_of_this_machine_are_answered() {
        for host in ["127.0.0.1:6737", "localhost", "LOCALHOST:1", "[::1]:6737", "aws.localhost:80"]
        {
            assert!(allowed(host, None), "{host}");
            assert!(allowed(host, Some("http://localhost:3000")), "{host}");
        }
    }

    #[test]
    fn pages_of_other_machines_and_foreign_names_are_refused() {
        assert!(!allowed("shop.example:6737", None));
        assert!(!allowed("127.0.0.1.example", None));
        for origin in ["https://shop.example", "null", "http://localhost.example"] {
            assert!(!allowed("127.0.0.1:6737", Some(origin)), "{origin}");
        }
    }
}
