//! Sends segments.
//!
//! Promise: each recipient of a broadcast is handed to the mail server at least once or ends in an outcome
//! that a person can see. Two senders try the same recipient only if one of them died or outlived its lease,
//! and then at most as many as were in flight and not yet written down. No transaction is open while talking
//! to the mail server.

use std::{sync::Arc, time::Duration};

use kit::{ids::SubscriberId, worker::Step};
use proto::internal::v1::FeedbackKind;
use smtp::client::{self, Report, Verdict};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    admitted::Admitted,
    down::Down,
    outbound::Prepared,
    shared::{LEASE, Shared},
    window::{Entry, Lot, Window, is_fresh, jitter},
};
use crate::{
    domain::{Audience, Lease, Mode, NewBroadcast, Outcome, RecipientId, Settled, Strike, settle},
    error::Error,
    relays::Line,
    store::{
        lots::{self, Moved},
        segments::{self, Release},
    },
};

/// How often a lease is prolonged while somebody keeps us waiting.
const PROLONG_EVERY: Duration = Duration::from_secs(4);
/// How long a segment rests after a failure on our side.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// How long a server may take with what it has of us when the process stops: shorter than a worker may take to end.
const STOP_PAUSE: Duration = Duration::from_secs(2);
/// So many connections lost over one mail, and its recipient is put off alone.
const MAX_DROPS: i32 = 3;

/// One sender: one connection to the mail server, one segment at a time.
#[derive(Clone)]
pub(crate) struct Sender {
    shared: Arc<Shared>,
    line: Arc<Mutex<Option<Line>>>,
    stop: CancellationToken,
}

impl Sender {
    /// A sender; it puts its segment down between two lots when `stop` is cancelled.
    #[must_use]
    pub(crate) fn new(shared: Arc<Shared>, stop: CancellationToken) -> Self {
        Self { shared, line: Arc::default(), stop }
    }

    /// Leases the next segment that is ready and works it off.
    ///
    /// # Errors
    /// If the database, a peer or the mail server failed; the segment is taken up again later.
    pub(crate) async fn step(&self) -> Result<Step, String> {
        if self.stop.is_cancelled() {
            return Ok(Step::Idle);
        }
        if let Some(pause) = self.shut_out().await {
            // Whoever has a line takes what this one was woken for; a segment that it took would have to rest.
            self.shared.wake.notify_one();
            self.stop.run_until_cancelled(tokio::time::sleep(pause)).await;
            return Ok(Step::Did);
        }
        let Some(lease) = self.shared.lease().await.map_err(|error| error.to_string())? else {
            self.rest().await;
            return Ok(Step::Idle);
        };
        // In a task of its own, so that a panic over one bad message ends that task and not the worker.
        let (sender, work) = (self.clone(), lease.clone());
        let (why, pause, release) = match tokio::spawn(async move { sender.work(work).await }).await {
            Ok(Ok(()) | Err(Down::Lapsed)) => return Ok(Step::Did),
            Ok(Err(Down::Turn)) => {
                let pool = self.shared.db.pool();
                let released = segments::release(pool, &lease, Duration::ZERO, Release::Turn).await;
                return released.map(|()| Step::Did).map_err(|error| error.to_string());
            }
            Ok(Err(Down::Held(pause))) => {
                let (pool, pause) = (self.shared.db.pool(), pause.unsigned_abs());
                let released = segments::release(pool, &lease, pause, Release::Turn).await;
                return released.map(|()| Step::Did).map_err(|error| error.to_string());
            }
            Ok(Err(Down::Relay(unopened))) => {
                // The relays have told it, once each time they were tried.
                tracing::debug!(error = %unopened, "a segment rests until a mail server can be used");
                let pool = self.shared.db.pool();
                let released = segments::release(pool, &lease, unopened.pause, Release::Turn).await;
                return released.map(|()| Step::Did).map_err(|error| error.to_string());
            }
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
        let released = segments::release(self.shared.db.pool(), &lease, pause, release).await;
        released.map_err(|error| error.to_string())?;
        Err(why)
    }

    /// How long it has no line and can have none.
    async fn shut_out(&self) -> Option<Duration> {
        self.rest().await;
        if self.line.lock().await.is_some() { None } else { self.shared.out.shut_for() }
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
        let prepared = match self.shared.prepared(&lease).await {
            Ok(prepared) => prepared,
            // Not even whom it was for can be read: all that is left is to end it and count it.
            Err(Error::Unreadable(_)) if lease.is_faulty() => return self.give_up(lease).await,
            Err(error) => return Err(error.into()),
        };
        let broadcast = prepared.broadcast();
        match lease.mode(broadcast.content.stale_from(), self.shared.clock.now()) {
            Mode::Send => self.send(lease, &prepared).await,
            Mode::Supersede => self.write_off(lease, broadcast, Outcome::Superseded).await,
            Mode::Abandon => self.write_off(lease, broadcast, Outcome::Abandoned).await,
        }
    }

    /// Sends to the segment's recipients for as long as what was read of them is fresh. Whoever is behind them gets
    /// their turn with the next lease.
    async fn send(&self, mut lease: Lease, prepared: &Prepared) -> Result<(), Down> {
        let broadcast = prepared.broadcast();
        let mut line = self.line.lock().await;
        // Opened before the audience is read: a server may take its time to greet, and what was read ages.
        self.prolonging(&lease, self.shared.out.open(&mut line)).await??;
        let mut window = self.read(&lease, broadcast).await?;
        loop {
            let lot = self.send_lot(&lease, prepared, &mut line, &mut window).await?;
            let is_done = window.is_last && window.entries.is_empty();
            let Written { strikes, goes_on } = self.write(&mut lease, lot, is_done).await?;
            for (subscriber, kind, reply) in strikes {
                let reported = self.report(&lease, subscriber, kind, reply);
                // A segment that is done, or was given back, has no lease to keep.
                if goes_on { self.prolonging(&lease, reported).await? } else { reported.await }
            }
            if !goes_on {
                return Ok(());
            }
            if window.entries.is_empty()
                || !window.is_fresh(client::Step::Announce)
                || self.stop.is_cancelled()
            {
                return Err(Down::Turn);
            }
            self.prolonging(&lease, self.shared.out.open(&mut line)).await??;
        }
    }

    async fn read(&self, lease: &Lease, broadcast: &NewBroadcast) -> Result<Window, Down> {
        let read = Window::read(&self.shared.db, &self.shared.audiences, lease, broadcast);
        Ok(self.prolonging(lease, read).await??)
    }

    /// Sends the next lot of the window.
    async fn send_lot(
        &self,
        lease: &Lease,
        prepared: &Prepared,
        line: &mut Option<Line>,
        window: &mut Window,
    ) -> Result<Lot, Down> {
        // A mail that failed this often goes alone, and however long the server takes to invite it.
        let is_last_try = lease.drops + 1 >= MAX_DROPS;
        let count =
            if is_last_try { 1 } else { self.shared.flush.min(prepared.most_at_once(&self.shared.out)) };
        let chosen = window.entries.iter().take(count).collect::<Vec<_>>();
        let mut admitted = Admitted::ask(&self.shared.out, line.as_ref(), &chosen);
        // Those who were put off before wait where they are: each wait would otherwise be a row in the log.
        if lease.generation > 1
            && let Some(pause) = admitted.all_held(&chosen)
        {
            return Err(Down::Held(pause));
        }
        let now = self.shared.clock.now();
        let (read_at, stop) = (window.read_at, self.stop.clone());
        let may_go = move |step| (is_last_try || is_fresh(read_at, step)) && !stop.is_cancelled();
        let mut tried = Vec::with_capacity(admitted.mailed.len());
        let lost = if admitted.mailed.is_empty() {
            None
        } else {
            let (out, mailed) = (&self.shared.out, &admitted.mailed);
            let delivered = prepared.deliver(out, line, mailed, now, may_go, &mut tried);
            self.prolonging(lease, self.unless_stopped(delivered)).await?.flatten()
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

        let broadcast = prepared.broadcast();
        let left = broadcast.content.left(lease.age, now);
        let mut tried = tried.into_iter();
        let mut lot = Lot::default();
        for entry in chosen {
            match entry {
                Entry::Had(id) => lot.cursor = Some(*id),
                Entry::Gone(id) => lot.add(*id, Outcome::Suppressed, String::new()),
                Entry::Present(recipient) if recipient.suppressed => {
                    lot.add(recipient.id, Outcome::Suppressed, String::new());
                }
                Entry::Present(recipient) => {
                    if let Some((pause, why)) = admitted.hold(recipient.id) {
                        if pause > left {
                            lot.add(recipient.id, Outcome::Abandoned, why);
                        } else {
                            lot.put_off(recipient.id, pause, false, why);
                        }
                        continue;
                    }
                    // Those that were not reached are read and tried again.
                    let Some(report) = tried.next() else { break };
                    if !self.settle(lease, broadcast, recipient.id, report, &mut lot) {
                        break;
                    }
                }
            }
        }
        let settled = window.entries.partition_point(|entry| Some(entry.id()) <= lot.cursor);
        window.entries.drain(..settled);
        Ok(lot)
    }

    /// Adds the outcome of a try to the lot; `false` if it was none.
    fn settle(
        &self,
        lease: &Lease,
        broadcast: &NewBroadcast,
        recipient: RecipientId,
        report: Report,
        lot: &mut Lot,
    ) -> bool {
        let left = broadcast.content.left(lease.age, self.shared.clock.now());
        match settle(&report, lease.attempt, left, jitter(recipient)) {
            Settled::NotTried => return false,
            Settled::PutOff(pause) => lot.put_off(recipient, pause, true, report.reply),
            Settled::Ended(outcome, strike) => {
                match (strike, broadcast.content.audience()) {
                    (Some(strike), Audience::Confirmed | Audience::Pending(_)) => {
                        let kind = match strike {
                            Strike::NoSuchAddress => FeedbackKind::NoSuchAddress,
                            Strike::MailboxFull => FeedbackKind::MailboxFull,
                        };
                        lot.strikes.push((recipient.uuid().into(), kind, report.reply.clone()));
                    }
                    // A member's address is no subscriber's: the log says it, and nothing is suppressed.
                    (Some(_), Audience::Responders) | (None, _) => {}
                }
                lot.add(recipient, outcome, report.reply);
            }
        }
        true
    }

    /// If that fails it is not lost: the next mail to the address is refused again.
    async fn report(&self, lease: &Lease, subscriber: SubscriberId, kind: FeedbackKind, reply: String) {
        let audiences = &self.shared.audiences;
        let reported =
            audiences.report_feedback(lease.tenant, subscriber, lease.broadcast, kind, reply).await;
        if let Err(status) = reported {
            tracing::warn!(subscriber.id = %subscriber, error = %status, "a refusal could not be reported");
        }
    }

    /// The conversation, as long as the process goes on, and a while longer for a server that keeps us waiting: what
    /// became of the mails until then must be written down before the end.
    async fn unless_stopped<T>(&self, conversation: impl Future<Output = T>) -> Option<T> {
        let last_moment = async {
            self.stop.cancelled().await;
            tokio::time::sleep(STOP_PAUSE).await;
        };
        tokio::select! {
            biased;
            done = conversation => Some(done),
            () = last_moment => None,
        }
    }

    /// Keeps the lease while somebody keeps us waiting; without it, what we wait for is dropped.
    async fn prolonging<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> Result<T, Down> {
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(PROLONG_EVERY, work.as_mut()).await {
                Ok(done) => return Ok(done),
                Err(_) => match segments::prolong(self.shared.db.pool(), lease, LEASE).await {
                    Ok(true) => {}
                    Ok(false) => return Err(Down::Lapsed),
                    // Tried again at the next turn; if it lapses meanwhile, the epoch keeps us from writing.
                    Err(error) => tracing::warn!(%error, "a lease could not be prolonged"),
                },
            }
        }
    }

    /// Gives the next of those who are left this outcome without a try.
    async fn write_off(
        &self,
        mut lease: Lease,
        broadcast: &NewBroadcast,
        outcome: Outcome,
    ) -> Result<(), Down> {
        let window = self.read(&lease, broadcast).await?;
        let mut lot = Lot::default();
        for entry in &window.entries {
            match entry {
                Entry::Had(id) => lot.cursor = Some(*id),
                Entry::Present(_) | Entry::Gone(_) => lot.add(entry.id(), outcome, String::new()),
            }
        }
        let Written { goes_on, .. } = self.write(&mut lease, lot, window.is_last).await?;
        if goes_on { Err(Down::Turn) } else { Ok(()) }
    }

    async fn give_up(&self, lease: Lease) -> Result<(), Down> {
        let mut tx = self.shared.db.tenant(lease.tenant).await?;
        if !segments::give_up(&mut tx, &lease).await? {
            return Err(Down::Lapsed);
        }
        segments::end_broadcast(&mut tx, lease.tenant, lease.broadcast, self.shared.clock.now()).await?;
        segments::wake_newer(&mut tx, &lease).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes a lot down and moves the lease on with it.
    async fn write(&self, lease: &mut Lease, lot: Lot, done: bool) -> Result<Written, Down> {
        let cursor = lot.cursor.unwrap_or(lease.cursor);
        let Lot { deliveries, retries, strikes, cursor: _ } = lot;
        let step = lots::Step { lease: lease.clone(), deliveries, retries, cursor, done };
        let Moved { superseded: _, put_down } = self.write_down(Arc::new(step)).await?;
        if cursor != lease.cursor {
            lease.drops = 0;
        }
        lease.cursor = cursor;
        Ok(Written { strikes, goes_on: !done && !put_down })
    }

    /// Writes a step down, however often that fails: what was sent and is not written down would be sent again by
    /// whoever takes the segment next. Meanwhile the lease is kept, and no sender of the process begins anything.
    async fn write_down(&self, step: Arc<lots::Step>) -> Result<Moved, Down> {
        let mut stuck = None;
        loop {
            let written = self.prolonging(&step.lease, self.shared.log.write(Arc::clone(&step)));
            let error = match written.await? {
                Ok(written) => return written.ok_or(Down::Lapsed),
                Err(error) => error,
            };
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what became of mails could not be written down; it is tried again"
            );
            stuck.get_or_insert_with(|| self.shared.log.stuck());
            if self.stop.run_until_cancelled(tokio::time::sleep(FAULT_PAUSE)).await.is_none() {
                return Err(error.into());
            }
            if let Ok(false) = segments::prolong(self.shared.db.pool(), &step.lease, LEASE).await {
                return Err(Down::Lapsed);
            }
        }
    }
}

/// What follows from a lot that is written down.
struct Written {
    /// What refusals say of subscribers' addresses.
    strikes: Vec<(SubscriberId, FeedbackKind, String)>,
    /// There are others left, and they are this sender's.
    goes_on: bool,
}
