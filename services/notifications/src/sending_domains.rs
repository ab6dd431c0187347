//! Tenants' own sending domains: making their keys, looking their records up, and what follows from that.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::error::Unspecified;
use kit::{Clock, Db, Secret, ids, ids::TenantId};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::{
    dkim::{Algorithm, DkimKey, DkimSigner},
    dns::Dns,
    domain::{PublishedKey, Record, Seen, SendingDomain},
    error::Error,
    seal::Seal,
    store::sending_domains::{self as store, SealedKeys, Verified},
};

/// How often a verified domain is looked up.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// When the DNS did not answer, it is asked again sooner.
const UNANSWERED: Duration = Duration::from_secs(3600);

/// What everything about sending domains needs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SendingDomains {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) dns: Dns,
    keys: Keys,
    /// What the proofs of ownership are derived from.
    tokens: Secret,
}

/// The private keys of tenants. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keys(Arc<Seal>);

/// What each key is sealed for.
fn purpose(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rsa => "dkim rsa",
        Algorithm::Ed25519 => "dkim ed25519",
    }
}

impl Keys {
    /// The keys that are sealed with what is derived from the service's secret.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub(crate) fn new(secret: &Secret) -> Result<Self, Unspecified> {
        Ok(Self(Arc::new(Seal::new(&secret.derive("sending domain keys"))?)))
    }

    /// What signs the mails of a verified domain.
    ///
    /// # Errors
    /// If the keys were sealed with another secret, or are none.
    pub(crate) fn signer(&self, of: &Verified) -> Result<DkimSigner, Error> {
        let open = |published: &PublishedKey, algorithm, sealed: &[u8]| {
            let opened = self.0.open(of.tenant, purpose(algorithm), sealed).map_err(unreadable)?;
            let key = DkimKey::from_pkcs8(opened.expose_secret()).map_err(unreadable)?;
            Ok::<_, Error>((published.selector.clone(), key))
        };
        let keys = vec![
            open(&of.domain.rsa, Algorithm::Rsa, &of.keys.rsa)?,
            open(&of.domain.ed25519, Algorithm::Ed25519, &of.keys.ed25519)?,
        ];
        DkimSigner::new(&of.domain.domain, keys).map_err(unreadable)
    }

    fn make(&self, tenant: TenantId, algorithm: Algorithm) -> Result<(String, Vec<u8>), Unspecified> {
        let key = DkimKey::generate(algorithm)?;
        let document = key.to_pkcs8()?;
        Ok((key.record()?, self.0.seal(tenant, purpose(algorithm), document.expose_secret())?))
    }
}

fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Unreadable(format!("the keys of a sending domain: {error}"))
}

impl SendingDomains {
    pub(crate) fn new(db: Db, clock: Clock, dns: Dns, keys: Keys, secret: &Secret) -> Self {
        Self { db, clock, dns, keys, tokens: secret.derive("sending domain tokens") }
    }

    /// What must stand in the DNS of the tenant's domain.
    pub(crate) fn records(&self, tenant: TenantId, domain: &SendingDomain) -> [Record; 3] {
        let mac = self.tokens.mac(&[tenant.uuid().as_bytes(), domain.domain.as_bytes()]);
        let mut token = [0; 16];
        token.copy_from_slice(&mac[..16]);
        domain.records(&ids::encode(Uuid::from_bytes(token)))
    }

    /// A domain that nobody has named yet, with new keys. They have selectors of their own, so that what stood in the
    /// DNS for earlier ones is not taken for theirs.
    ///
    /// # Errors
    /// If the cryptographic library fails.
    pub(crate) async fn make(
        &self,
        tenant: TenantId,
        domain: String,
        from_local_part: String,
        reply_to: String,
    ) -> Result<(SendingDomain, SealedKeys), Error> {
        let keys = self.keys.clone();
        let made = tokio::task::spawn_blocking(move || {
            Ok::<_, Unspecified>((keys.make(tenant, Algorithm::Rsa)?, keys.make(tenant, Algorithm::Ed25519)?))
        });
        let ((rsa_record, rsa), (ed25519_record, ed25519)) =
            made.await.map_err(unreadable)?.map_err(unreadable)?;
        let text = ids::encode(self.clock.uuid());
        let (_, name) = text.split_at(text.len() - 8);
        let named = SendingDomain {
            domain,
            from_local_part,
            reply_to,
            rsa: PublishedKey { selector: format!("pharos-{name}-rsa"), record: rsa_record },
            ed25519: PublishedKey { selector: format!("pharos-{name}-ed"), record: ed25519_record },
            found: [false; 3],
            verified_at: None,
            checked_at: None,
            failing_since: None,
            failing_checks: 0,
            created_at: self.clock.now(),
            revision: 1,
        };
        Ok((named, SealedKeys { rsa, ed25519 }))
    }

    /// Looks the records of the tenant's domain up, and writes down what that means; the domain as it is then.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the tenant has no domain; [`Error::Precondition`] if its records are right and it is
    /// another tenant's.
    pub(crate) async fn look_up(&self, tenant: TenantId) -> Result<SendingDomain, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let asked = store::find(&mut tx, tenant).await?.ok_or(Error::NotFound)?;
        tx.rollback().await?;
        let records = self.records(tenant, &asked);
        let answers = self.dns.texts(records.each_ref().map(|record| record.name.as_str())).await;
        let mut seen = [Seen::Unknown; 3];
        for ((seen, record), answer) in seen.iter_mut().zip(&records).zip(&answers) {
            *seen = match answer {
                Ok(texts) if record.is_right(texts) => Seen::Right,
                Ok(_) => Seen::Wrong,
                Err(error) => {
                    tracing::warn!(record = record.name, %error, "a record could not be looked up");
                    Seen::Unknown
                }
            };
        }

        let mut tx = self.db.tenant(tenant).await?;
        let before = store::lock(&mut tx, tenant).await?.ok_or(Error::NotFound)?;
        // Another was named meanwhile, and what was seen is not about it.
        if (&before.domain, &before.rsa) != (&asked.domain, &asked.rsa) {
            return Ok(before);
        }
        let mut after = before.looked_up(seen, self.clock.now());
        let mut is_anothers = false;
        if let Some(verified_at) = after.verified_at {
            if store::claim(&mut tx, tenant, &after.domain, verified_at).await? {
                let is_answered = seen.iter().all(|seen| *seen != Seen::Unknown);
                store::check_after(&mut tx, tenant, if is_answered { EVERY } else { UNANSWERED }).await?;
            } else {
                (after.verified_at, after.revision, is_anothers) = (None, before.revision, true);
            }
        }
        if after.verified_at.is_none() {
            store::check_no_more(&mut tx, tenant).await?;
            if before.verified_at.is_some() {
                store::release(&mut tx, tenant, &after.domain).await?;
                tracing::warn!(
                    tenant.id = %tenant, domain = after.domain,
                    "the records of a sending domain were wrong for three days: its mails come from our own again"
                );
            }
        }
        store::set_looked_up(&mut tx, tenant, &after).await?;
        tx.commit().await?;
        if is_anothers {
            return Err(Error::Precondition(
                "the domain is verified by another company of this installation",
            ));
        }
        Ok(after)
    }
}
