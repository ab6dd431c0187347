//! Sends segments.
//!
//! Promise: each recipient of a broadcast is handed to the mail server at least once or ends in an outcome
//! that a person can see. Two senders try the same recipient only if one of them died or outlived its lease,
//! and then at most as many as were in flight and not yet written down. No transaction is open while talking
//! to the mail server.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use kit::{Clock, Db, ids::SubscriberId, peer::Peer, worker::Step};
use proto::internal::v1::{
    ReadAudienceRequest, Recipient, ReportBounceRequest, audience_service_client::AudienceServiceClient,
};
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use super::outbound::{Line, Outbound, Prepared, was_tried};
use crate::{
    domain::{Counts, Lease, Mode, NewBroadcast, Outcome, Settled, settle},
    error::Error,
    rpc::audience,
    smtp::Report,
    store::{
        broadcasts,
        deliveries::{self, Delivery},
        segments::{self, Advance},
    },
};

/// How long a lease lasts; a sender that lives prolongs it, and one that died blocks its segment no longer.
const LEASE: Duration = Duration::from_secs(15);
/// How often a lease is prolonged while the mail server keeps us waiting.
const PROLONG_EVERY: Duration = Duration::from_secs(4);
/// How many recipients are read at once.
const READ: i32 = 200;
/// How old what was read may be when a mail is handed over: who unsubscribed must get nothing 5 s later.
const FRESH: Duration = Duration::from_secs(3);
/// How long a segment rests when the mail server is away.
const RELAY_PAUSE: Duration = Duration::from_secs(5);
/// How long a segment rests after a failure on our side.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// One sender: one connection to the mail server, one segment at a time.
#[derive(Clone)]
pub(crate) struct Sender {
    db: Db,
    clock: Clock,
    audience: AudienceServiceClient<Peer>,
    out: Arc<Outbound>,
    line: Arc<Mutex<Option<Line>>>,
    flush: usize,
    stop: CancellationToken,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("out", &self.out).finish_non_exhaustive()
    }
}

/// Why a sender puts a segment down.
#[derive(Debug, thiserror::Error)]
enum Down {
    #[error("the mail server cannot be reached")]
    Relay(#[from] crate::smtp::OpenError),
    #[error("the mail server dropped the connection")]
    Dropped,
    #[error("{0}")]
    Failed(#[from] Error),
}

impl From<sqlx::Error> for Down {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Sender {
    /// A sender; it puts its segment down between two lots when `stop` is cancelled.
    #[must_use]
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        audience: AudienceServiceClient<Peer>,
        out: Arc<Outbound>,
        flush: u16,
        stop: CancellationToken,
    ) -> Self {
        Self { db, clock, audience, out, line: Arc::default(), flush: usize::from(flush), stop }
    }

    /// Leases the next segment that is due and works it off.
    ///
    /// # Errors
    /// If the database, a peer or the mail server failed; the segment is taken up again later.
    pub(crate) async fn step(&self) -> Result<Step, String> {
        if self.stop.is_cancelled() {
            return Ok(Step::Idle);
        }
        let lease = segments::lease(self.db.pool(), LEASE).await.map_err(|error| error.to_string())?;
        let Some(lease) = lease else {
            self.rest().await;
            return Ok(Step::Idle);
        };
        // In a task of its own, so that a panic over one bad message ends that task and not the worker.
        let (sender, work) = (self.clone(), lease.clone());
        let worked = tokio::spawn(async move { sender.work(work).await }).await;
        let (why, pause, fault) = match worked {
            Ok(Ok(())) => return Ok(Step::Did),
            Ok(Err(down @ (Down::Relay(_) | Down::Dropped))) => (down.to_string(), RELAY_PAUSE, false),
            Ok(Err(Down::Failed(error @ Error::Unreadable(_)))) => (error.to_string(), FAULT_PAUSE, true),
            Ok(Err(Down::Failed(error))) => (error.to_string(), FAULT_PAUSE, false),
            Err(panic) => (panic.to_string(), FAULT_PAUSE, true),
        };
        if fault {
            tracing::error!(
                broadcast.id = %lease.broadcast, tenant.id = %lease.tenant, why,
                "a segment failed by a fault of ours; after three the rest of it is abandoned"
            );
        }
        segments::release(self.db.pool(), &lease, pause, fault).await.map_err(|error| error.to_string())?;
        Err(why)
    }

    /// Closes a connection that nobody used for a while.
    async fn rest(&self) {
        let mut line = self.line.lock().await;
        if line.as_ref().is_some_and(Line::is_stale)
            && let Some(line) = line.take()
        {
            line.quit().await;
        }
    }

    async fn work(&self, mut lease: Lease) -> Result<(), Down> {
        let mut tx = self.db.tenant(lease.tenant).await?;
        let broadcast = broadcasts::load(&mut tx, lease.tenant, lease.broadcast).await?;
        tx.rollback().await?;
        let broadcast =
            broadcast.ok_or_else(|| Error::Unreadable("a segment without a broadcast".to_owned()))?;
        let mut prepared = self.out.prepare(&broadcast)?;
        let mut window = Window::default();
        let mut line = self.line.lock().await;
        loop {
            if self.stop.is_cancelled() {
                segments::release(self.db.pool(), &lease, Duration::ZERO, false).await?;
                return Ok(());
            }
            if window.is_used_up() {
                window = self.read(&lease, &broadcast).await?;
            }
            let lot = match lease.mode() {
                Mode::Send => self.send(&lease, &broadcast, &mut prepared, &mut line, &mut window).await?,
                Mode::Supersede => self.write_off(&mut window, Outcome::Superseded, lease.attempt),
                Mode::Abandon => self.write_off(&mut window, Outcome::Abandoned, lease.attempt),
            };
            let is_done = window.is_last && window.recipients.is_empty();
            let was_dropped = lot.was_dropped && lot.deliveries.is_empty();
            match self.flush(&lease, lot, is_done).await? {
                // The lease went to another: what this sender did since is told by that one.
                None => return Ok(()),
                Some(advanced) => lease = advanced,
            }
            if is_done {
                return self.complete(&broadcast).await;
            }
            if was_dropped {
                return Err(Down::Dropped);
            }
        }
    }

    async fn read(&self, lease: &Lease, broadcast: &NewBroadcast) -> Result<Window, Error> {
        // Taken before the question: an answer is as old as that.
        let read_at = Instant::now();
        let after = lease.cursor;
        let request = ReadAudienceRequest {
            tenant_id: lease.tenant.to_string(),
            audience: Some(audience(broadcast.page.page_id.to_string(), &broadcast.content)),
            after_subscriber_id: if after.uuid().is_nil() { String::new() } else { after.to_string() },
            last_subscriber_id: lease.last.to_string(),
            limit: READ,
        };
        let recipients = self.audience.clone().read_audience(request).await?.into_inner().recipients;
        let is_last = recipients.len() < usize::try_from(READ).unwrap_or(usize::MAX);
        Ok(Window { recipients: recipients.into(), is_last, read_at: Some(read_at) })
    }

    /// Sends the next lot of the window.
    async fn send(
        &self,
        lease: &Lease,
        broadcast: &NewBroadcast,
        prepared: &mut Prepared<'_>,
        line: &mut Option<Line>,
        window: &mut Window,
    ) -> Result<Lot, Down> {
        let chosen = window.recipients.iter().take(self.flush).cloned().collect::<Vec<_>>();
        let mailed = chosen.iter().filter(|recipient| !recipient.suppressed).cloned().collect::<Vec<_>>();
        let now = self.clock.now();
        let reports = if mailed.is_empty() {
            Vec::new()
        } else {
            let until = window.read_at.unwrap_or_else(Instant::now) + FRESH;
            let delivering = prepared.deliver(line, &mailed, now, until);
            self.prolonging(lease, delivering).await?
        };
        let was_dropped = reports.iter().any(|report| !was_tried(report)) || line.is_none();

        let mut reports = reports.into_iter();
        let mut lot = Lot { was_dropped, ..Lot::default() };
        for recipient in chosen {
            let subscriber = id_of(&recipient)?;
            if recipient.suppressed {
                lot.add(subscriber, Outcome::Suppressed, lease.attempt - 1, String::new(), now);
            } else {
                // Those that were not reached are read and tried again.
                let Some(report) = reports.next().filter(was_tried) else { break };
                self.settle(lease, broadcast, subscriber, report, &mut lot).await;
            }
            window.recipients.pop_front();
        }
        Ok(lot)
    }

    async fn settle(
        &self,
        lease: &Lease,
        broadcast: &NewBroadcast,
        subscriber: SubscriberId,
        report: Report,
        lot: &mut Lot,
    ) {
        let now = self.clock.now();
        let settled = settle(report.verdict, lease.attempt, broadcast.created_at, now, jitter(subscriber));
        let Settled::As(outcome, pause) = settled else { return };
        if outcome == Outcome::Bounced {
            self.report_bounce(lease, subscriber, &report.reply).await;
        }
        if let Some(pause) = pause {
            lot.retries.push((subscriber, pause));
        }
        lot.add(subscriber, outcome, lease.attempt, report.reply, now);
    }

    /// The address is suppressed. If that fails it is not lost: the next mail to it bounces again.
    async fn report_bounce(&self, lease: &Lease, subscriber: SubscriberId, reply: &str) {
        let request = ReportBounceRequest {
            tenant_id: lease.tenant.to_string(),
            subscriber_id: subscriber.to_string(),
            reply: reply.to_owned(),
        };
        if let Err(status) = self.audience.clone().report_bounce(request).await {
            tracing::warn!(subscriber.id = %subscriber, error = %status, "a bounce could not be reported");
        }
    }

    /// Keeps the lease while the mail server keeps us waiting.
    async fn prolonging<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(PROLONG_EVERY, work.as_mut()).await {
                Ok(done) => return done,
                Err(_) => {
                    if let Err(error) = segments::prolong(self.db.pool(), lease, LEASE).await {
                        tracing::warn!(%error, "a lease could not be prolonged");
                    }
                }
            }
        }
    }

    /// Everybody left in the window gets this outcome without a try.
    fn write_off(&self, window: &mut Window, outcome: Outcome, attempt: i32) -> Lot {
        let mut lot = Lot::default();
        for recipient in window.recipients.drain(..) {
            if let Ok(subscriber) = id_of(&recipient) {
                lot.add(subscriber, outcome, attempt - 1, String::new(), self.clock.now());
            }
        }
        lot
    }

    /// Writes a lot down and moves the segment on. Answers the lease as it is now, or nothing if it is
    /// another's.
    async fn flush(&self, lease: &Lease, lot: Lot, is_done: bool) -> Result<Option<Lease>, Error> {
        let cursor = lot.deliveries.last().map_or(lease.cursor, |delivery| delivery.subscriber);
        let counts = Counts::of(lot.deliveries.iter().map(|delivery| delivery.outcome));
        let ids = lot.retries.iter().map(|_| self.clock.uuid()).collect::<Vec<_>>();
        let mut tx = self.db.tenant(lease.tenant).await?;
        let advance = Advance { cursor, counts, done: is_done };
        let Some(superseded) = segments::advance(&mut tx, lease, LEASE, advance).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        if !lot.deliveries.is_empty() {
            deliveries::write(&mut tx, lease.tenant, lease.broadcast, &lot.deliveries).await?;
        }
        if !lot.retries.is_empty() {
            segments::insert_retries(&mut tx, lease, &ids, &lot.retries).await?;
        }
        tx.commit().await?;
        Ok(Some(Lease { cursor, superseded, ..lease.clone() }))
    }

    /// Looked at after the commit: of two segments that end at the same time, the later one sees both.
    async fn complete(&self, broadcast: &NewBroadcast) -> Result<(), Down> {
        let mut tx = self.db.tenant(broadcast.tenant).await?;
        if segments::all_done(&mut tx, broadcast.broadcast).await? {
            broadcasts::complete(&mut tx, broadcast.tenant, broadcast.broadcast, self.clock.now()).await?;
        }
        // An update that waited for this segment may begin.
        segments::wake(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Recipients read and not yet settled.
#[derive(Debug, Default)]
struct Window {
    recipients: VecDeque<Recipient>,
    /// The segment holds nobody behind them.
    is_last: bool,
    read_at: Option<Instant>,
}

impl Window {
    fn is_used_up(&self) -> bool {
        let is_fresh = self.read_at.is_some_and(|read_at| read_at.elapsed() < FRESH);
        !is_fresh || (self.recipients.is_empty() && !self.is_last)
    }
}

/// Outcomes that are written down together.
#[derive(Debug, Default)]
struct Lot {
    deliveries: Vec<Delivery>,
    retries: Vec<(SubscriberId, jiff::SignedDuration)>,
    was_dropped: bool,
}

impl Lot {
    fn add(
        &mut self,
        subscriber: SubscriberId,
        outcome: Outcome,
        attempts: i32,
        reply: String,
        updated_at: jiff::Timestamp,
    ) {
        self.deliveries.push(Delivery { subscriber, outcome, attempts, reply, updated_at });
    }
}

fn id_of(recipient: &Recipient) -> Result<SubscriberId, Error> {
    recipient.subscriber_id.parse().map_err(|_| Error::Unreadable("a recipient without an id".to_owned()))
}

/// From -1 to 1, different for each subscriber: their ids end in random bits.
fn jitter(subscriber: SubscriberId) -> f64 {
    let low = subscriber.uuid().as_u128() & 0xffff;
    f64::from(u16::try_from(low).unwrap_or(0)) / f64::from(u16::MAX) * 2.0 - 1.0
}
