//! Which gateway moves the money, from the environment.
//!
//! Everything is checked here, before anything is served, and an error names its variable.

use http::Uri;
use http::uri::Scheme;

use super::stripe::{SecretKey, StripeSettings};
use crate::settings::{
    PAYMENT_CURRENCY, PAYMENT_GATEWAY, STRIPE_API_BASE, STRIPE_SECRET_KEY,
    STRIPE_SECRET_KEY_SECRET_ID, SettingsError, problem,
};

/// The currency of the catalog's prices unless configured.
const DEFAULT_CURRENCY: &str = "usd";
/// Stripe itself.
const STRIPE: &str = "https://api.stripe.com";
/// Currencies of Stripe whose smallest unit is not a hundredth, so that our cents would be another
/// amount: without decimals, with three, and those that Stripe counts in a way of its own.
const WITHOUT_CENTS: [&str; 24] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv",
    "xaf", "xof", "xpf", "bhd", "jod", "kwd", "omr", "tnd", "huf", "isk", "twd",
];

/// Who moves the money.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GatewaySettings {
    /// Nobody: see [`SimulatedGateway`](super::SimulatedGateway).
    #[default]
    Simulated,
    /// Stripe.
    Stripe(StripeSettings),
}

/// Where Stripe's secret key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Here.
    Given(SecretKey),
    /// In AWS Secrets Manager, under this name or ARN.
    SecretsManager(String),
}

impl GatewaySettings {
    pub(crate) fn from_lookup(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        match get(PAYMENT_GATEWAY).as_deref() {
            None | Some("simulated") => Ok(Self::Simulated),
            Some("stripe") => Ok(Self::Stripe(StripeSettings {
                key: key_source(&get)?,
                currency: currency(get(PAYMENT_CURRENCY))?,
                api_base: api_base(get(STRIPE_API_BASE))?,
            })),
            Some(_) => Err(problem(PAYMENT_GATEWAY, "must be simulated or stripe")),
        }
    }
}

fn key_source(get: impl Fn(&str) -> Option<String>) -> Result<KeySource, SettingsError> {
    match (get(STRIPE_SECRET_KEY), get(STRIPE_SECRET_KEY_SECRET_ID)) {
        (Some(_), Some(_)) => {
            let both = format!("must not be set together with {STRIPE_SECRET_KEY_SECRET_ID}");
            Err(problem(STRIPE_SECRET_KEY, &both))
        }
        (Some(key), None) => SecretKey::parse(&key)
            .map(KeySource::Given)
            .map_err(|error| problem(STRIPE_SECRET_KEY, &error.to_string())),
        (None, Some(id)) => Ok(KeySource::SecretsManager(id)),
        (None, None) => {
            let neither = format!("or {STRIPE_SECRET_KEY_SECRET_ID} must be set to use Stripe");
            Err(problem(STRIPE_SECRET_KEY, &neither))
        }
    }
}

fn currency(given: Option<String>) -> Result<String, SettingsError> {
    let currency = given.unwrap_or_else(|| DEFAULT_CURRENCY.to_owned());
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(problem(PAYMENT_CURRENCY, "must be three small letters, such as usd"));
    }
    if WITHOUT_CENTS.contains(&currency.as_str()) {
        return Err(problem(PAYMENT_CURRENCY, "must be a currency with hundredths, such as usd"));
    }
    Ok(currency)
}

/// Scheme and host. The secret key and tokens go there, so without TLS no further than this machine.
fn api_base(given: Option<String>) -> Result<String, SettingsError> {
    let Some(given) = given else { return Ok(STRIPE.to_owned()) };
    let wrong = || {
        let text = "must be https://HOST, or http:// with a loopback address, without a path";
        problem(STRIPE_API_BASE, text)
    };
    let uri: Uri = given.parse().map_err(|_| wrong())?;
    let plain = uri.authority().is_some_and(|it| !it.as_str().contains('@'))
        && uri.path_and_query().is_none_or(|path| path == "/");
    let scheme = uri.scheme();
    let safe = scheme == Some(&Scheme::HTTPS)
        || scheme == Some(&Scheme::HTTP) && uri.host().is_some_and(is_loopback);
    if !plain || !safe {
        return Err(wrong());
    }
    Ok(given.trim_end_matches('/').to_owned())
}

/// By address only: a name may lead anywhere.
fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    const KEY: &str = "sk_test_of_nobody";

    fn read(variables: &[(&str, &str)]) -> Result<GatewaySettings, SettingsError> {
        GatewaySettings::from_lookup(|asked| {
            let found = variables.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn stripe(variables: &[(&str, &str)]) -> Result<StripeSettings, SettingsError> {
        let given = [&[(PAYMENT_GATEWAY, "stripe"), (STRIPE_SECRET_KEY, KEY)], variables].concat();
        read(&given).map(|settings| match settings {
            GatewaySettings::Stripe(settings) => settings,
            GatewaySettings::Simulated => panic!("stripe was asked for"),
        })
    }

    #[test]
    fn nothing_set_is_the_simulated_gateway_whatever_else_is_there() {
        assert_eq!(read(&[]).unwrap(), GatewaySettings::Simulated);
        assert_eq!(read(&[(STRIPE_SECRET_KEY, "x")]).unwrap(), GatewaySettings::Simulated);
    }

    #[test]
    fn stripe_needs_a_key_and_has_defaults_for_the_rest() {
        let settings = stripe(&[]).unwrap();
        assert_eq!(settings.api_base, "https://api.stripe.com");
        assert_eq!(settings.currency, "usd");
        let named = [(PAYMENT_GATEWAY, "stripe"), (STRIPE_SECRET_KEY_SECRET_ID, "shop/stripe")];
        let GatewaySettings::Stripe(settings) = read(&named).unwrap() else { panic!("stripe") };
        assert_eq!(settings.key, KeySource::SecretsManager("shop/stripe".to_owned()));
    }

    #[test]
    fn what_cannot_be_is_refused_by_the_name_of_its_variable_and_no_key_is_shown() {
        let error = read(&[(PAYMENT_GATEWAY, "paypal")]).unwrap_err().to_string();
        assert!(error.contains(PAYMENT_GATEWAY), "{error}");
        let error = read(&[(PAYMENT_GATEWAY, "stripe")]).unwrap_err().to_string();
        assert!(error.contains(STRIPE_SECRET_KEY), "{error}");
        for (variable, value) in [
            (STRIPE_SECRET_KEY_SECRET_ID, "shop/stripe"),
            (PAYMENT_CURRENCY, "USD"),
            (PAYMENT_CURRENCY, "jpy"),
            (PAYMENT_CURRENCY, "dollars"),
            (STRIPE_API_BASE, "http://stripe.example"),
            (STRIPE_API_BASE, "http://localhost:1"),
            (STRIPE_API_BASE, "https://a@stripe.example"),
            (STRIPE_API_BASE, "https://stripe.example/v1"),
            (STRIPE_API_BASE, "stripe.example"),
        ] {
            let error = stripe(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable) && !error.contains(KEY), "{error}");
        }
        for key in ["pk_test_of_nobody", "sk_test with space", "sk_ü"] {
            let given = [(PAYMENT_GATEWAY, "stripe"), (STRIPE_SECRET_KEY, key)];
            let error = read(&given).unwrap_err().to_string();
            assert!(error.contains(STRIPE_SECRET_KEY) && !error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_double_on_this_machine_or_a_proxy_with_tls_may_stand_in_for_stripe() {
        for base in ["http://127.0.0.1:12111", "http://[::1]:80/", "https://proxy.example"] {
            let settings = stripe(&[(STRIPE_API_BASE, base)]).unwrap();
            assert_eq!(settings.api_base, base.trim_end_matches('/'));
        }
    }
}
