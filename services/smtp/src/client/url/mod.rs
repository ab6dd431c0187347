//! Where the relay is and how to speak to it, in one setting.

use std::{str::FromStr, sync::Arc};

use secrecy::SecretString;
use tokio_rustls::rustls::{ClientConfig, pki_types::ServerName};

use super::{parameters::Parameters, tls};

/// The address of a mail relay: `smtp://[user:password@]host[:port][?parameters]` or `smtps://…`.
///
/// `smtps` is TLS from the first byte, port 465 unless said (RFC 8314). `smtp` is port 587 unless said
/// (RFC 6409) and turns to TLS if the server offers STARTTLS. User and password are percent-encoded; they travel in
/// the clear only under `?tls=never`. IPv6 addresses stand in brackets. `Debug` shows no password.
///
/// Parameters, each at most once, joined by `&`:
/// - `tls=required` refuses to go on without STARTTLS, `tls=never` does not ask for it; with `smtp://` only;
/// - `ca=/path/to.pem` trusts the certificates in this file instead of the public authorities. The path is absolute and
///   percent-encoded. The file is read when the text is parsed, and once;
/// - `connections=N`, 1 to 1000; `mails_per_connection=N`, 1 to 100,000; `rate=N` mails a second, 1 to 100,000: what
///   the relay bears. They are for whoever opens connections: a [`super::Connection`] keeps none of them.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct SmtpUrl {
    pub(super) host: ServerName<'static>,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) credentials: Option<Credentials>,
    pub(super) trust: Option<Trust>,
    connections: Option<u32>,
    mails_per_connection: Option<u32>,
    rate: Option<u32>,
}

/// When a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Never, by `?tls=never`.
    Never,
    /// By STARTTLS if the server offers it, in the clear otherwise. A certificate is checked all the same: a
    /// failed handshake is an error and no reason to go on in the clear.
    Opportunistic,
    /// By STARTTLS, or not at all, by `?tls=required`.
    Required,
    /// From the first byte, by `smtps://`.
    Implicit,
}

/// Who we are to the relay.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// The only certificates that are trusted.
#[derive(Clone)]
pub(super) struct Trust {
    path: String,
    pub(super) config: Arc<ClientConfig>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

/// Why a text is no [`SmtpUrl`]. Never repeats what may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpUrl {
    /// The scheme is missing or another.
    #[error("the URL of the mail server must begin with smtp:// or smtps://")]
    Scheme,
    /// White space, a control character, or something behind the port that is no query.
    #[error("the URL of the mail server must have the form smtp://[user:password@]host[:port][?parameters]")]
    Form,
    /// One of user and password without the other, or one that is empty.
    #[error("the URL of the mail server must name both user and password, as user:password@, or neither")]
    Credentials,
    /// A `%` that is not followed by two hexadecimal digits, or bytes that are not UTF-8 without NUL.
    #[error("user and password in the URL of the mail server must be percent-encoded UTF-8 without NUL")]
    Encoding,
    /// No host name and no IP address.
    #[error("the URL of the mail server must name a host, as a name or an IP address ([…] around IPv6)")]
    Host,
    /// Not 1 to 65535.
    #[error("the port in the URL of the mail server must be a number from 1 to 65535")]
    Port,
    /// A parameter that there is not.
    #[error(
        "the URL of the mail server has an unknown parameter, {0}: there are tls, ca, connections, \
         mails_per_connection and rate"
    )]
    UnknownParameter(String),
    /// A parameter that is there twice.
    #[error("the URL of the mail server has the parameter {0} twice")]
    Repeated(&'static str),
    /// A parameter's value.
    #[error("the parameter {key} in the URL of the mail server must be {form}")]
    Value {
        /// The parameter.
        key: &'static str,
        /// What its value may be.
        form: &'static str,
    },
    /// `tls` with `smtps://`.
    #[error("smtps:// in the URL of the mail server is always encrypted and takes no parameter tls")]
    TlsTwice,
    /// `ca` with `tls=never`.
    #[error("the URL of the mail server has tls=never, and so the parameter ca says nothing")]
    CaWithoutTls,
    /// The file of `ca` cannot be used.
    #[error("the file {path} of the parameter ca in the URL of the mail server cannot be used: {problem}")]
    Ca {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl SmtpUrl {
    /// The host, without brackets around IPv6.
    pub fn host(&self) -> String {
        self.host.to_str().into_owned()
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// When a connection is encrypted.
    pub fn tls(&self) -> Tls {
        self.tls
    }

    /// How many connections it bears at a time, 1 to 1000, if the URL says.
    pub fn connections(&self) -> Option<u32> {
        self.connections
    }

    /// How many mails it takes over one connection, 1 to 100,000, if the URL says.
    pub fn mails_per_connection(&self) -> Option<u32> {
        self.mails_per_connection
    }

    /// How many mails it takes in a second, 1 to 100,000, if the URL says.
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }
}

impl FromStr for SmtpUrl {
    type Err = InvalidSmtpUrl;

    fn from_str(text: &str) -> Result<Self, InvalidSmtpUrl> {
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '#') {
            return Err(InvalidSmtpUrl::Form);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidSmtpUrl::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(InvalidSmtpUrl::Scheme),
        };
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        // a ? in a password that was not encoded: what is behind it is no parameter and must not be told
        if query.is_some_and(|query| query.contains('@')) {
            return Err(InvalidSmtpUrl::Encoding);
        }
        let place = place.strip_suffix('/').unwrap_or(place);
        let (credentials, place) = match place.rsplit_once('@') {
            Some((credentials, place)) => (Some(Credentials::parse(credentials)?), place),
            None => (None, place),
        };
        if place.contains('/') {
            return Err(InvalidSmtpUrl::Form);
        }
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or(InvalidSmtpUrl::Host)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidSmtpUrl::Host)?;
                let port = if port.is_empty() {
                    None
                } else {
                    Some(port.strip_prefix(':').ok_or(InvalidSmtpUrl::Form)?)
                };
                (host, port)
            }
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|&port| port != 0).ok_or(InvalidSmtpUrl::Port)?
            }
            Some(_) => return Err(InvalidSmtpUrl::Port),
            None if implicit => 465,
            None => 587,
        };
        let host = ServerName::try_from(host.to_owned()).map_err(|_| InvalidSmtpUrl::Host)?;
        let Parameters { tls, ca, connections, mails_per_connection, rate } = Parameters::parse(query)?;
        let tls = match (implicit, tls) {
            (true, None) => Tls::Implicit,
            (true, Some(_)) => return Err(InvalidSmtpUrl::TlsTwice),
            (false, tls) => tls.unwrap_or(Tls::Opportunistic),
        };
        let trust = match ca {
            Some(_) if tls == Tls::Never => return Err(InvalidSmtpUrl::CaWithoutTls),
            Some(path) => match tls::trusting_file(&path) {
                Ok(config) => Some(Trust { path, config }),
                Err(problem) => return Err(InvalidSmtpUrl::Ca { path, problem }),
            },
            None => None,
        };
        Ok(Self { host, port, tls, credentials, trust, connections, mails_per_connection, rate })
    }
}

impl TryFrom<String> for SmtpUrl {
    type Error = InvalidSmtpUrl;

    fn try_from(text: String) -> Result<Self, InvalidSmtpUrl> {
        text.parse()
    }
}

impl Credentials {
    fn parse(text: &str) -> Result<Self, InvalidSmtpUrl> {
        let (user, password) = text.split_once(':').ok_or(InvalidSmtpUrl::Credentials)?;
        if user.is_empty() || password.is_empty() {
            return Err(InvalidSmtpUrl::Credentials);
        }
        Ok(Self { user: percent_decoded(user)?, password: percent_decoded(password)?.into() })
    }
}

/// NUL is refused because SASL PLAIN (RFC 4616) separates its parts with it.
pub(super) fn percent_decoded(text: &str) -> Result<String, InvalidSmtpUrl> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit =
            || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or(InvalidSmtpUrl::Encoding);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).map_err(|_| InvalidSmtpUrl::Encoding)?);
    }
    if bytes.contains(&0) {
        return Err(InvalidSmtpUrl::Encoding);
    }
    String::from_utf8(bytes).map_err(|_| InvalidSmtpUrl::Encoding)
}

#[cfg(test)]
mod tests;
