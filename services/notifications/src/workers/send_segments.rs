//! Sends segments.
//!
//! Promise: each recipient of a broadcast is handed to the mail server at least once or ends in an outcome
//! that a person can see. Two senders try the same recipient only if one of them died or outlived its lease,
//! and then at most as many as were in flight and not yet written down. No transaction is open while talking
//! to the mail server.

use std::{sync::Arc, time::Duration};

use kit::{Clock, Db, db::Tx, ids::SubscriberId, worker::Step};
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    lot::{FRESH, Lot, Window, jitter},
    outbound::{Delivered, Line, Outbound, Prepared},
};
use crate::{
    audience::{self, Audiences, Rest},
    domain::{Audience, Counts, Lease, Mode, NewBroadcast, Outcome, RecipientId, Settled, settle},
    error::Error,
    smtp::{OpenError, Report, Verdict},
    store::{
        broadcasts,
        deliveries::{self, Delivery},
        segments::{self, Advance, Release},
        told,
    },
};

/// How long a lease lasts; a sender that lives prolongs it, and one that died blocks its segment no longer.
const LEASE: Duration = Duration::from_secs(15);
/// How often a lease is prolonged while somebody keeps us waiting.
const PROLONG_EVERY: Duration = Duration::from_secs(4);
/// How many recipients are read at once; after them the segment is put down, so that others have their turn.
const READ: i32 = 200;
/// How many recipients are written off at once.
const WRITE_OFF: i32 = audience::MAX_READ;
/// How long a segment rests when the mail server is away.
const RELAY_PAUSE: Duration = Duration::from_secs(5);
/// How long a segment rests after a failure on our side.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// So many connections lost over one mail, and its recipient is put off alone.
const MAX_DROPS: i32 = 3;

/// One sender: one connection to the mail server, one segment at a time.
#[derive(Clone)]
pub(crate) struct Sender {
    db: Db,
    clock: Clock,
    audiences: Audiences,
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

/// Why a sender puts a segment down before it is done.
#[derive(Debug, thiserror::Error)]
enum Down {
    #[error("others have their turn")]
    Turn,
    #[error("the lease is another's")]
    Lapsed,
    #[error("the mail server cannot be reached: {0}")]
    Relay(#[from] OpenError),
    #[error("the mail server ended the connection over a mail: {0}")]
    Dropped(String),
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
        audiences: Audiences,
        out: Arc<Outbound>,
        flush: u16,
        stop: CancellationToken,
    ) -> Self {
        Self { db, clock, audiences, out, line: Arc::default(), flush: usize::from(flush), stop }
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
        let (why, pause, release) = match tokio::spawn(async move { sender.work(work).await }).await {
            Ok(Ok(()) | Err(Down::Lapsed)) => return Ok(Step::Did),
            Ok(Err(Down::Turn)) => {
                let released = segments::release(self.db.pool(), &lease, Duration::ZERO, Release::Turn).await;
                return released.map(|()| Step::Did).map_err(|error| error.to_string());
            }
            Ok(Err(down @ Down::Relay(_))) => (down.to_string(), RELAY_PAUSE, Release::Turn),
            Ok(Err(down @ Down::Dropped(_))) => (down.to_string(), FAULT_PAUSE, Release::Drop),
            Ok(Err(Down::Failed(error @ Error::Unreadable(_)))) => {
                (error.to_string(), FAULT_PAUSE, Release::Fault)
            }
            Ok(Err(Down::Failed(error))) => (error.to_string(), FAULT_PAUSE, Release::Turn),
            Err(panic) => (panic.to_string(), FAULT_PAUSE, Release::Fault),
        };
        if release == Release::Fault {
            tracing::error!(
                broadcast.id = %lease.broadcast, tenant.id = %lease.tenant, why,
                "a segment failed by a fault of ours; after three the rest of it is abandoned"
            );
        }
        segments::release(self.db.pool(), &lease, pause, release).await.map_err(|error| error.to_string())?;
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

    async fn work(&self, lease: Lease) -> Result<(), Down> {
        let mut tx = self.db.tenant(lease.tenant).await?;
        let broadcast = told::load(&mut tx, lease.tenant, lease.broadcast).await;
        tx.rollback().await?;
        let broadcast = broadcast.and_then(|found| {
            found.ok_or_else(|| Error::Unreadable("a segment without a broadcast".to_owned()))
        });
        let broadcast = match broadcast {
            Ok(broadcast) => broadcast,
            // Not even whom it was for can be read: all that is left is to end it and count it.
            Err(Error::Unreadable(_)) if lease.is_faulty() => return self.give_up(lease).await,
            Err(error) => return Err(error.into()),
        };
        match lease.mode(broadcast.content.stale_from(), self.clock.now()) {
            Mode::Send => self.send_window(lease, &broadcast).await,
            Mode::Supersede => self.write_off(lease, &broadcast, Outcome::Superseded).await,
            Mode::Abandon => self.write_off(lease, &broadcast, Outcome::Abandoned).await,
        }
    }

    /// Sends to one window of recipients. Whoever is behind it gets their turn with the next lease.
    async fn send_window(&self, mut lease: Lease, broadcast: &NewBroadcast) -> Result<(), Down> {
        let mut prepared = self.out.prepare(broadcast)?;
        let mut line = self.line.lock().await;
        // Opened before the audience is read: a server may take its time to greet, and what was read ages.
        self.prolonging(&lease, self.out.open(&mut line)).await??;
        let mut window = self.prolonging(&lease, self.read(&lease, broadcast, READ)).await??;
        loop {
            let lot = self.send_lot(&lease, broadcast, &mut prepared, &mut line, &mut window).await?;
            let is_done = window.is_last && window.recipients.is_empty();
            lease = self.flush(&lease, &lot, is_done).await?;
            for (subscriber, reply) in &lot.bounces {
                let reported = self.report_bounce(&lease, *subscriber, reply);
                // A segment that is done has no lease to keep.
                if is_done { reported.await } else { self.prolonging(&lease, reported).await? }
            }
            if is_done {
                return Ok(());
            }
            if lease.superseded
                || window.recipients.is_empty()
                || !window.is_fresh()
                || self.stop.is_cancelled()
            {
                return Err(Down::Turn);
            }
            self.prolonging(&lease, self.out.open(&mut line)).await??;
        }
    }

    async fn read(&self, lease: &Lease, broadcast: &NewBroadcast, limit: i32) -> Result<Window, Error> {
        // Taken before the question: an answer is as old as that.
        let read_at = Instant::now();
        let (page, meant) = (broadcast.page.page_id, broadcast.content.audience());
        let rest = Rest { after: lease.cursor, last: lease.last };
        let recipients = self.audiences.read(lease.tenant, page, meant, rest, limit).await?;
        let is_last = audience::is_end(recipients.len(), limit);
        Ok(Window { recipients: recipients.into(), is_last, read_at })
    }

    /// Sends the next lot of the window.
    async fn send_lot(
        &self,
        lease: &Lease,
        broadcast: &NewBroadcast,
        prepared: &mut Prepared<'_>,
        line: &mut Option<Line>,
        window: &mut Window,
    ) -> Result<Lot, Down> {
        // A mail that failed this often goes alone, and however long the server takes to invite it.
        let is_last_try = lease.drops + 1 >= MAX_DROPS;
        let count = if is_last_try { 1 } else { self.flush };
        let chosen = window.recipients.iter().take(count).cloned().collect::<Vec<_>>();
        let mailed = chosen.iter().filter(|recipient| !recipient.suppressed).cloned().collect::<Vec<_>>();
        let now = self.clock.now();
        let (fresh_until, stop) = (window.read_at + FRESH, self.stop.clone());
        let may_go = move || (is_last_try || Instant::now() < fresh_until) && !stop.is_cancelled();
        let Delivered { mut tried, lost } = if mailed.is_empty() {
            Delivered { tried: Vec::new(), lost: None }
        } else {
            self.prolonging(lease, prepared.deliver(line, &mailed, now, may_go)).await?
        };
        if let Some(lost) = lost.filter(|lost| tried.is_empty() && lost.is_a_drop()) {
            if self.stop.is_cancelled() {
                return Err(Down::Turn);
            }
            if !is_last_try {
                return Err(Down::Dropped(lost.to_string()));
            }
            // The server minds this one mail: its recipient is put off, and those behind it go on.
            tried.push(Report { verdict: Verdict::Deferred, status: None, reply: lost.to_string() });
        }

        let mut tried = tried.into_iter();
        let mut lot = Lot::default();
        for recipient in chosen {
            if recipient.suppressed {
                lot.add(recipient.id, Outcome::Suppressed, lease.attempt - 1, String::new(), now);
            } else {
                // Those that were not reached are read and tried again.
                let Some(report) = tried.next() else { break };
                self.settle(lease, broadcast, recipient.id, report, &mut lot);
            }
            window.recipients.pop_front();
        }
        Ok(lot)
    }

    fn settle(
        &self,
        lease: &Lease,
        broadcast: &NewBroadcast,
        recipient: RecipientId,
        report: Report,
        lot: &mut Lot,
    ) {
        let now = self.clock.now();
        let give_up_at = broadcast.content.give_up_at(broadcast.created_at);
        let settled = settle(report.verdict, lease.attempt, give_up_at, now, jitter(recipient));
        let Settled::As(outcome, pause) = settled else { return };
        if outcome == Outcome::Bounced {
            match broadcast.content.audience() {
                Audience::Confirmed | Audience::Pending(_) => {
                    lot.bounces.push((recipient.uuid().into(), report.reply.clone()));
                }
                // A member's address is no subscriber's: the log says it, and nothing is suppressed.
                Audience::Responders => {}
            }
        }
        if let Some(pause) = pause {
            lot.retries.push((recipient, pause));
        }
        lot.add(recipient, outcome, lease.attempt, report.reply, now);
    }

    /// The address is suppressed. If that fails it is not lost: the next mail to it bounces again.
    async fn report_bounce(&self, lease: &Lease, subscriber: SubscriberId, reply: &str) {
        let reported = self.audiences.report_bounce(lease.tenant, subscriber, reply.to_owned()).await;
        if let Err(status) = reported {
            tracing::warn!(subscriber.id = %subscriber, error = %status, "a bounce could not be reported");
        }
    }

    /// Keeps the lease while somebody keeps us waiting; without it, what we wait for is dropped.
    async fn prolonging<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> Result<T, Down> {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(PROLONG_EVERY, work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) => match segments::prolong(self.db.pool(), lease, LEASE).await {
                    Ok(true) => {}
                    Ok(false) => return Err(Down::Lapsed),
                    // Tried again at the next turn; if it lapses meanwhile, the epoch keeps us from writing.
                    Err(error) => tracing::warn!(%error, "a lease could not be prolonged"),
                },
            }
        }
    }

    /// Gives the next of those who are left this outcome without a try.
    async fn write_off(&self, lease: Lease, broadcast: &NewBroadcast, outcome: Outcome) -> Result<(), Down> {
        let window = self.prolonging(&lease, self.read(&lease, broadcast, WRITE_OFF)).await??;
        let mut lot = Lot::default();
        for recipient in &window.recipients {
            lot.add(recipient.id, outcome, lease.attempt - 1, String::new(), self.clock.now());
        }
        self.flush(&lease, &lot, window.is_last).await?;
        if window.is_last { Ok(()) } else { Err(Down::Turn) }
    }

    async fn give_up(&self, lease: Lease) -> Result<(), Down> {
        let mut tx = self.db.tenant(lease.tenant).await?;
        let counts = Counts { abandoned: lease.left, ..Counts::default() };
        let advance = Advance { cursor: lease.last, counts, done: true };
        segments::advance(&mut tx, &lease, LEASE, advance).await?.ok_or(Down::Lapsed)?;
        self.end(&mut tx, &lease).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What follows from the end of a segment: the end of its broadcast, if it was the last, and the turn of a
    /// newer broadcast that waited for it.
    async fn end(&self, tx: &mut Tx, lease: &Lease) -> Result<(), Down> {
        broadcasts::lock(tx, lease.tenant, lease.broadcast).await?;
        if segments::all_done(tx, lease.broadcast).await? {
            broadcasts::complete(tx, lease.tenant, lease.broadcast, self.clock.now()).await?;
        }
        segments::wake_newer(tx, lease).await?;
        Ok(())
    }

    /// Writes a lot down, moves the segment on, and with its last one may end the broadcast, all in one
    /// transaction. Answers the lease as it is now.
    async fn flush(&self, lease: &Lease, lot: &Lot, is_done: bool) -> Result<Lease, Down> {
        let left = self.left_meanwhile(lease, lot, is_done);
        let deliveries = left.as_ref().map_or(lot.deliveries.as_slice(), std::slice::from_ref);
        let cursor = deliveries.last().map_or(lease.cursor, |delivery| delivery.recipient);
        let counts = Counts::of(deliveries.iter().map(|delivery| delivery.outcome));
        let ids = lot.retries.iter().map(|_| self.clock.uuid()).collect::<Vec<_>>();

        let mut tx = self.db.tenant(lease.tenant).await?;
        let advance = Advance { cursor, counts, done: is_done };
        let Some(superseded) = segments::advance(&mut tx, lease, LEASE, advance).await? else {
            tx.rollback().await?;
            return Err(Down::Lapsed);
        };
        if !deliveries.is_empty() {
            deliveries::write(&mut tx, lease.tenant, lease.broadcast, deliveries).await?;
        }
        if !lot.retries.is_empty() {
            segments::insert_retries(&mut tx, lease, &ids, &lot.retries).await?;
        }
        if is_done {
            self.end(&mut tx, lease).await?;
        } else if superseded {
            segments::wake_newer(&mut tx, lease).await?;
        }
        tx.commit().await?;
        let drops = if cursor == lease.cursor { lease.drops } else { 0 };
        Ok(Lease { cursor, superseded, drops, ..lease.clone() })
    }

    /// A recipient that was put off and is not in the audience any more has left, and that is its outcome.
    fn left_meanwhile(&self, lease: &Lease, lot: &Lot, is_done: bool) -> Option<Delivery> {
        let is_retry = lease.attempt > 1;
        (is_done && is_retry && lot.deliveries.is_empty() && lease.cursor != lease.last).then(|| Delivery {
            recipient: lease.last,
            outcome: Outcome::Suppressed,
            attempts: lease.attempt - 1,
            reply: String::new(),
            updated_at: self.clock.now(),
        })
    }
}
