//! Which server, stack, function and table a command is for, as the command line says.

use std::fmt::Write as _;

use clap::Args;
use orders::settings::PRODUCT_CATALOG_TABLE;

use crate::embedded::STACK_NAME;

/// Where `serve` listens unless told otherwise.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:6737";
/// Names the function that orders are sent to.
const VALIDATE_ORDER_FUNCTION: &str = "VALIDATE_ORDER_FUNCTION";
/// Names the server.
const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// Names the stack.
const DURABLE_ORDERS_STACK: &str = "DURABLE_ORDERS_STACK";

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
    /// The stack whose outputs name the function and the table [default with --aws:
    /// LambdaDurableFunctionChainingCdkStack]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = DURABLE_ORDERS_STACK,
        hide_env_values = true
    )]
    pub stack: Option<String>,
    /// The function that takes orders [default: the stack's; ValidateOrder without a stack]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = VALIDATE_ORDER_FUNCTION,
        hide_env_values = true
    )]
    pub function: Option<String>,
    /// The version or alias of the function [default: orders are found in all versions, and placed through the stack's
    /// alias, or through $LATEST without a stack]
    #[arg(long, global = true, value_name = "VERSION")]
    pub qualifier: Option<String>,
    /// The table of products [default: the stack's; ProductCatalog without a stack]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = PRODUCT_CATALOG_TABLE,
        hide_env_values = true
    )]
    pub table: Option<String>,
}

impl Target {
    /// The order system of this program, on a server at this address.
    #[must_use]
    pub fn local(endpoint_url: String) -> Self {
        Self {
            endpoint_url: Some(endpoint_url),
            aws: false,
            region: None,
            stack: None,
            function: None,
            qualifier: None,
            table: None,
        }
    }

    /// The address of the server; `None` for AWS.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        if self.aws {
            return None;
        }
        Some(given(&self.endpoint_url).unwrap_or(DEFAULT_ENDPOINT).to_owned())
    }

    /// The stack that names what is not named itself; `None` if there is none to ask.
    #[must_use]
    pub fn stack(&self) -> Option<&str> {
        given(&self.stack).or(self.aws.then_some(STACK_NAME))
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
        let endpoint = self.endpoint().filter(|url| url != DEFAULT_ENDPOINT);
        let options = [
            ("endpoint-url", &endpoint),
            ("region", &self.region),
            ("stack", &self.stack),
            ("function", &self.function),
            ("qualifier", &self.qualifier),
            ("table", &self.table),
        ];
        for (option, value) in options {
            if let Some(value) = given(value) {
                // Writing to a string cannot fail.
                let _ = write!(line, " --{option} {}", quoted(value));
            }
        }
        line.push(' ');
        line.push_str(command);
        line
    }
}

/// An empty variable in the environment counts as not set.
pub(super) fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
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

        let qualifier = Some("$LIVE".to_owned());
        let target = Target { qualifier, ..Target::local("http://[::1]:9".to_owned()) };
        assert_eq!(
            target.command("order show A-1"),
            "durable-orders --endpoint-url 'http://[::1]:9' --qualifier '$LIVE' order show A-1"
        );

        let target = Target { aws: true, ..target };
        assert_eq!(target.command("x"), "durable-orders --aws --qualifier '$LIVE' x");
        let target = Target { stack: Some("shop".to_owned()), ..target };
        assert_eq!(target.command("x"), "durable-orders --aws --stack shop --qualifier '$LIVE' x");
    }

    #[test]
    fn aws_has_a_stack_and_another_server_only_if_it_is_named() {
        let local = Target::local(DEFAULT_ENDPOINT.to_owned());
        assert_eq!(local.stack(), None);
        assert_eq!(Target { stack: Some(String::new()), ..local.clone() }.stack(), None);
        let aws = Target { aws: true, ..local };
        assert_eq!(aws.stack(), Some("LambdaDurableFunctionChainingCdkStack"));
        assert_eq!(Target { stack: Some("shop".to_owned()), ..aws }.stack(), Some("shop"));
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        assert!(endpoint_url("https://example.com").is_ok());
        for text in ["127.0.0.1:6737", "http://", "ftp://x", "http://a b"] {
            assert!(endpoint_url(text).is_err(), "{text}");
        }
    }
}
