//! The service's settings.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde::Deserialize;
use smtp::client::RelayList;

use crate::{dkim::DkimSigner, inbound};

/// How mails leave.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The mail servers, the preferred one first; the binary fills it in if it catches mails itself.
    pub smtp_url: Option<RelayList>,
    /// The domain that mails come from.
    pub mail_domain: String,
    /// The domain that bounces go to.
    pub bounce_domain: String,
    /// Connections to each mail server that does not say itself how many it bears, and senders: 1 to 1000.
    pub connections: u16,
    /// Subscribers of a segment at most, 1 to 10,000.
    pub segment_size: i32,
    /// Outcomes written down together, 1 to 1000.
    pub flush: u16,
    /// Where mails come back; nowhere if it is not set.
    pub inbound_listen: Option<SocketAddr>,
    /// What is spoken there.
    pub inbound_protocol: InboundProtocol,
    /// The topic of SNS by which SES tells; `/hooks/ses` is off if it is not set.
    pub ses_topic_arn: Option<String>,
    /// The password of the user `pharos` with which Postmark calls; `/hooks/postmark` is off if it is not set.
    pub postmark_password: Option<SecretString>,
    /// The key that Mailgun signs its calls with; `/hooks/mailgun` is off if it is not set.
    pub mailgun_signing_key: Option<SecretString>,
    /// For how many days broadcasts and their logs are kept, 1 to 3650.
    pub keep_days: i32,
    /// The selector of the domain key, or two, separated by white space.
    pub dkim_selector: Option<String>,
    /// The private half of the domain key, PEM, or two in the order of their selectors.
    pub dkim_key: Option<SecretString>,
    /// Threads that sign, 1 to 256; as many as there are cores if absent.
    pub dkim_threads: Option<u16>,
    /// The DNS server that tenants' records are looked up at; the system's if absent.
    pub dns_server: Option<SocketAddr>,
}

/// What is spoken where mails come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InboundProtocol {
    /// SMTP: mail systems find it by an MX record.
    Smtp,
    /// LMTP: a mail server in front of it hands mails on.
    Lmtp,
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
            ("keep_days", i64::from(self.keep_days), 3650),
            ("dkim_threads", self.dkim_threads.map_or(1, i64::from), 256),
        ] {
            if !(1..=most).contains(&value) {
                return Err((key, format!("must be 1 to {most}, but is {value}")));
            }
        }
        inbound::check(self)?;
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
            inbound_listen: None,
            inbound_protocol: InboundProtocol::Smtp,
            ses_topic_arn: None,
            postmark_password: None,
            mailgun_signing_key: None,
            keep_days: 90,
            dkim_selector: None,
            dkim_key: None,
            dkim_threads: None,
            dns_server: None,
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
        assert!(Config { keep_days: 3650, ..config() }.check().is_ok());
        assert_eq!(refused(Config { keep_days: 3651, ..config() }), "keep_days");
        assert!(Config { dkim_threads: Some(256), ..config() }.check().is_ok());
        for bad in [0, 257] {
            assert_eq!(refused(Config { dkim_threads: Some(bad), ..config() }), "dkim_threads");
        }
        let secret = |length| Some("s".repeat(length).into());
        for (length, expected) in [(15, Err(())), (16, Ok(())), (200, Ok(())), (201, Err(()))] {
            let checked = |config: Config| config.check().map_err(drop);
            assert_eq!(checked(Config { postmark_password: secret(length), ..config() }), expected);
            assert_eq!(checked(Config { mailgun_signing_key: secret(length), ..config() }), expected);
        }
        for bad in ["", "arn:aws:sqs:eu-central-1:123456789012:bounces", "arn:aws:sns:eu-central-1:bounces"] {
            assert_eq!(refused(Config { ses_topic_arn: Some(bad.into()), ..config() }), "ses_topic_arn");
        }
        let topic = "arn:aws:sns:eu-central-1:123456789012:bounces";
        assert!(Config { ses_topic_arn: Some(topic.into()), ..config() }.check().is_ok());
        assert_eq!(refused(Config { dkim_selector: Some("s".into()), ..config() }), "dkim_key");
        assert_eq!(refused(Config { dkim_key: Some("k".into()), ..config() }), "dkim_selector");
    }
}
