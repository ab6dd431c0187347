//! Takes what came back: writes it down, tells subscriptions what it says of the address, and counts complaints.

use kit::{
    Clock, Db, Secret,
    ids::{BroadcastId, SubscriberId, TenantId},
    peer::Peer,
};
use proto::subscriptions::v1::{UnsubscribeRequest, subscription_service_client::SubscriptionServiceClient};
use tokio::sync::{Semaphore, SemaphorePermit};
use tonic::Code;

use super::{brake, came_back::CameBack, settings::Addresses};
use crate::{
    audience::Audiences,
    domain::{Kind, RecipientId},
    error::Error,
    message_id::{MessageId, RecipientHashes},
    store::feedback::{self, Feedback, FeedbackKind},
    verp::{Bounce, Verp},
};

/// So much is worked off at once; the rest waits. What comes back must not take the senders' connections to the database.
const MAX_AT_ONCE: usize = 4;

/// Takes what came back. Everything it does may be done again.
pub(crate) struct Taker {
    db: Db,
    clock: Clock,
    audiences: Audiences,
    subscriptions: SubscriptionServiceClient<Peer>,
    verp: Verp,
    hashes: RecipientHashes,
    mail_domain: String,
    places: Semaphore,
}

impl std::fmt::Debug for Taker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Taker")
    }
}

impl Taker {
    /// With the service's secret and the domains of senders' addresses and of bounces.
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        audiences: Audiences,
        subscriptions: SubscriptionServiceClient<Peer>,
        secret: &Secret,
        addresses: Addresses,
    ) -> Self {
        let Addresses { mail_domain, bounce_domain } = addresses;
        let verp = Verp::new(secret.derive("bounces").expose(), &bounce_domain);
        let hashes = RecipientHashes::new(secret);
        Self {
            db,
            clock,
            audiences,
            subscriptions,
            verp,
            hashes,
            mail_domain,
            places: Semaphore::new(MAX_AT_ONCE),
        }
    }

    /// A place to work something off in, once there is one.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.places.acquire().await.ok()
    }

    /// Whose mail an envelope sender was of; `None` if it is none of ours.
    pub(super) fn verify(&self, address: &str) -> Option<Bounce> {
        self.verp.verify(address)
    }

    /// The first envelope sender of ours in a text, whatever stands around it.
    pub(super) fn find_sender(&self, text: &str) -> Option<Bounce> {
        let is_of_address = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '@' | '-');
        text.split(|c| !is_of_address(c)).find_map(|word| self.verify(word))
    }

    /// The mail with the first Message-ID of ours in a text, if it went to this address.
    ///
    /// # Errors
    /// If the database or subscriptions is away.
    pub(super) async fn find_message(&self, text: &str, email: &str) -> Result<Option<Bounce>, Error> {
        let words = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ','));
        let Some(id) = words.filter_map(|word| MessageId::parse(word, &self.mail_domain)).next() else {
            return Ok(None);
        };
        for (tenant, broadcast) in feedback::list_telling(self.db.pool(), id.told).await? {
            let mut tx = self.db.tenant(tenant).await?;
            let found = feedback::find_broadcast(&mut tx, tenant, broadcast).await?;
            tx.commit().await?;
            let Some((_, page)) = found else { continue };
            let found = self.audiences.find_subscriber(tenant, page, email.to_owned()).await?;
            let Some(recipient) = found else { continue };
            if kit::secret::same(self.hashes.of(recipient).as_bytes(), id.hash.as_bytes()) {
                return Ok(Some(Bounce { broadcast: broadcast.uuid(), recipient: recipient.uuid() }));
            }
        }
        Ok(None)
    }

    /// Takes what came back of a mail; of one that is not known any more, nothing.
    ///
    /// # Errors
    /// If the database or subscriptions is away. Then it has to be told again.
    pub(super) async fn take(&self, of: Bounce, back: CameBack) -> Result<(), Error> {
        let (broadcast, recipient) = (BroadcastId::from(of.broadcast), RecipientId::from(of.recipient));
        let Some(tenant) = feedback::tenant_of(self.db.pool(), broadcast).await? else { return Ok(()) };
        let line = Feedback {
            broadcast,
            recipient,
            kind: back.kind,
            status: back.status.map(|status| status.to_string()).unwrap_or_default(),
            diagnostic: back.diagnostic.clone(),
            received_at: self.clock.now(),
        };
        let mut tx = self.db.tenant(tenant).await?;
        let found = feedback::find_broadcast(&mut tx, tenant, broadcast).await?;
        let Some((kind, _)) = found else { return Ok(()) };
        let is_new = feedback::insert(&mut tx, tenant, &line).await?;
        tx.commit().await?;
        // Whatever may come twice is an alarm once.
        if back.is_reputation && is_new {
            tracing::error!(
                tenant.id = %tenant, broadcast.id = %broadcast, status = line.status, said = line.diagnostic,
                "a mail came back because mails of ours are not wanted"
            );
        }
        if is_to_subscribers(kind) {
            self.report(tenant, of, &line, &back).await?;
        }
        if back.kind == FeedbackKind::Complained {
            brake::recount(&self.db, &self.clock, tenant).await?;
        }
        Ok(())
    }

    /// Tells subscriptions what came back says of the address, if it does.
    async fn report(
        &self,
        tenant: TenantId,
        of: Bounce,
        line: &Feedback,
        back: &CameBack,
    ) -> Result<(), Error> {
        let Some(strike) = back.strike else { return Ok(()) };
        let (subscriber, said) = (SubscriberId::from(of.recipient), line.diagnostic.clone());
        match self.audiences.report_feedback(tenant, subscriber, line.broadcast, strike, said).await {
            Ok(()) => Ok(()),
            // It was erased meanwhile.
            Err(status) if status.code() == Code::NotFound => Ok(()),
            Err(status) => Err(status.into()),
        }
    }

    /// Takes whoever has this token off the list; answers whether the token was good.
    ///
    /// # Errors
    /// If subscriptions is away.
    pub(super) async fn unsubscribe(&self, token: &str) -> Result<bool, Error> {
        let request = UnsubscribeRequest { token: token.to_owned() };
        match self.subscriptions.clone().unsubscribe(request).await {
            Ok(_) => Ok(true),
            Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument) => Ok(false),
            Err(status) => Err(status.into()),
        }
    }
}

/// A member who gets a reminder is no subscriber: nothing follows for the address.
fn is_to_subscribers(kind: Kind) -> bool {
    match kind {
        Kind::IncidentUpdate
        | Kind::MaintenanceUpdate
        | Kind::MaintenanceApproaching
        | Kind::Postmortem
        | Kind::Confirmation => true,
        Kind::NextUpdateDue => false,
    }
}
