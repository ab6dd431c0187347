//! The service's settings.

use secrecy::SecretString;
use serde::Deserialize;

use crate::smtp::{DkimSigner, SmtpUrl};

/// How mails leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The mail server; the binary fills it in if it catches mails itself.
    pub smtp_url: Option<SmtpUrl>,
    /// The domain that mails come from.
    pub mail_domain: String,
    /// The domain that bounces go to.
    pub bounce_domain: String,
    /// Connections to the mail server, 1 to 1000.
    pub connections: u16,
    /// Subscribers of a segment at most, 1 to 10,000.
    pub segment_size: i32,
    /// Outcomes written down together, 1 to 1000.
    pub flush: u16,
    /// The selector of the domain key.
    pub dkim_selector: Option<String>,
    /// The private half of the domain key, PEM.
    pub dkim_key: Option<SecretString>,
}

impl Config {
    /// Checks what a type alone cannot.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, domain) in [("mail_domain", &self.mail_domain), ("bounce_domain", &self.bounce_domain)] {
            if !is_domain(domain) {
                return Err((key, "must be a domain of letters, digits, hyphens and dots".to_owned()));
            }
        }
        for (key, value, most) in [
            ("connections", i64::from(self.connections), 1000),
            ("segment_size", i64::from(self.segment_size), 10_000),
            ("flush", i64::from(self.flush), 1000),
        ] {
            if !(1..=most).contains(&value) {
                return Err((key, format!("must be 1 to {most}, but is {value}")));
            }
        }
        self.dkim().map(drop)
    }

    /// The signer of mails, if a domain key is set.
    ///
    /// # Errors
    /// The key and what is wrong with it.
    pub fn dkim(&self) -> Result<Option<DkimSigner>, (&'static str, String)> {
        match (&self.dkim_selector, &self.dkim_key) {
            (None, None) => Ok(None),
            (Some(selector), Some(key)) => DkimSigner::from_pem(&self.mail_domain, selector, key)
                .map(Some)
                .map_err(|error| ("dkim_key", error.to_string())),
            (Some(_), None) => Err(("dkim_key", "is not set, but dkim_selector is".to_owned())),
            (None, Some(_)) => Err(("dkim_selector", "is not set, but dkim_key is".to_owned())),
        }
    }
}

/// A name for the right side of an address (RFC 1123, section 2.1).
fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            smtp_url: None,
            mail_domain: "pharos.example".into(),
            bounce_domain: "b.pharos.example".into(),
            connections: 8,
            segment_size: 500,
            flush: 20,
            dkim_selector: None,
            dkim_key: None,
        }
    }

    #[test]
    fn each_limit_is_refused_by_its_key() {
        assert_eq!(config().check(), Ok(()));
        let refused = |config: Config| config.check().unwrap_err().0;
        assert_eq!(refused(Config { mail_domain: "a b".into(), ..config() }), "mail_domain");
        assert_eq!(refused(Config { bounce_domain: "x\r\ny".into(), ..config() }), "bounce_domain");
        for (good, bad) in [(1, 0), (1000, 1001)] {
            assert!(Config { connections: good, flush: good, ..config() }.check().is_ok());
            assert_eq!(refused(Config { connections: bad, ..config() }), "connections");
            assert_eq!(refused(Config { flush: bad, ..config() }), "flush");
        }
        assert!(Config { segment_size: 10_000, ..config() }.check().is_ok());
        assert_eq!(refused(Config { segment_size: 10_001, ..config() }), "segment_size");
        assert_eq!(refused(Config { dkim_selector: Some("s".into()), ..config() }), "dkim_key");
        assert_eq!(refused(Config { dkim_key: Some("k".into()), ..config() }), "dkim_selector");
    }
}
