//! The two text formats.
//!
//! The client library writes OpenMetrics 1.0. Prometheus's older text format 0.0.4, which everybody reads and which is
//! the answer to whoever asks for nothing, is the same but for three things: the name of a counter in its description
//! ends in `_total` too, there is no `# EOF`, and there is no type `info` or `unknown`, which nothing here has.

use std::fmt::Write as _;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    OpenMetrics,
    Text,
}

const OPEN_METRICS: &str = "application/openmetrics-text";

impl Format {
    /// What `Accept` asks for: OpenMetrics only by its name, and not if plain text is preferred.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let mut quality = [0.0, 0.0];
        for accept in headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok()) {
            for range in accept.split(',') {
                let mut parts = range.split(';').map(str::trim);
                let kind = parts.next().unwrap_or_default();
                let given = parts.find_map(|part| part.strip_prefix("q="));
                let given = given.map_or(1.0, |given| given.parse().unwrap_or(0.0));
                let [open, text] = &mut quality;
                let known = match kind.to_ascii_lowercase().as_str() {
                    OPEN_METRICS => open,
                    "text/plain" => text,
                    _ => continue,
                };
                *known = f64::max(*known, given);
            }
        }
        let [open, text] = quality;
        if open > 0.0 && open >= text { Self::OpenMetrics } else { Self::Text }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        })
    }

    /// An answer with everything that these hold.
    pub(super) fn write(self, registries: &[&Registry]) -> Response<Bytes> {
        let mut text = String::new();
        let written =
            registries.iter().try_for_each(|registry| encode_registry(&mut text, registry));
        let written = written.and_then(|()| match self {
            Self::OpenMetrics => encode_eof(&mut text),
            Self::Text => {
                text = plain(&text);
                Ok(())
            }
        });
        let mut response = Response::new(Bytes::from(text));
        response.headers_mut().insert(CONTENT_TYPE, self.content_type());
        if written.is_err() {
            // Half of the metrics would look like a restart.
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        response
    }
}

/// OpenMetrics as Prometheus's text format 0.0.4. The description of a metric is two lines, of which the second tells
/// the type.
fn plain(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len() + 1024);
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|it| it.split_once(' '))
        else {
            let _ = writeln!(text, "{line}");
            continue;
        };
        let counter = format!("# TYPE {name} counter");
        // Writing to a string cannot fail.
        if lines.next_if(|next| **next == counter).is_some() {
            let _ = writeln!(text, "# HELP {name}_total {help}\n# TYPE {name}_total counter");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &'static str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Format::wanted(&headers)
    }

    #[test]
    fn a_scraper_gets_the_format_that_it_prefers() {
        // Prometheus 3, Prometheus 3 with its older format configured, a browser, curl, and nobody.
        assert_eq!(
            wanted(
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,\
                 text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
            ),
            Format::OpenMetrics
        );
        assert_eq!(
            wanted("text/plain;version=0.0.4;q=0.6, application/openmetrics-text; q=0.5"),
            Format::Text
        );
        assert_eq!(wanted("text/html,application/xhtml+xml,*/*;q=0.8"), Format::Text);
        assert_eq!(wanted("*/*"), Format::Text);
        assert_eq!(wanted("application/openmetrics-text;q=0"), Format::Text);
        assert_eq!(Format::wanted(&HeaderMap::new()), Format::Text);
    }

    #[test]
    fn the_older_format_calls_a_counter_by_its_whole_name() {
        let open = "# HELP a Why.\n# TYPE a counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb 2\n";
        let text = "# HELP a_total Why.\n# TYPE a_total counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb 2\n";
        assert_eq!(plain(open), text);
    }
}
