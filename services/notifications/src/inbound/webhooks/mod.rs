//! What mail providers tell over HTTP: whether it is genuine, and what it says.
//!
//! Each call is traced to a delivery by the envelope sender or by the Message-ID in it; without one of ours it is taken
//! and says nothing.

mod mailgun;
mod postmark;
mod ses;
mod sns;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use kit::{Clock, status};
use proto::{common::v1::ErrorReason, internal::v1::MailProvider};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tonic::{Code, Status};

use super::{came_back::CameBack, taker::Taker};
use crate::error::Error;

/// What each provider proves itself with; one that is not set up is not listened to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    /// The topic that SES tells.
    pub(crate) ses_topic_arn: Option<String>,
    /// Of the user `pharos`.
    pub(crate) postmark_password: Option<SecretString>,
    /// Mailgun's key for signing webhooks.
    pub(crate) mailgun_signing_key: Option<SecretString>,
}

/// Takes providers' calls.
#[derive(Debug)]
pub(crate) struct Webhooks {
    taker: Arc<Taker>,
    clock: Clock,
    keys: Keys,
    sns: sns::Certificates,
    replays: mailgun::Replays,
    warnings: Warnings,
}

/// When strangers were last warned of: whoever calls without end must not fill the log.
#[derive(Debug, Default)]
struct Warnings(Mutex<Option<Timestamp>>);

impl Warnings {
    const PAUSE: SignedDuration = SignedDuration::from_mins(1);

    /// Whether one is due, which is then given.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= Self::PAUSE);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

/// Why a call is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The provider is not set up.
    #[error("the provider is not set up")]
    NotSetUp,
    /// It does not prove that it is the provider's.
    #[error("it is not the provider's: {0}")]
    NotGenuine(&'static str),
    /// It is not what the provider sends.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// What proves it cannot be had.
    #[error("what proves it cannot be had")]
    Away(#[source] reqwest::Error),
    /// It cannot be worked off.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotSetUp => status::not_found(),
            Refused::NotGenuine(_) => {
                let message = "it does not prove whose it is";
                status::refusal(Code::PermissionDenied, ErrorReason::PermissionDenied, message)
            }
            Refused::Unreadable(why) => status::invalid_field("body", why),
            Refused::Away(_) => status::unavailable(&refused),
            Refused::Failed(error) => error.into(),
        }
    }
}

/// What a call says: what came back, and by what to find the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    back: CameBack,
    /// Texts that may name the envelope sender, or else the Message-ID.
    names: Vec<String>,
    /// Whom the mail went to; the Message-ID is believed together with it only.
    email: String,
}

impl Webhooks {
    pub(crate) fn new(taker: Arc<Taker>, clock: Clock, keys: Keys) -> Self {
        let (sns, replays) = (sns::Certificates::new(), mailgun::Replays::default());
        Self { taker, clock, keys, sns, replays, warnings: Warnings::default() }
    }

    /// Takes one call.
    ///
    /// # Errors
    /// If it is not genuine, cannot be read or cannot be worked off now.
    pub(crate) async fn take(
        &self,
        provider: MailProvider,
        authorization: &str,
        body: &str,
    ) -> Result<(), Refused> {
        let taken = self.take_from(provider, authorization, body).await;
        if let Err(Refused::NotGenuine(why)) = taken
            && self.warnings.is_due(self.clock.now())
        {
            tracing::warn!(?provider, why, "a webhook was called by somebody else than the provider");
        }
        taken
    }

    async fn take_from(
        &self,
        provider: MailProvider,
        authorization: &str,
        body: &str,
    ) -> Result<(), Refused> {
        match provider {
            MailProvider::Unspecified => Err(Refused::NotSetUp),
            MailProvider::Ses => {
                let topic = self.keys.ses_topic_arn.as_ref().ok_or(Refused::NotSetUp)?;
                let Some(message) = self.sns.open(body, topic, self.clock.now()).await? else {
                    return Ok(());
                };
                self.work_off(ses::read(&message)?).await
            }
            MailProvider::Postmark => {
                let password = self.keys.postmark_password.as_ref().ok_or(Refused::NotSetUp)?;
                postmark::check(authorization, password)?;
                self.work_off(postmark::read(body)?).await
            }
            MailProvider::Mailgun => {
                let key = self.keys.mailgun_signing_key.as_ref().ok_or(Refused::NotSetUp)?;
                let (event, token) = mailgun::open(body, key, self.clock.now(), &self.replays)?;
                self.work_off(mailgun::read(event)).await?;
                token.keep();
                Ok(())
            }
        }
    }

    async fn work_off(&self, told: Vec<Told>) -> Result<(), Refused> {
        let _place = self.taker.place().await;
        for Told { back, names, email } in told {
            let mut of = names.iter().find_map(|name| self.taker.find_sender(name));
            for name in &names {
                if of.is_none() && !email.is_empty() {
                    of = self.taker.find_message(name, &email).await?;
                }
            }
            match of {
                Some(of) => self.taker.take(of, back).await?,
                None => tracing::info!("a webhook told of a mail that is not known"),
            }
        }
        Ok(())
    }
}

/// Reads JSON.
fn json<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|error| Refused::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_warned_of_once_a_minute() {
        let warnings = Warnings::default();
        let at = |second: i64| warnings.is_due(Timestamp::from_second(1_800_000_000 + second).unwrap());
        assert_eq!([0_i64, 0, 59, 60, 61, 119, 120].map(at), [true, false, false, true, false, false, true]);
    }
}
