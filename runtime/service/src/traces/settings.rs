//! What OpenTelemetry's environment variables say (its specifications of the SDK and of the OTLP exporter).

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use super::context::Sampler;

/// The path of traces below a collector's base address.
const TRACES_PATH: &str = "v1/traces";
const SERVICE_NAME: &str = "durable-orders";
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a collector may be waited for, and a batch may wait for more spans.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Spans that wait to be sent, and that one request carries; the defaults are OpenTelemetry's.
const QUEUE: usize = 2048;
const QUEUE_MAX: usize = 65_536;
const BATCH: usize = 512;
const BATCH_MAX: usize = 4096;
const BATCH_DELAY: Duration = Duration::from_secs(5);

/// Where traces go, and which.
#[derive(Clone, Debug)]
pub struct TraceSettings {
    pub(super) endpoint: Uri,
    /// Sent with every request; they may hold a password.
    pub(super) headers: HeaderMap,
    /// What the collector has for one answer.
    pub(super) timeout: Duration,
    /// What is said of all spans together.
    pub(super) resource: Vec<(String, String)>,
    pub(super) sampler: Sampler,
    pub(super) queue_max: usize,
    pub(super) batch_max: usize,
    /// How long a span waits for others to be sent with.
    pub(super) batch_delay: Duration,
}

/// A variable that cannot be followed: one sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TraceSettingsError(String);

type Result<T> = std::result::Result<T, TraceSettingsError>;

fn refused<T>(name: &str, value: &str, wanted: &str) -> Result<T> {
    Err(TraceSettingsError(format!("cannot export traces: {name} is {value:?}; {wanted}")))
}

/// The variables; an empty one counts as none.
struct Variables<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The variable for traces, and else the one for all signals, with its name.
    fn otlp(&self, name: &str) -> Option<(String, String)> {
        [format!("OTEL_EXPORTER_OTLP_TRACES_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")]
            .into_iter()
            .find_map(|name| self.get(&name).map(|value| (name, value)))
    }

    fn millis(&self, found: Option<(String, String)>, default: Duration) -> Result<Duration> {
        let Some((name, value)) = found else { return Ok(default) };
        match value.parse().map(Duration::from_millis) {
            Ok(time) if !time.is_zero() && time <= TIMEOUT_MAX => Ok(time),
            _ => refused(&name, &value, "give milliseconds from 1 to 60000"),
        }
    }

    fn count(&self, name: &str, default: usize, max: usize) -> Result<usize> {
        let Some(value) = self.get(name) else { return Ok(default) };
        match value.parse() {
            Ok(count) if (1..=max).contains(&count) => Ok(count),
            _ => refused(name, &value, &format!("give a number from 1 to {max}")),
        }
    }

    fn named(&self, name: &str) -> Option<(String, String)> {
        self.get(name).map(|value| (name.to_owned(), value))
    }
}

impl TraceSettings {
    /// The settings in the given environment; none if nobody asks for traces.
    ///
    /// # Errors
    /// [`TraceSettingsError`] when a variable asks for what cannot be done: better no start than traces that silently
    /// go nowhere.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>> {
        let variables = Variables(&variable);
        let disabled = variables.get("OTEL_SDK_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        match variables.get("OTEL_TRACES_EXPORTER").as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(other) => {
                return refused("OTEL_TRACES_EXPORTER", other, "only otlp and none are known");
            }
        }
        let Some(endpoint) = endpoint(&variables)? else { return Ok(None) };
        check_protocol(&variables)?;
        let queue_max = variables.count("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE, QUEUE_MAX)?;
        let batch_max = variables.count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH, BATCH_MAX)?;
        Ok(Some(Self {
            endpoint,
            headers: headers(&variables)?,
            timeout: variables.millis(variables.otlp("TIMEOUT"), TIMEOUT)?,
            resource: resource(&variables)?,
            sampler: sampler(&variables)?,
            queue_max,
            batch_max: batch_max.min(queue_max),
            batch_delay: variables
                .millis(variables.named("OTEL_BSP_SCHEDULE_DELAY"), BATCH_DELAY)?,
        }))
    }
}

fn endpoint(variables: &Variables<'_>) -> Result<Option<Uri>> {
    const WANTED: &str = "give the collector's address, such as http://127.0.0.1:4318";
    let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    let (name, value, text) =
        match (variables.get(own), variables.get("OTEL_EXPORTER_OTLP_ENDPOINT")) {
            (Some(value), _) => (own, value.clone(), value),
            (None, Some(value)) => {
                let text = format!("{}/{TRACES_PATH}", value.trim_end_matches('/'));
                ("OTEL_EXPORTER_OTLP_ENDPOINT", value, text)
            }
            (None, None) => return Ok(None),
        };
    match text.parse::<Uri>() {
        Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
            Ok(Some(uri))
        }
        _ => refused(name, &value, WANTED),
    }
}

fn check_protocol(variables: &Variables<'_>) -> Result<()> {
    match variables.otlp("PROTOCOL") {
        Some((name, value)) if value != "http/protobuf" => refused(
            &name,
            &value,
            "only http/protobuf is spoken here; collectors take it at port 4318",
        )?,
        _ => {}
    }
    match variables.otlp("COMPRESSION") {
        Some((name, value)) if value != "none" => {
            refused(&name, &value, "traces are sent uncompressed; set it to none")
        }
        _ => Ok(()),
    }
}

/// `name=value,name=value`, with percent signs as in addresses.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let decode = |text: &str| percent_decode_str(text.trim()).decode_utf8().map(String::from);
        Some((decode(key).ok()?, decode(value).ok()?)).filter(|(key, _)| !key.is_empty())
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    match parts.map(pair).collect() {
        Some(pairs) => Ok(pairs),
        // The value is not shown: it may hold a password.
        None => refused(name, "...", "write it as name=value,name=value"),
    }
}

fn headers(variables: &Variables<'_>) -> Result<HeaderMap> {
    let Some((name, text)) = variables.otlp("HEADERS") else { return Ok(HeaderMap::new()) };
    let mut headers = HeaderMap::new();
    for (key, value) in pairs(&name, &text)? {
        let (Ok(key), Ok(mut value)) =
            (HeaderName::try_from(key.as_str()), HeaderValue::try_from(value))
        else {
            return refused(&name, "...", &format!("{key:?} or its value cannot be a header"));
        };
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

fn resource(variables: &Variables<'_>) -> Result<Vec<(String, String)>> {
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    let mut resource = match variables.get(name) {
        Some(text) => pairs(name, &text)?,
        None => Vec::new(),
    };
    let mut default = |key: &str, value: String| {
        if !resource.iter().any(|(known, _)| known == key) {
            resource.push((key.to_owned(), value));
        }
    };
    default("service.name", SERVICE_NAME.to_owned());
    default("service.version", env!("CARGO_PKG_VERSION").to_owned());
    if let Some(service) = variables.get("OTEL_SERVICE_NAME") {
        resource.retain(|(key, _)| key != "service.name");
        resource.push(("service.name".to_owned(), service));
    }
    Ok(resource)
}

fn sampler(variables: &Variables<'_>) -> Result<Sampler> {
    let (name, argument) = ("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG");
    let sampler = variables.get(name).unwrap_or_else(|| "parentbased_always_on".to_owned());
    let (parent_based, root) = match sampler.strip_prefix("parentbased_") {
        Some(root) => (true, root),
        None => (false, sampler.as_str()),
    };
    let ratio = match root {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => {
            let text = variables.get(argument).unwrap_or_else(|| "1".to_owned());
            match text.parse() {
                Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
                _ => refused(argument, &text, "give a share from 0 to 1")?,
            }
        }
        _ => refused(
            name,
            &sampler,
            "always_on, always_off and traceidratio are known, each also with parentbased_ before it",
        )?,
    };
    Ok(Sampler { parent_based, ratio })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<TraceSettings>> {
        TraceSettings::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    const ON: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/");

    #[test]
    fn nothing_is_exported_unless_an_endpoint_is_set() {
        for variables in [
            vec![],
            vec![("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            vec![ON, ("OTEL_SDK_DISABLED", "true")],
            vec![ON, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert!(read(&variables).is_ok_and(|settings| settings.is_none()), "{variables:?}");
        }
    }

    #[test]
    fn the_standard_variables_are_followed() {
        let settings = read(&[
            ON,
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b, authorization=Basic x"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=lost,team=shop"),
            ("OTEL_SERVICE_NAME", "orders"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ]);
        let settings = settings.ok().flatten().unwrap_or_else(|| unreachable!());
        assert_eq!(settings.endpoint, "http://127.0.0.1:4318/v1/traces");
        assert_eq!(settings.headers["x-key"], "a b");
        assert!(!format!("{settings:?}").contains("Basic"), "{settings:?}");
        assert_eq!(settings.timeout, Duration::from_millis(1500));
        let names: Vec<_> = settings.resource.iter().filter(|it| it.0 == "service.name").collect();
        assert_eq!(names, [&("service.name".to_owned(), "orders".to_owned())]);
        assert!(settings.resource.contains(&("team".to_owned(), "shop".to_owned())));
        assert_eq!(settings.sampler, Sampler { parent_based: true, ratio: 0.5 });
        assert_eq!((settings.queue_max, settings.batch_max), (100, 100));
    }

    #[test]
    fn the_endpoint_for_traces_is_taken_as_it_is() {
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://collector.example/in");
        let settings = read(&[ON, own]).ok().flatten().unwrap_or_else(|| unreachable!());
        assert_eq!(settings.endpoint, "https://collector.example/in");
    }

    #[test]
    fn what_cannot_be_followed_is_refused_with_the_variable_and_a_way_out() {
        for (name, value, wanted) in [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "localhost:4317", "such as http://"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://host/", "such as http://"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "port 4318"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "none"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "name=value"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "milliseconds"),
            ("OTEL_TRACES_SAMPLER", "sometimes", "always_on"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1 to 65536"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "otlp"),
        ] {
            let error = read(&[ON, (name, value)]).err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(error.contains(name) && error.contains(wanted), "{name}: {error}");
        }
        let error = read(&[ON, ("OTEL_EXPORTER_OTLP_HEADERS", "secret")]).err();
        assert!(error.is_some_and(|error| !error.to_string().contains("secret")));
    }
}
