//! Which server, function and table a command is for.

use std::fmt::Write as _;

use clap::Args;
use orders::settings::PRODUCT_CATALOG_TABLE;

/// Where `serve` listens unless told otherwise.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:6737";
/// Names the function that orders are sent to.
const VALIDATE_ORDER_FUNCTION: &str = "VALIDATE_ORDER_FUNCTION";
/// Names the server.
const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

const DEFAULT_FUNCTION: &str = crate::embedded::VALIDATE_ORDER;
const DEFAULT_QUALIFIER: &str = "$LATEST";
const DEFAULT_TABLE: &str = "ProductCatalog";

/// The options that name the server and what is on it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct Target {
    /// The server's address [default: http://127.0.0.1:6737]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = AWS_ENDPOINT_URL,
        hide_env_values = true,
        value_parser = endpoint_url
    )]
    pub endpoint_url: Option<String>,
    /// Use AWS itself, with its endpoints and the usual credentials
    #[arg(long, global = true)]
    pub aws: bool,
    /// The AWS region [default: us-east-1 for a local server]
    #[arg(long, global = true, env = "AWS_REGION", hide_env_values = true)]
    pub region: Option<String>,
    /// The function that takes orders
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = VALIDATE_ORDER_FUNCTION,
        hide_env_values = true,
        default_value = DEFAULT_FUNCTION
    )]
    pub function: String,
    /// The version or alias of the function
    #[arg(long, global = true, value_name = "VERSION", default_value = DEFAULT_QUALIFIER)]
    pub qualifier: String,
    /// The table of products
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = PRODUCT_CATALOG_TABLE,
        hide_env_values = true,
        default_value = DEFAULT_TABLE
    )]
    pub table: String,
}

impl Target {
    /// The order system of this program, on a server at this address.
    #[must_use]
    pub fn local(endpoint_url: String) -> Self {
        Self {
            endpoint_url: Some(endpoint_url),
            aws: false,
            region: None,
            function: DEFAULT_FUNCTION.to_owned(),
            qualifier: DEFAULT_QUALIFIER.to_owned(),
            table: DEFAULT_TABLE.to_owned(),
        }
    }

    /// The address of the server; `None` for AWS.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        if self.aws {
            return None;
        }
        let given = self.endpoint_url.as_deref().filter(|url| !url.is_empty());
        Some(given.unwrap_or(DEFAULT_ENDPOINT).to_owned())
    }

    /// The server as messages call it.
    #[must_use]
    pub fn name(&self) -> String {
        self.endpoint().unwrap_or_else(|| "AWS".to_owned())
    }

    /// A command line of this program for the same server, as advice to copy.
    #[must_use]
    pub fn command(&self, command: &str) -> String {
        let mut line = String::from("durable-orders");
        if self.aws {
            line.push_str(" --aws");
        }
        let defaults = Self::local(DEFAULT_ENDPOINT.to_owned());
        let endpoint = self.endpoint();
        let options = [
            ("endpoint-url", endpoint.as_ref(), defaults.endpoint_url.as_ref()),
            ("region", self.region.as_ref(), None),
            ("function", Some(&self.function), Some(&defaults.function)),
            ("qualifier", Some(&self.qualifier), Some(&defaults.qualifier)),
            ("table", Some(&self.table), Some(&defaults.table)),
        ];
        for (option, value, default) in options {
            if let Some(value) = value.filter(|value| Some(*value) != default) {
                // Writing to a string cannot fail.
                let _ = write!(line, " --{option} {}", quoted(value));
            }
        }
        line.push(' ');
        line.push_str(command);
        line
    }
}

/// As a shell reads it back.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/=@%+,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn endpoint_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        // An empty variable in the environment counts as not set.
        _ if text.is_empty() => Ok(String::new()),
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => {
            Ok(text.to_owned())
        }
        _ => Err("an address looks like http://127.0.0.1:6737".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_only_what_is_not_the_default() {
        let target = Target::local(DEFAULT_ENDPOINT.to_owned());
        assert_eq!(target.command("order list"), "durable-orders order list");

        let target =
            Target { qualifier: "$LIVE".to_owned(), ..Target::local("http://[::1]:9".to_owned()) };
        assert_eq!(
            target.command("order show A-1"),
            "durable-orders --endpoint-url 'http://[::1]:9' --qualifier '$LIVE' order show A-1"
        );

        let target = Target { aws: true, ..target };
        assert_eq!(target.command("x"), "durable-orders --aws --qualifier '$LIVE' x");
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        assert!(endpoint_url("https://example.com").is_ok());
        for text in ["127.0.0.1:6737", "http://", "ftp://x", "http://a b"] {
            assert!(endpoint_url(text).is_err(), "{text}");
        }
    }
}
