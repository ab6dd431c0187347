//! Where the relay is and how to speak to it, in one setting.

use std::str::FromStr;

use secrecy::SecretString;
use tokio_rustls::rustls::pki_types::ServerName;

/// The address of a mail relay: `smtp://[user:password@]host[:port][?tls=…]` or `smtps://…`.
///
/// `smtps` is TLS from the first byte, port 465 unless said (RFC 8314). `smtp` is port 587 unless said
/// (RFC 6409) and turns to TLS if the server offers STARTTLS; `?tls=required` refuses to go on without,
/// `?tls=never` does not ask. User and password are percent-encoded; they travel in the clear only under
/// `?tls=never`. IPv6 addresses stand in brackets. `Debug` shows no password.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct SmtpUrl {
    pub(super) host: ServerName<'static>,
    pub(super) port: u16,
    pub(super) tls: Tls,
    pub(super) credentials: Option<Credentials>,
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

/// Why a text is no [`SmtpUrl`]. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpUrl {
    /// The scheme is missing or another.
    #[error("the URL of the mail server must begin with smtp:// or smtps://")]
    Scheme,
    /// White space, a control character, or something behind the port that is no query.
    #[error(
        "the URL of the mail server must have the form smtp://[user:password@]host[:port][?tls=never|required]"
    )]
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
    /// An unknown parameter or value, or any with `smtps://`.
    #[error("the only parameters of the URL of the mail server are tls=never and tls=required, with smtp://")]
    Parameter,
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
        let tls = match (implicit, query) {
            (true, None) => Tls::Implicit,
            (false, None) => Tls::Opportunistic,
            (false, Some("tls=never")) => Tls::Never,
            (false, Some("tls=required")) => Tls::Required,
            (_, Some(_)) => return Err(InvalidSmtpUrl::Parameter),
        };
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
        Ok(Self { host, port, tls, credentials })
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
fn percent_decoded(text: &str) -> Result<String, InvalidSmtpUrl> {
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
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parse(text: &str) -> Result<SmtpUrl, InvalidSmtpUrl> {
        text.parse()
    }

    #[test]
    fn ports_and_encryption_follow_from_the_scheme() {
        for (text, port, tls) in [
            ("smtp://mail.example.com", 587, Tls::Opportunistic),
            ("SMTP://mail.example.com/", 587, Tls::Opportunistic),
            ("smtp://mail.example.com:25?tls=never", 25, Tls::Never),
            ("smtp://mail.example.com?tls=required", 587, Tls::Required),
            ("smtps://mail.example.com", 465, Tls::Implicit),
            ("smtps://mail.example.com:2465", 2465, Tls::Implicit),
        ] {
            let url = parse(text).unwrap();
            assert_eq!(
                (url.host().as_str(), url.port(), url.tls()),
                ("mail.example.com", port, tls),
                "{text}"
            );
            assert!(url.credentials.is_none());
        }
        assert_eq!(parse("smtp://[::1]:2525").unwrap().host(), "::1");
        assert_eq!(parse("smtp://127.0.0.1").unwrap().host(), "127.0.0.1");
    }

    #[test]
    fn credentials_are_percent_decoded_and_never_shown() {
        let url = parse("smtp://ann%40example.com:s%C3%A9cr%3Aet@mail.example.com").unwrap();
        let credentials = url.credentials.as_ref().unwrap();
        assert_eq!(credentials.user, "ann@example.com");
        assert_eq!(credentials.password.expose_secret(), "sécr:et");
        assert!(!format!("{url:?}").contains("cr:et"));
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for (text, error) in [
            ("mail.example.com", InvalidSmtpUrl::Scheme),
            ("http://mail.example.com", InvalidSmtpUrl::Scheme),
            ("smtp://mail.example.com/inbox", InvalidSmtpUrl::Form),
            ("smtp://mail.example.com\r\n", InvalidSmtpUrl::Form),
            ("smtp://[::1]25", InvalidSmtpUrl::Form),
            ("smtp://ann@mail.example.com", InvalidSmtpUrl::Credentials),
            ("smtp://:secret@mail.example.com", InvalidSmtpUrl::Credentials),
            ("smtp://ann:@mail.example.com", InvalidSmtpUrl::Credentials),
            ("smtp://ann:100%@mail.example.com", InvalidSmtpUrl::Encoding),
            ("smtp://ann:%ff@mail.example.com", InvalidSmtpUrl::Encoding),
            ("smtp://ann:a%00b@mail.example.com", InvalidSmtpUrl::Encoding),
            ("smtp://", InvalidSmtpUrl::Host),
            ("smtp://:25", InvalidSmtpUrl::Host),
            ("smtp://mail_$.example", InvalidSmtpUrl::Host),
            ("smtp://[mail.example.com]", InvalidSmtpUrl::Host),
            ("smtp://mail.example.com:0", InvalidSmtpUrl::Port),
            ("smtp://mail.example.com:", InvalidSmtpUrl::Port),
            ("smtp://mail.example.com:+25", InvalidSmtpUrl::Port),
            ("smtp://mail.example.com:65536", InvalidSmtpUrl::Port),
            ("smtp://mail.example.com?tls=maybe", InvalidSmtpUrl::Parameter),
            ("smtp://mail.example.com?retries=3", InvalidSmtpUrl::Parameter),
            ("smtps://mail.example.com?tls=never", InvalidSmtpUrl::Parameter),
        ] {
            assert_eq!(parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_setting_is_read_from_a_string_and_its_error_holds_no_password() {
        use serde::de::{Deserialize, IntoDeserializer, value::Error};
        let read =
            |text: &str| SmtpUrl::deserialize(IntoDeserializer::<Error>::into_deserializer(text.to_owned()));
        assert_eq!(read("smtps://mail.example.com").unwrap().port(), 465);
        let error = read("smtp://ann:secret@mail.example.com:x").unwrap_err().to_string();
        assert!(error.contains("port") && !error.contains("secret"), "{error}");
    }
}
