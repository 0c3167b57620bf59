//! The mail server and the sender, from the environment. Neither set: nobody is told.

use std::fmt;
use std::net::IpAddr;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::settings::{NOTIFICATION_FROM, NOTIFICATION_SMTP_URL, SettingsError, problem};

/// Who sends confirmations, and through which server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSettings {
    /// See [`NOTIFICATION_SMTP_URL`].
    pub smtp: SmtpUrl,
    /// See [`NOTIFICATION_FROM`].
    pub from: Mailbox,
}

/// A mail server, and how to log in to it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) credentials: Option<Credentials>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    /// TLS from the first byte.
    FromTheStart,
    /// STARTTLS, and nothing is sent if the server does not offer it.
    StartTls,
    /// None: it stays on this machine.
    Loopback,
}

impl NotificationSettings {
    /// Reads both variables; `None` if neither is set.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the variable that is missing or cannot be read. It quotes neither.
    pub(crate) fn read(
        get: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        match (get(NOTIFICATION_SMTP_URL), get(NOTIFICATION_FROM)) {
            (None, None) => Ok(None),
            (Some(url), Some(from)) => {
                let smtp =
                    SmtpUrl::parse(&url).map_err(|text| problem(NOTIFICATION_SMTP_URL, text))?;
                let unread = "must be an address such as Shop <orders@shop.example>";
                let from = from.parse().map_err(|_| problem(NOTIFICATION_FROM, unread))?;
                Ok(Some(Self { smtp, from }))
            }
            (Some(_), None) => Err(problem(NOTIFICATION_FROM, "must be set with the mail server")),
            (None, Some(_)) => Err(problem(NOTIFICATION_SMTP_URL, "must be set with the sender")),
        }
    }
}

impl SmtpUrl {
    /// Reads a URL such as `smtps://user:password@mail.example:465`.
    ///
    /// # Errors
    ///
    /// What it must be like.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "must be like smtps://user:password@mail.example";
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SHAPE)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("must end with the host or the port");
        }
        let (encryption, usual_port) = match url.scheme() {
            "smtps" => (Encryption::FromTheStart, SUBMISSIONS_PORT),
            "smtp" if is_loopback(&url) => (Encryption::Loopback, SUBMISSION_PORT),
            "smtp" => (Encryption::StartTls, SUBMISSION_PORT),
            _ => return Err("must begin with smtps:// or smtp://"),
        };
        let decoded = |text| percent_decode_str(text).decode_utf8().map(Into::into);
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some(Credentials::new(
                decoded(user).map_err(|_| SHAPE)?,
                decoded(password).map_err(|_| SHAPE)?,
            )),
            _ => return Err("must have both a user and a password, or neither"),
        };
        // The brackets of an IPv6 address belong to the URL.
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: url.port().unwrap_or(usual_port), encryption, credentials })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // Of a scheme that is not the web's, addresses are names.
        Some(Host::Domain("localhost")) => true,
        Some(Host::Domain(name)) => {
            name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

impl fmt::Debug for SmtpUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, credentials: _ } = self;
        write!(f, "SmtpUrl({host}:{port}, {encryption:?})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(url: &str, from: &str) -> Result<Option<NotificationSettings>, SettingsError> {
        let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        NotificationSettings::read(|variable| match variable {
            NOTIFICATION_SMTP_URL => set(url),
            _ => set(from),
        })
    }

    #[test]
    fn a_connection_is_encrypted_unless_it_stays_on_this_machine() {
        for (text, encryption, port) in [
            ("smtps://mail.example", Encryption::FromTheStart, 465),
            ("smtps://127.0.0.1:4650", Encryption::FromTheStart, 4650),
            ("smtp://mail.example", Encryption::StartTls, 587),
            ("smtp://10.0.0.1:25/", Encryption::StartTls, 25),
            ("smtp://localhost.example", Encryption::StartTls, 587),
            ("smtp://localhost:1025", Encryption::Loopback, 1025),
            ("smtp://127.0.0.1:1025", Encryption::Loopback, 1025),
            ("smtp://[::1]", Encryption::Loopback, 587),
        ] {
            let url = SmtpUrl::parse(text).unwrap();
            assert_eq!((url.encryption, url.port), (encryption, port), "{text}");
        }
        assert_eq!(SmtpUrl::parse("smtp://[::1]").unwrap().host, "::1");
    }

    #[test]
    fn a_password_is_decoded_and_never_shown() {
        let url = SmtpUrl::parse("smtps://ada:p%2Fa%40b@mail.example").unwrap();
        assert_eq!(url.credentials, Some(Credentials::new("ada".into(), "p/a@b".into())));
        let shown =
            format!("{:?}", read("smtps://ada:secret@mail.example", "a@b.example").unwrap());
        assert!(!shown.contains("secret") && !shown.contains("ada"), "{shown}");
    }

    #[test]
    fn both_variables_are_set_or_neither() {
        assert_eq!(read("", ""), Ok(None));
        let error = read("smtp://mail.example", "").unwrap_err().to_string();
        assert!(error.contains(NOTIFICATION_FROM), "{error}");
        let error = read("", "a@b.example").unwrap_err().to_string();
        assert!(error.contains(NOTIFICATION_SMTP_URL), "{error}");
    }

    #[test]
    fn a_wrong_value_is_refused_and_not_quoted() {
        for url in [
            "mail.example",
            "http://secret@mail.example",
            "smtps://",
            "smtps://secret@mail.example",
            "smtps://:secret@mail.example",
            "smtps://ada:secret@mail.example/inbox",
            "smtp://ada:secret@mail.example?tls=none",
        ] {
            let error = read(url, "a@b.example").unwrap_err().to_string();
            assert!(error.contains(NOTIFICATION_SMTP_URL), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        for from in ["shop", "a@b.example, c@d.example", "Shop <a@b.example>\r\nBcc: c@d.example"] {
            let error = read("smtp://mail.example", from).unwrap_err().to_string();
            assert!(error.contains(NOTIFICATION_FROM), "{error}");
        }
    }
}
