//! Amazon SNS, by which SES tells: its envelope, signed with RSA over some of its fields
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, StatusCode, Url, redirect};
use serde::Deserialize;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, pem::PemObject as _},
    server::ParsedCertificate,
};

use super::{Refused, json};

/// An envelope that is older was kept by somebody.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(1);
/// How far its time may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// How long an answer of SNS may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// So much of an answer is read.
const LARGEST: usize = 64 * 1024;
/// Certificates that are kept; there is one a region, and a new one now and then.
const MAX_KEPT: usize = 16;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    message_id: String,
    token: Option<String>,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL", alias = "SigningCertUrl")]
    signing_cert_url: String,
    #[serde(rename = "SubscribeURL", alias = "SubscribeUrl")]
    subscribe_url: Option<String>,
}

/// The certificates that envelopes are signed with, fetched from SNS.
#[derive(Debug)]
pub(super) struct Certificates {
    client: Client,
    /// Public keys (SPKI in DER) by address.
    kept: Mutex<HashMap<String, Arc<[u8]>>>,
}

impl Certificates {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            .tls_backend_preconfigured(tls())
            .https_only(true)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(PATIENCE)
            .build()
            .expect("settings that go together");
        Self { client, kept: Mutex::default() }
    }

    /// The message in an envelope of this topic; none if the envelope is about the subscription itself, which is
    /// confirmed if SNS asks for it.
    pub(super) async fn open(
        &self,
        body: &str,
        topic: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Refused> {
        let envelope: Envelope = json(body)?;
        // Before anything is fetched: only who knows the topic makes us ask.
        envelope.check(topic, now)?;
        let key = self.key(&envelope.signing_cert_url).await?;
        envelope.verify(&key)?;
        if envelope.kind == "SubscriptionConfirmation" {
            let url = address(envelope.subscribe_url.as_deref().unwrap_or_default())
                .ok_or(Refused::NotGenuine("an address to confirm at that is not of SNS"))?;
            self.fetch(url).await?;
            tracing::info!(topic, "the subscription to a topic is confirmed");
        }
        Ok((envelope.kind == "Notification").then_some(envelope.message))
    }

    async fn key(&self, text: &str) -> Result<Arc<[u8]>, Refused> {
        let url = certificate(text).ok_or(Refused::NotGenuine("a certificate that is not of SNS"))?;
        let place = url.to_string();
        if let Some(key) = self.kept().get(&place) {
            return Ok(Arc::clone(key));
        }
        let key: Arc<[u8]> = public_key(&self.fetch(url).await?)?.into();
        let mut kept = self.kept();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(place, Arc::clone(&key));
        Ok(key)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<[u8]>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, url: Url) -> Result<Vec<u8>, Refused> {
        let mut answer = self.client.get(url).send().await.map_err(Refused::Away)?;
        answer.error_for_status_ref().map_err(Refused::Away)?;
        if answer.status() != StatusCode::OK {
            return Err(Refused::NotGenuine("an address of SNS with nothing there"));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(Refused::Away)? {
            if body.len() + piece.len() > LARGEST {
                return Err(Refused::NotGenuine("an answer of SNS that is too long"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

impl Envelope {
    fn check(&self, topic: &str, now: Timestamp) -> Result<(), Refused> {
        if self.topic_arn != topic {
            return Err(Refused::NotGenuine("another topic"));
        }
        let sent: Timestamp = self.timestamp.parse().map_err(|_| Refused::NotGenuine("no time"))?;
        if now.duration_since(sent) > MAX_AGE || sent.duration_since(now) > MAX_AHEAD {
            return Err(Refused::NotGenuine("another time"));
        }
        Ok(())
    }

    /// What is signed: names and values, each on a line of its own, in the order of the names.
    fn canonical(&self) -> Option<String> {
        let mut fields = vec![("Message", Some(&self.message)), ("MessageId", Some(&self.message_id))];
        match self.kind.as_str() {
            // Without a subject there is no line of it.
            "Notification" if self.subject.is_none() => {}
            "Notification" => fields.push(("Subject", self.subject.as_ref())),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                fields.push(("SubscribeURL", self.subscribe_url.as_ref()));
            }
            _ => return None,
        }
        fields.push(("Timestamp", Some(&self.timestamp)));
        if self.kind != "Notification" {
            fields.push(("Token", self.token.as_ref()));
        }
        fields.extend([("TopicArn", Some(&self.topic_arn)), ("Type", Some(&self.kind))]);
        fields.into_iter().map(|(name, value)| value.map(|value| format!("{name}\n{value}\n"))).collect()
    }

    /// Whether it is signed with this key (SPKI in DER).
    fn verify(&self, key: &[u8]) -> Result<(), Refused> {
        let algorithm = match self.signature_version.as_str() {
            // What a topic does that nobody has set otherwise.
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(Refused::NotGenuine("another version of signatures")),
        };
        let signed = self.canonical().ok_or(Refused::NotGenuine("another type"))?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| Refused::NotGenuine("no signature"))?;
        UnparsedPublicKey::new(algorithm, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| Refused::NotGenuine("another signature"))
    }
}

/// The address, if it is one of SNS: `https://sns.{region}.amazonaws.com/…`.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let region = url.host_str()?.strip_prefix("sns.")?.strip_suffix(".amazonaws.com")?;
    let is_region =
        !region.is_empty() && region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_region && is_plain).then_some(url)
}

/// The address, if SNS has a certificate there: `…/SimpleNotificationService-{id}.pem`. What it answers elsewhere may
/// be what somebody else has put in its mouth.
fn certificate(text: &str) -> Option<Url> {
    let is_certificate = |url: &Url| {
        let name =
            url.path().strip_prefix("/SimpleNotificationService-").and_then(|it| it.strip_suffix(".pem"));
        name.is_some_and(|name| !name.contains('/')) && url.query().is_none() && url.fragment().is_none()
    };
    address(text).filter(is_certificate)
}

/// The key of a certificate in PEM, as SPKI in DER. That it came from SNS is what its authenticity rests on.
fn public_key(pem: &[u8]) -> Result<Vec<u8>, Refused> {
    let unreadable = Refused::NotGenuine("a certificate that cannot be read");
    let Ok(certificate) = CertificateDer::from_pem_slice(pem) else { return Err(unreadable) };
    match ParsedCertificate::try_from(&certificate) {
        Ok(parsed) => Ok(parsed.subject_public_key_info().to_vec()),
        Err(_) => Err(unreadable),
    }
}

/// Trusts the public certificate authorities. The provider is named and not taken from the process: libraries in one
/// process may bring several.
fn tls() -> ClientConfig {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests;
