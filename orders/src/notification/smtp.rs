//! Mail over SMTP: one connection for each mail.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::time::timeout;

use super::settings::Encryption;
use super::{Confirmation, NotificationSettings, Notifier, NotifierFuture, NotifyError, SmtpUrl};

/// The longest wait for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that one mail takes, from the connection to the last answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// Sends confirmations through a mail server.
pub struct SmtpNotifier {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpNotifier {
    /// For the configured server and sender.
    ///
    /// # Errors
    ///
    /// When the certificates of the system cannot be read.
    pub fn new(settings: &NotificationSettings) -> Result<Self, NotifyError> {
        let NotificationSettings { smtp, from } = settings;
        let SmtpUrl { host, port, encryption, credentials } = smtp;
        let parameters = || {
            TlsParameters::new(host.clone())
                .map_err(|_| NotifyError::Refused("no certificates can be read".to_owned()))
        };
        let tls = match encryption {
            Encryption::FromTheStart => Tls::Wrapper(parameters()?),
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::Loopback => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
            .port(*port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(CONNECT_TIMEOUT));
        if let Some(credentials) = credentials {
            transport = transport.credentials(credentials.clone());
        }
        Ok(Self { transport: transport.build(), from: from.clone() })
    }

    /// The mail. Nothing in it depends on when or how often it is sent.
    fn message(&self, confirmation: &Confirmation) -> Result<Message, NotifyError> {
        let id = format!("<order.{}@{}>", confirmation.order_id, self.from.email.domain());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, confirmation.to.address().clone()))
            .message_id(Some(id))
            .date(SystemTime::from(confirmation.at))
            .subject(&confirmation.subject)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(confirmation.text.clone())
            .map_err(|_| NotifyError::Refused("it cannot be written as a mail".to_owned()))
    }

    async fn deliver(&self, confirmation: &Confirmation) -> Result<(), NotifyError> {
        let message = self.message(confirmation)?;
        let late =
            |_| NotifyError::Unavailable("the mail server does not answer in time".to_owned());
        let sent = timeout(SEND_TIMEOUT, self.transport.send(message)).await.map_err(late)?;
        sent.map(drop).map_err(|error| failure(&error))
    }
}

impl Notifier for SmtpNotifier {
    fn send<'a>(&'a self, confirmation: &'a Confirmation) -> NotifierFuture<'a> {
        Box::pin(self.deliver(confirmation))
    }
}

/// What went wrong, without what the server said: it may quote the address.
fn failure(error: &Error) -> NotifyError {
    let status = error.status().map(|code| format!("the mail server answered {code}"));
    if error.is_permanent() {
        return NotifyError::Refused(status.unwrap_or_default());
    }
    if error.is_client() {
        let text = "the mail server does not offer the encryption or the log-in that is configured";
        return NotifyError::Refused(text.to_owned());
    }
    let said = status.unwrap_or_else(|| {
        let what = match () {
            () if error.is_timeout() => "does not answer in time",
            () if error.is_tls() => "is not trusted, or breaks off the encryption",
            () => "does not take the connection, or closed it",
        };
        format!("the mail server {what}")
    });
    NotifyError::Unavailable(said)
}

impl fmt::Debug for SmtpNotifier {
    /// Without the transport, which knows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpNotifier").finish_non_exhaustive()
    }
}
