//! Configuration from the environment, with defaults for running locally.
//!
//! Every variable is one constant below. [`Settings::from_env`] is what the Lambda bootstraps use;
//! a program that hosts the functions itself builds a [`Settings`] from `Settings::default()`.

use std::time::Duration;

use crate::money::Money;
use crate::notification::NotificationSettings;
use crate::payment::GatewaySettings;

/// The function that authorizes and voids payments.
pub const AUTHORIZE_PAYMENT_FUNCTION: &str = "AUTHORIZE_PAYMENT_FUNCTION";
/// The function that reserves and releases stock.
pub const ALLOCATE_INVENTORY_FUNCTION: &str = "ALLOCATE_INVENTORY_FUNCTION";
/// The function that creates shipments.
pub const FULFILL_ORDER_FUNCTION: &str = "FULFILL_ORDER_FUNCTION";
/// The table of products, prices and stock.
pub const PRODUCT_CATALOG_TABLE: &str = "PRODUCT_CATALOG_TABLE";
/// The table of what is reserved for which order.
pub const INVENTORY_RESERVATIONS_TABLE: &str = "INVENTORY_RESERVATIONS_TABLE";
/// The largest amount the simulated payment gateway authorizes, such as `10000.00`.
pub const PAYMENT_LIMIT: &str = "PAYMENT_LIMIT";
/// Who moves the money: `simulated` or `stripe`.
pub const PAYMENT_GATEWAY: &str = "PAYMENT_GATEWAY";
/// The currency of the catalog's prices, for a real gateway: three small letters, such as `usd`.
pub const PAYMENT_CURRENCY: &str = "PAYMENT_CURRENCY";
/// Stripe's secret key, or a restricted one.
pub const STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY";
/// The name or ARN of the secret in AWS Secrets Manager that holds the key, instead of the key.
pub const STRIPE_SECRET_KEY_SECRET_ID: &str = "STRIPE_SECRET_KEY_SECRET_ID";
/// Where Stripe's API is, for a proxy or a double: `https://HOST`, or `http://` on this machine.
pub const STRIPE_API_BASE: &str = "STRIPE_API_BASE";
/// `true` to refuse card numbers with a wrong check digit.
pub const STRICT_CARD_CHECK: &str = "STRICT_CARD_CHECK";
/// The smallest order total that is accepted, such as `10.00`. Not set: any.
pub const MINIMUM_ORDER_AMOUNT: &str = "MINIMUM_ORDER_AMOUNT";
/// The mail server that sends confirmations of completed orders, such as `smtps://user:password@mail.example`. Not set: none
/// are sent.
pub const NOTIFICATION_SMTP_URL: &str = "NOTIFICATION_SMTP_URL";
/// Who sends them, such as `Shop <orders@shop.example>`.
pub const NOTIFICATION_FROM: &str = "NOTIFICATION_FROM";
/// Seconds before the first retry of a step; later retries double it. The service counts whole
/// seconds, from 1.
pub const RETRY_BASE_SECONDS: &str = "RETRY_BASE_SECONDS";

/// The limit of the simulated payment gateway unless configured: 10,000.00.
pub const DEFAULT_PAYMENT_LIMIT: Money = Money::from_cents(1_000_000);
/// The delay before the first retry of a step unless configured.
pub const DEFAULT_RETRY_BASE: Duration = Duration::from_secs(1);

/// Everything the four functions are configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// See [`AUTHORIZE_PAYMENT_FUNCTION`].
    pub authorize_payment_function: String,
    /// See [`ALLOCATE_INVENTORY_FUNCTION`].
    pub allocate_inventory_function: String,
    /// See [`FULFILL_ORDER_FUNCTION`].
    pub fulfill_order_function: String,
    /// See [`PRODUCT_CATALOG_TABLE`].
    pub product_catalog_table: String,
    /// See [`INVENTORY_RESERVATIONS_TABLE`].
    pub inventory_reservations_table: String,
    /// See [`PAYMENT_LIMIT`].
    pub payment_limit: Money,
    /// See [`PAYMENT_GATEWAY`].
    pub gateway: GatewaySettings,
    /// Which optional validation rules apply.
    pub validation: ValidationSettings,
    /// See [`RETRY_BASE_SECONDS`].
    pub retry_base: Duration,
    /// Whether customers are told; see [`NOTIFICATION_SMTP_URL`].
    pub notification: Option<NotificationSettings>,
}

/// The optional validation rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidationSettings {
    /// See [`STRICT_CARD_CHECK`].
    pub strict_card_check: bool,
    /// See [`MINIMUM_ORDER_AMOUNT`].
    pub minimum_order_amount: Option<Money>,
}

/// A variable holds something it must not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("environment variable {variable} {problem}")]
pub struct SettingsError {
    variable: &'static str,
    problem: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorize_payment_function: "AuthorizePayment".to_owned(),
            allocate_inventory_function: "AllocateInventory".to_owned(),
            fulfill_order_function: "FulfillOrder".to_owned(),
            product_catalog_table: "ProductCatalog".to_owned(),
            inventory_reservations_table: "InventoryReservations".to_owned(),
            payment_limit: DEFAULT_PAYMENT_LIMIT,
            gateway: GatewaySettings::default(),
            validation: ValidationSettings::default(),
            retry_base: DEFAULT_RETRY_BASE,
            notification: None,
        }
    }
}

impl Settings {
    /// Reads the environment of this process; what is not set keeps its default.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be read.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_lookup(|variable| std::env::var(variable).ok())
    }

    /// Reads variables through `lookup`. An empty value counts as not set.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the first variable that cannot be read.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |variable: &str| lookup(variable).filter(|value| !value.is_empty());
        let text = |variable, default| get(variable).unwrap_or(default);
        let money = |variable| get(variable).map(|value| parse_money(variable, &value)).transpose();
        let defaults = Self::default();

        Ok(Self {
            authorize_payment_function: text(
                AUTHORIZE_PAYMENT_FUNCTION,
                defaults.authorize_payment_function,
            ),
            allocate_inventory_function: text(
                ALLOCATE_INVENTORY_FUNCTION,
                defaults.allocate_inventory_function,
            ),
            fulfill_order_function: text(FULFILL_ORDER_FUNCTION, defaults.fulfill_order_function),
            product_catalog_table: text(PRODUCT_CATALOG_TABLE, defaults.product_catalog_table),
            inventory_reservations_table: text(
                INVENTORY_RESERVATIONS_TABLE,
                defaults.inventory_reservations_table,
            ),
            payment_limit: money(PAYMENT_LIMIT)?.unwrap_or(defaults.payment_limit),
            gateway: GatewaySettings::from_lookup(get)?,
            validation: ValidationSettings {
                strict_card_check: get(STRICT_CARD_CHECK)
                    .map(|value| parse_bool(STRICT_CARD_CHECK, &value))
                    .transpose()?
                    .unwrap_or_default(),
                minimum_order_amount: money(MINIMUM_ORDER_AMOUNT)?,
            },
            retry_base: get(RETRY_BASE_SECONDS)
                .map(|value| parse_seconds(RETRY_BASE_SECONDS, &value))
                .transpose()?
                .unwrap_or(defaults.retry_base),
            notification: NotificationSettings::read(get)?,
        })
    }
}

fn parse_money(variable: &'static str, value: &str) -> Result<Money, SettingsError> {
    match value.parse::<Money>() {
        Ok(amount) if amount >= Money::ZERO => Ok(amount),
        Ok(_) => Err(problem(variable, "must not be negative")),
        Err(error) => Err(problem(variable, &error.to_string())),
    }
}

fn parse_bool(variable: &'static str, value: &str) -> Result<bool, SettingsError> {
    value.parse().map_err(|_| problem(variable, "must be true or false"))
}

fn parse_seconds(variable: &'static str, value: &str) -> Result<Duration, SettingsError> {
    match value.parse::<u32>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(u64::from(seconds))),
        _ => Err(problem(variable, "must be a whole number of seconds, at least 1")),
    }
}

pub(crate) fn problem(variable: &'static str, problem: &str) -> SettingsError {
    SettingsError { variable, problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_empty_environment_gives_the_local_defaults() {
        assert_eq!(Settings::from_lookup(|_| None).unwrap(), Settings::default());
        assert_eq!(Settings::from_lookup(|_| Some(String::new())).unwrap(), Settings::default());
    }

    #[test]
    fn variables_override_the_defaults() {
        let settings = Settings::from_lookup(|variable| {
            let value = match variable {
                PAYMENT_LIMIT => "500",
                STRICT_CARD_CHECK => "true",
                MINIMUM_ORDER_AMOUNT => "10.00",
                RETRY_BASE_SECONDS => "3",
                FULFILL_ORDER_FUNCTION => "shop-fulfill",
                _ => return None,
            };
            Some(value.to_owned())
        })
        .unwrap();
        assert_eq!(settings.payment_limit, Money::from_cents(50_000));
        assert!(settings.validation.strict_card_check);
        assert_eq!(settings.validation.minimum_order_amount, Some(Money::from_cents(1_000)));
        assert_eq!(settings.retry_base, Duration::from_secs(3));
        assert_eq!(settings.fulfill_order_function, "shop-fulfill");
    }

    #[test]
    fn a_bad_value_is_an_error_that_names_the_variable() {
        for variable in [PAYMENT_LIMIT, STRICT_CARD_CHECK, MINIMUM_ORDER_AMOUNT, RETRY_BASE_SECONDS]
        {
            let error = Settings::from_lookup(|asked| (asked == variable).then(|| "-1".to_owned()))
                .unwrap_err();
            assert!(error.to_string().contains(variable), "{error}");
        }
    }
}
