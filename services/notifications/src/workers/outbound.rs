//! The way out: a broadcast's mails composed, signed, and handed to a mail server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use kit::{Secret, ids::TenantId, locale::Locale};
use smtp::client::{Envelope, Fault, Report, Step, Verdict};

use crate::{
    audience::Recipient,
    dkim::{DkimSigner, SigningPool},
    domain::NewBroadcast,
    mail::{self, Addresses, Composer, Personal, Template},
    message_id::RecipientHashes,
    relays::{Admission, Ended, Lanes, Line, Name, Relays, Unopened, is_left_over_a_mail},
    sending_domains::Keys,
    store::sending_domains::{SealedKeys, Verified},
    verp::{Bounce, Verp},
};

/// So many tenants' keys are kept at hand; opening one takes as long as a signature.
const KEYS_AT_HAND: usize = 1000;

/// So many mails a thread signs in half a second, with RSA of 2048 bits.
const SIGNED_IN_A_MOMENT: usize = 700;
/// What all senders of a process share.
pub(crate) struct Outbound {
    relays: Relays,
    lanes: Lanes,
    composer: Composer,
    verp: Verp,
    /// Signs the mails that come from our own domain.
    own: Option<Arc<DkimSigner>>,
    pool: SigningPool,
    /// So many mails a sender may have signed at once.
    signed_at_once: usize,
    keys: Keys,
    /// Those of tenants, each with the sealed keys that it was made of: no two sealings are the same.
    signers: Mutex<HashMap<TenantId, (SealedKeys, Arc<DkimSigner>)>>,
    hashes: RecipientHashes,
}

/// What mails are signed with.
#[derive(Debug)]
pub(crate) struct Signing {
    /// Signs the mails that come from our own domain.
    pub(crate) own: Option<DkimSigner>,
    /// Opens the keys of tenants' domains.
    pub(crate) keys: Keys,
    /// The threads that do it.
    pub(crate) pool: SigningPool,
    /// How many senders may ask them at once.
    pub(crate) senders: usize,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("relays", &self.relays).finish_non_exhaustive()
    }
}

impl Outbound {
    /// The ways out through these relays, with `most` mails in flight at once.
    #[must_use]
    pub(crate) fn new(
        relays: Relays,
        most: u32,
        addresses: Addresses,
        secret: &Secret,
        signing: Signing,
    ) -> Self {
        Self {
            lanes: Lanes::new(relays.names(), most),
            relays,
            verp: Verp::new(secret.derive("bounces").expose(), &addresses.bounce_domain),
            composer: Composer::new(addresses),
            own: signing.own.map(Arc::new),
            signed_at_once: (SIGNED_IN_A_MOMENT * signing.pool.threads() / signing.senders.max(1)).max(1),
            pool: signing.pool,
            keys: signing.keys,
            signers: Mutex::default(),
            hashes: RecipientHashes::new(secret),
        }
    }

    /// Sees to it that there is a line that can be used.
    ///
    /// # Errors
    /// If no mail server can be used now.
    pub(crate) async fn open(&self, line: &mut Option<Line>) -> Result<(), Unopened> {
        self.relays.open(line).await
    }

    /// How long no mail server can be used by who has no line.
    pub(crate) fn shut_for(&self) -> Option<Duration> {
        self.relays.shut_for()
    }

    /// Asks for leave to hand a mail to this address over by this line.
    pub(crate) fn admit(&self, line: &Line, email: &str) -> Admission {
        self.lanes.admit(line.relay(), email)
    }

    /// Prepares a broadcast: what is the same for all is composed when its language and zone are first asked for. With
    /// a domain of the tenant's own, its mails come from there.
    ///
    /// A zone or a language that this machine does not know is no reason to tell nothing: it is told in UTC, in English.
    pub(crate) fn prepare(&self, broadcast: NewBroadcast, domain: Option<&Verified>) -> Prepared {
        let page = &broadcast.page;
        let zone = TimeZone::get(&page.time_zone).unwrap_or_else(|error| {
            tracing::error!(page.id = %page.page_id, %error, "a page's time zone is not known: UTC is told");
            TimeZone::UTC
        });
        let locale = Locale::parse(&page.locale).unwrap_or(Locale::En);
        let from = domain.and_then(|domain| Some((domain, self.signer_of(domain)?)));
        let (sender, signer) = match from {
            None => (mail::Sender::default(), self.own.clone()),
            Some((Verified { domain, .. }, signer)) => {
                let reply_to = Some(domain.reply_to.clone()).filter(|reply_to| !reply_to.is_empty());
                (mail::Sender { address: Some(domain.address()), reply_to }, Some(signer))
            }
        };
        Prepared {
            page: mail::Page {
                tenant_id: broadcast.tenant,
                page_id: page.page_id,
                slug: page.slug.clone(),
                name: page.name.clone(),
                locale,
                time_zone: zone,
                sender,
            },
            broadcast,
            signer,
            templates: RwLock::default(),
        }
    }

    /// None if the keys cannot be opened: its mails come from our own domain then, and are told all the same.
    fn signer_of(&self, domain: &Verified) -> Option<Arc<DkimSigner>> {
        let at_hand = || self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((keys, signer)) = at_hand().get(&domain.tenant)
            && *keys == domain.keys
        {
            return Some(Arc::clone(signer));
        }
        match self.keys.signer(domain) {
            Ok(signer) => {
                let signer = Arc::new(signer);
                let mut signers = at_hand();
                if signers.len() >= KEYS_AT_HAND {
                    signers.clear();
                }
                signers.insert(domain.tenant, (domain.keys.clone(), Arc::clone(&signer)));
                Some(signer)
            }
            Err(error) => {
                tracing::error!(
                    tenant.id = %domain.tenant, domain = domain.domain.domain, %error,
                    "a tenant's mails come from our own domain, since the keys of its own cannot be opened"
                );
                None
            }
        }
    }
}

/// Those who get the same mail: their language, and what their clocks are ahead at the times that it tells, in seconds.
type Kin = (Locale, [Option<i32>; 3]);

/// A broadcast that is being sent, by all senders of the process at once.
pub(crate) struct Prepared {
    broadcast: NewBroadcast,
    page: mail::Page,
    signer: Option<Arc<DkimSigner>>,
    templates: RwLock<HashMap<Kin, Arc<Template>>>,
}

impl Prepared {
    /// How many mails are signed in a moment, where all senders sign at once; many, where nothing is signed. A larger lot
    /// would grow old before it is signed.
    pub(crate) fn most_at_once(&self, out: &Outbound) -> usize {
        if self.signer.is_some() { out.signed_at_once } else { usize::MAX }
    }

    /// What is told.
    pub(crate) fn broadcast(&self) -> &NewBroadcast {
        &self.broadcast
    }

    /// Hands a lot of mails over, in order, while `may_go`, and notes what became of each that was `tried`, as soon as it
    /// is known: fewer than the lot if the relay takes no more now. Answers the connection that was lost over it.
    ///
    /// The line is left only if it can be used again. If the future is dropped, it is lost, and of the mails that are not
    /// noted the first may have been sent.
    pub(crate) async fn deliver(
        &self,
        out: &Outbound,
        line: &mut Option<Line>,
        recipients: &[&Recipient],
        now: Timestamp,
        may_go: impl FnMut(Step) -> bool + Send,
        tried: &mut Vec<Report>,
    ) -> Option<LostLine> {
        let taken = line.take()?;
        let count = taken.allowance(recipients.len()).await;
        let recipients = &recipients[..count];
        let chosen = recipients.iter().map(|recipient| self.template(out, recipient)).collect::<Vec<_>>();
        let (relay, lanes) = (taken.relay(), &out.lanes);
        let speaks_for = if self.page.sender.address.is_some() { Name::Tenants } else { Name::Ours };
        let report = |index: usize, report: Report| {
            lanes.learn(relay, &recipients[index].email, &report, speaks_for);
            if was_tried(&report) {
                tried.push(report);
            }
        };
        let ended = match &self.signer {
            None => {
                let compose = |index: usize, body: &mut Vec<u8>| {
                    self.compose(out, recipients[index], &chosen[index], body)
                };
                taken.deliver(may_go, count, compose, report).await
            }
            Some(signer) => {
                let mut lot = self.signed(out, recipients, &chosen, signer, now).await;
                let compose = |index: usize, body: &mut Vec<u8>| {
                    let (envelope, message) = &mut lot[index];
                    std::mem::swap(body, message);
                    envelope.clone()
                };
                taken.deliver(may_go, count, compose, report).await
            }
        };
        match ended {
            Ended::Well(left) => {
                *line = Some(left);
                None
            }
            Ended::Lost { fault, was_fresh } => {
                if is_left_over_a_mail(&fault)
                    && let Some(recipient) = recipients.get(tried.len())
                {
                    lanes.left(relay, &recipient.email);
                }
                let lost = LostLine { was_fresh, fault };
                if !lost.is_withdrawn() {
                    tracing::warn!(error = %lost, "a connection to the mail server was lost");
                }
                Some(lost)
            }
        }
    }

    /// The template for a recipient, composed for the first of its language and of those whose clocks show the same: what
    /// a mail tells is the same in all zones with the same offsets at its times.
    fn template(&self, out: &Outbound, recipient: &Recipient) -> Arc<Template> {
        let locale = recipient.locale.unwrap_or(self.page.locale);
        let zone = recipient.time_zone.as_ref().unwrap_or(&self.page.time_zone);
        let NewBroadcast { content, event, created_at, .. } = &self.broadcast;
        let offsets = content.times().map(|at| at.map(|at| zone.to_offset(at).seconds()));
        let templates = self.templates.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = templates.get(&(locale, offsets)) {
            return Arc::clone(template);
        }
        drop(templates);
        let template =
            Arc::new(out.composer.template(&self.page, content, locale, zone, *event, *created_at));
        let mut templates = self.templates.write().unwrap_or_else(PoisonError::into_inner);
        templates.insert((locale, offsets), Arc::clone(&template));
        template
    }

    /// A mail that cannot be composed has an empty recipient: the conversation refuses it, and so it is told.
    fn compose(
        &self,
        out: &Outbound,
        recipient: &Recipient,
        template: &Template,
        body: &mut Vec<u8>,
    ) -> Envelope {
        let who = recipient.id.uuid();
        let hash = out.hashes.of(recipient.id);
        let personal = Personal { email: &recipient.email, token: &recipient.token, recipient_hash: &hash };
        if let Err(unfit) = template.splice(&personal, body) {
            tracing::error!(recipient.id = %who, error = %unfit, "a mail could not be composed");
            return refused();
        }
        let of = Bounce { broadcast: self.broadcast.broadcast.uuid(), recipient: who };
        Envelope { sender: out.verp.sender(of), recipient: recipient.email.clone() }
    }

    /// A lot composed and signed before the conversation begins, which would wait for each signature.
    async fn signed(
        &self,
        out: &Outbound,
        recipients: &[&Recipient],
        chosen: &[Arc<Template>],
        signer: &Arc<DkimSigner>,
        now: Timestamp,
    ) -> Vec<(Envelope, Vec<u8>)> {
        let (mut envelopes, mut messages) = (Vec::new(), Vec::new());
        for (recipient, template) in recipients.iter().zip(chosen) {
            let mut body = Vec::new();
            envelopes.push(self.compose(out, recipient, template, &mut body));
            messages.push(body);
        }
        let messages = out.pool.sign(messages, Arc::clone(signer), now).await;
        let with_envelope = |(envelope, message): (Envelope, Vec<u8>)| {
            if message.is_empty() { (refused(), message) } else { (envelope, message) }
        };
        envelopes.into_iter().zip(messages).map(with_envelope).collect()
    }
}

/// An envelope that the conversation refuses to write.
fn refused() -> Envelope {
    Envelope { sender: String::new(), recipient: String::new() }
}

/// A connection that was lost.
#[derive(Debug)]
pub(crate) struct LostLine {
    /// Nothing had been sent over it before: it was not lost for having been idle or used up.
    was_fresh: bool,
    fault: Fault,
}

impl LostLine {
    /// Whether it is the mail's doing: the server ended a new connection over it, or took so long to invite it
    /// that it was taken back.
    pub(crate) fn is_a_drop(&self) -> bool {
        self.was_fresh || self.is_withdrawn()
    }

    fn is_withdrawn(&self) -> bool {
        matches!(self.fault, Fault::Withdrawn)
    }
}

impl std::fmt::Display for LostLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.fault.fmt(f)
    }
}

fn was_tried(report: &Report) -> bool {
    match report.verdict {
        Verdict::NotTried => false,
        Verdict::Sent | Verdict::Deferred | Verdict::Bounced | Verdict::Rejected | Verdict::Unknown => true,
    }
}
