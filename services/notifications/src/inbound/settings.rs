//! The settings of what comes back, checked.

use secrecy::{ExposeSecret as _, SecretString};
use smtp::server::Protocol;

use super::webhooks::Keys;
use crate::config::{Config, InboundProtocol};

/// The fewest characters of a password that the whole Internet may try, and of a signing key.
const FEWEST: usize = 16;
/// The most.
const MOST: usize = 200;

/// The domains in our mails.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// In Message-IDs.
    pub(crate) mail_domain: String,
    /// Of envelope senders and of addresses to unsubscribe at.
    pub(crate) bounce_domain: String,
}

impl From<InboundProtocol> for Protocol {
    fn from(protocol: InboundProtocol) -> Self {
        match protocol {
            InboundProtocol::Smtp => Self::Smtp,
            InboundProtocol::Lmtp => Self::Lmtp,
        }
    }
}

/// Checks what a type alone cannot.
///
/// # Errors
/// The key and what is wrong with it.
pub(crate) fn check(config: &Config) -> Result<(), (&'static str, String)> {
    for (key, secret) in [
        ("postmark_password", config.postmark_password.as_ref()),
        ("mailgun_signing_key", config.mailgun_signing_key.as_ref()),
    ] {
        if secret.is_some_and(|secret| !is_strong(secret)) {
            return Err((key, format!("must have {FEWEST} to {MOST} printable characters of ASCII")));
        }
    }
    if config.ses_topic_arn.as_ref().is_some_and(|arn| !is_topic(arn)) {
        let why = "must be the ARN of a topic of SNS that begins with arn:aws:sns: (those of AWS in China and for \
                   governments are not supported), such as arn:aws:sns:eu-central-1:123456789012:bounces";
        return Err(("ses_topic_arn", why.to_owned()));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn is_topic(arn: &str) -> bool {
    arn.strip_prefix("arn:aws:sns:").is_some_and(|rest| {
        let parts = rest.split(':').collect::<Vec<_>>();
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty())
    })
}

fn is_strong(secret: &SecretString) -> bool {
    let text = secret.expose_secret();
    (FEWEST..=MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn keys(config: &Config) -> Keys {
    Keys {
        ses_topic_arn: config.ses_topic_arn.clone(),
        postmark_password: config.postmark_password.clone(),
        mailgun_signing_key: config.mailgun_signing_key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_one_of_sns_of_the_aws_that_all_may_use() {
        assert!(is_topic("arn:aws:sns:eu-central-1:123456789012:bounces"));
        for bad in [
            "",
            "arn:aws:sns:",
            "arn:aws:sns:eu-central-1:123456789012:",
            "arn:aws:sns:eu-central-1:bounces",
            "arn:aws:sns:eu-central-1:123456789012:bounces:6f1c",
            "arn:aws:sqs:eu-central-1:123456789012:bounces",
            "arn:aws:sqs:eu-central-1:1:sns:bounces",
            "arn:aws-cn:sns:cn-north-1:123456789012:bounces",
            " arn:aws:sns:eu-central-1:123456789012:bounces",
        ] {
            assert!(!is_topic(bad), "{bad}");
        }
    }
}
