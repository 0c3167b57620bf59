//! Who `serve` tells of status changes.

use std::fmt;

use anyhow::{Context as _, bail};
use durable_service::StatusWebhook;

/// Read from the environment alone: a command line is seen by everybody on the machine.
const SECRET: &str = "DURABLE_ORDERS_STATUS_WEBHOOK_SECRET";

/// The options of a webhook.
#[derive(Clone, Default, clap::Args)]
#[command(next_help_heading = "Status changes")]
pub struct WebhookOptions {
    /// Where every change of an execution's status is sent, as an EventBridge event; signed if the environment holds
    /// DURABLE_ORDERS_STATUS_WEBHOOK_SECRET
    #[arg(
        id = "status_webhook",
        long = "status-webhook",
        value_name = "URL",
        env = "DURABLE_ORDERS_STATUS_WEBHOOK",
        hide_env_values = true
    )]
    url: Option<String>,
    /// A header of these messages, such as `Authorization: Bearer TOKEN`; may be given several times
    #[arg(
        id = "status_webhook_headers",
        long = "status-webhook-header",
        value_name = "NAME: VALUE",
        requires = "status_webhook",
        env = "DURABLE_ORDERS_STATUS_WEBHOOK_HEADER",
        hide_env_values = true
    )]
    headers: Vec<String>,
    /// Only changes to these statuses: RUNNING, SUCCEEDED, FAILED, STOPPED, TIMED_OUT; all if not given
    #[arg(
        id = "status_webhook_events",
        long = "status-webhook-events",
        value_name = "STATUS,...",
        value_delimiter = ',',
        requires = "status_webhook",
        env = "DURABLE_ORDERS_STATUS_WEBHOOK_EVENTS"
    )]
    events: Vec<String>,
}

impl fmt::Debug for WebhookOptions {
    /// Headers and URLs may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions").finish_non_exhaustive()
    }
}

impl WebhookOptions {
    /// The webhook that the options and the environment describe.
    ///
    /// # Errors
    /// One sentence: what is wrong with it, without anything secret.
    pub fn webhook(&self) -> anyhow::Result<Option<StatusWebhook>> {
        let Some(url) = &self.url else { return Ok(None) };
        let mut webhook = StatusWebhook::new(url)?;
        for header in &self.headers {
            webhook = webhook.header(header)?;
        }
        if !self.events.is_empty() {
            webhook = webhook.only(self.events.iter().map(|name| name.trim()))?;
        }
        match std::env::var(SECRET) {
            Ok(secret) => webhook.secret(&secret).context(SECRET).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(Some(webhook)),
            Err(std::env::VarError::NotUnicode(_)) => bail!("{SECRET} is no text"),
        }
    }
}
