//! The way out: a broadcast's mails composed, signed, and handed to the mail server.

use std::{collections::HashMap, ops::ControlFlow, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use kit::{Secret, locale::Locale};
use tokio::time::Instant;

use crate::{
    audience::Recipient,
    domain::NewBroadcast,
    error::Error,
    mail::{self, Addresses, Composer, Personal, Template},
    smtp::{
        Bounce, Connection, DkimSigner, Envelope, Fault, Lost, OpenError, Report, SmtpUrl, Timeouts, Verdict,
        Verp,
    },
};

/// A connection that nobody used for so long is closed: the server would do it soon.
const IDLE: Duration = Duration::from_secs(10);

/// What all senders of a process share.
pub(crate) struct Outbound {
    relay: SmtpUrl,
    timeouts: Timeouts,
    composer: Composer,
    verp: Verp,
    dkim: Option<DkimSigner>,
    secret: Secret,
    name: String,
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl Outbound {
    /// The way out through this relay.
    #[must_use]
    pub(crate) fn new(
        relay: SmtpUrl,
        addresses: Addresses,
        secret: &Secret,
        dkim: Option<DkimSigner>,
    ) -> Self {
        Self {
            relay,
            timeouts: Timeouts::default(),
            verp: Verp::new(secret.derive("bounces").expose(), &addresses.bounce_domain),
            name: addresses.mail_domain.clone(),
            composer: Composer::new(addresses),
            dkim,
            secret: secret.derive("subscriber hashes"),
        }
    }

    /// Opens the connection if there is none that can be used.
    ///
    /// # Errors
    /// If the mail server does not take it.
    pub(crate) async fn open(&self, line: &mut Option<Line>) -> Result<(), OpenError> {
        if line.as_ref().is_none_or(Line::is_stale) {
            *line = None;
            let connection = Connection::open(&self.relay, &self.timeouts, &self.name).await?;
            *line = Some(Line { connection, used_at: Instant::now(), is_fresh: true });
        }
        Ok(())
    }

    /// Prepares a broadcast: what is the same for all is composed when its language is first asked for.
    ///
    /// # Errors
    /// If the stored broadcast cannot be understood.
    pub(crate) fn prepare(&self, broadcast: &NewBroadcast) -> Result<Prepared<'_>, Error> {
        let page = &broadcast.page;
        let zone = TimeZone::get(&page.time_zone).map_err(|error| Error::Unreadable(error.to_string()))?;
        let locale = Locale::parse(&page.locale)
            .ok_or_else(|| Error::Unreadable(format!("no locale: {}", page.locale)))?;
        Ok(Prepared {
            out: self,
            page: mail::Page {
                tenant_id: broadcast.tenant,
                page_id: page.page_id,
                slug: page.slug.clone(),
                name: page.name.clone(),
                locale,
                time_zone: zone,
            },
            broadcast: broadcast.clone(),
            templates: HashMap::new(),
        })
    }
}

/// A broadcast that is being sent.
pub(crate) struct Prepared<'a> {
    out: &'a Outbound,
    page: mail::Page,
    broadcast: NewBroadcast,
    templates: HashMap<&'static str, Template>,
}

impl Prepared<'_> {
    /// Hands a lot of mails over, in order, while `may_go`, and answers what became of each that was tried.
    ///
    /// The connection is left in `line` only if it can be used again.
    pub(crate) async fn deliver(
        &mut self,
        line: &mut Option<Line>,
        recipients: &[Recipient],
        now: Timestamp,
        may_go: impl FnMut() -> bool + Send,
    ) -> Delivered {
        for recipient in recipients {
            self.template(recipient.locale);
        }
        let mut tried = Vec::with_capacity(recipients.len());
        let Some(mut taken) = line.take() else { return Delivered { tried, lost: None } };
        let outcome = taken
            .connection
            .deliver_while(
                may_go,
                recipients.len(),
                |index, body| self.compose(&recipients[index], now, body),
                |_, report| {
                    if was_tried(&report) {
                        tried.push(report);
                    }
                    ControlFlow::Continue(())
                },
            )
            .await;
        let lost = match outcome {
            Ok(()) => {
                taken.used_at = Instant::now();
                taken.is_fresh = false;
                *line = Some(taken);
                None
            }
            Err(Lost(fault)) => {
                let lost = LostLine { was_fresh: taken.is_fresh, fault };
                if !lost.is_withdrawn() {
                    tracing::warn!(error = %lost, "a connection to the mail server was lost");
                }
                Some(lost)
            }
        };
        Delivered { tried, lost }
    }

    /// The language's template, composed the first time.
    fn template(&mut self, locale: Option<Locale>) {
        let locale = locale.unwrap_or(self.page.locale);
        let Self { out, page, broadcast, templates } = self;
        templates.entry(locale.tag()).or_insert_with(|| {
            out.composer.template(page, &broadcast.content, locale, broadcast.event, broadcast.created_at)
        });
    }

    /// A mail that cannot be composed has an empty recipient: the conversation refuses it, and so it is told.
    fn compose(&self, recipient: &Recipient, now: Timestamp, body: &mut Vec<u8>) -> Envelope {
        let refused = || Envelope { sender: String::new(), recipient: String::new() };
        let locale = recipient.locale.unwrap_or(self.page.locale);
        let Some(template) = self.templates.get(locale.tag()) else { return refused() };
        let who = recipient.id.uuid();
        let mac = self.out.secret.mac(&[who.as_bytes()]);
        let hash = mac[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let personal = Personal { email: &recipient.email, token: &recipient.token, recipient_hash: &hash };
        if let Err(unfit) = template.splice(&personal, body) {
            tracing::error!(recipient.id = %who, error = %unfit, "a mail could not be composed");
            return refused();
        }
        if let Some(dkim) = &self.out.dkim
            && let Err(error) = dkim.sign(body, now)
        {
            tracing::error!(recipient.id = %who, %error, "a mail could not be signed");
            return refused();
        }
        let of = Bounce { broadcast: self.broadcast.broadcast.uuid(), recipient: who };
        Envelope { sender: self.out.verp.sender(of), recipient: recipient.email.clone() }
    }
}

/// What became of a lot.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// In the order of the recipients, as far as they were tried.
    pub(crate) tried: Vec<Report>,
    /// The connection that was lost over it.
    pub(crate) lost: Option<LostLine>,
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

/// A connection of one sender, which no other ever uses.
pub(crate) struct Line {
    connection: Connection,
    used_at: Instant,
    is_fresh: bool,
}

impl Line {
    /// Whether it has been idle for so long that it is better closed.
    pub(crate) fn is_stale(&self) -> bool {
        self.used_at.elapsed() >= IDLE
    }

    /// Takes leave of the server.
    pub(crate) async fn quit(self) {
        self.connection.quit().await;
    }
}

fn was_tried(report: &Report) -> bool {
    match report.verdict {
        Verdict::NotTried => false,
        Verdict::Sent | Verdict::Deferred | Verdict::Bounced | Verdict::Rejected | Verdict::Unknown => true,
    }
}
