//! Telling customers that their order is completed, if that is configured and the order says where.
//!
//! | file | job |
//! |---|---|
//! | `step` | the last step of the workflow, and what becomes of a mail that cannot be sent |
//! | `confirmation` | what the customer reads |
//! | `recipient` | the address in an order |
//! | `settings` | the mail server and the sender, from the environment |
//! | `smtp` | sends mail |
//!
//! To tell customers in another way, implement [`Notifier`] in a file beside `smtp.rs` and hand it to the workflow in
//! [`Services`](crate::Services).
//!
//! # What must hold
//!
//! - A mail never fails or undoes an order: what cannot be sent is a result.
//! - A mail may be sent twice, as when the server's answer was lost. Its Message-ID and its content depend on the order
//!   alone, so that the second one is recognised.
//! - No address and no password is in a log, a result or an error. What mail servers say is left out for that reason: they
//!   quote addresses.

mod confirmation;
mod recipient;
mod settings;
mod smtp;
mod step;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::confirmation::Confirmation;
pub use self::recipient::Recipient;
pub use self::settings::{NotificationSettings, SmtpUrl};
pub use self::smtp::SmtpNotifier;
pub(crate) use self::step::notify;

/// The future of sending a confirmation.
pub type NotifierFuture<'a> = Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>>;

/// Tells customers.
pub trait Notifier: Debug + Send + Sync {
    /// Sends a confirmation. It may be sent before, and must then be recognisable as the same.
    fn send<'a>(&'a self, confirmation: &'a Confirmation) -> NotifierFuture<'a>;
}

/// A confirmation was not sent, or nobody knows. The texts must hold no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// It may work later.
    #[error("the confirmation was not sent: {0}")]
    Unavailable(String),
    /// It will not work later either.
    #[error("the confirmation was refused: {0}")]
    Refused(String),
}

/// What became of the confirmation of a completed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Notification {
    /// The mail server has taken it.
    Sent,
    /// It was given up. The order is completed all the same.
    NotSent {
        /// In one word.
        reason: NotSentReason,
        /// In words.
        detail: String,
    },
}

/// Why a confirmation was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSentReason {
    /// The server will not take it.
    Refused,
    /// It could not be sent in any attempt.
    Unavailable,
}

/// The notifier that is configured, if one is.
///
/// # Errors
///
/// When the certificates of the system cannot be read.
pub fn notifier(
    settings: Option<&NotificationSettings>,
) -> Result<Option<Arc<dyn Notifier>>, NotifyError> {
    let Some(settings) = settings else { return Ok(None) };
    Ok(Some(Arc::new(SmtpNotifier::new(settings)?)))
}
