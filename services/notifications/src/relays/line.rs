//! A connection of one sender.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use smtp::client::{Connection, Envelope, Fault, Lost, Report, Stage, Step, Verdict};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{RelayId, health::Spell, ways::Way};

/// A connection that nobody used for so long is closed: the server would do it soon.
const IDLE: Duration = Duration::from_secs(10);
/// How long a server may take to answer a goodbye before it is left without.
const GOODBYE: Duration = Duration::from_secs(2);
/// How long a lot waits for its relay's next second.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A connection of one sender, which no other ever uses. It holds a place among those that its relay may have.
pub(crate) struct Line {
    wire: Wire,
    way: Arc<Way>,
    spell: Spell,
    used_at: Instant,
    is_fresh: bool,
    _place: OwnedSemaphorePermit,
}

pub(super) enum Wire {
    Smtp(Box<Connection>),
    Discard,
}

/// How a conversation over a line ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The line can be used again.
    Well(Line),
    /// It is lost; whether nothing had been sent over it before.
    Lost {
        /// Why.
        fault: Fault,
        /// Whether nothing had been sent over it before.
        was_fresh: bool,
    },
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("relay", &self.way.id).finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn new(wire: Wire, way: Arc<Way>, spell: Spell, place: OwnedSemaphorePermit) -> Self {
        Self { wire, way, spell, used_at: Instant::now(), is_fresh: true, _place: place }
    }

    /// Where it goes.
    pub(crate) fn relay(&self) -> RelayId {
        self.way.id
    }

    /// Whether it has been idle for so long that it is better closed.
    pub(crate) fn is_stale(&self) -> bool {
        self.used_at.elapsed() >= IDLE
    }

    /// How many mails may still go over it.
    fn room(&self) -> usize {
        match (&self.wire, self.way.mails_per_connection) {
            (Wire::Smtp(connection), Some(most)) => {
                usize::try_from(u64::from(most).saturating_sub(connection.delivered())).unwrap_or(usize::MAX)
            }
            (Wire::Smtp(_) | Wire::Discard, _) => usize::MAX,
        }
    }

    /// Whether another lot can go over it.
    pub(super) fn is_good(&self) -> bool {
        !self.is_stale() && self.room() > 0
    }

    /// How many of a lot of so many mails may go over it now: the rest of what the connection may carry, and what the
    /// relay's rate leaves. Waits up to a second for one at least; 0 if that was not enough.
    pub(crate) async fn allowance(&self, wanted: usize) -> usize {
        let wanted = wanted.min(self.room());
        let Some(pace) = &self.way.pace else { return wanted };
        let deadline = Instant::now() + LONGEST_WAIT;
        loop {
            let now = Instant::now();
            match pace.take(wanted, now) {
                Ok(taken) => return taken,
                Err(pause) if now + pause <= deadline => tokio::time::sleep(pause).await,
                Err(_) => {
                    tokio::time::sleep_until(deadline).await;
                    return 0;
                }
            }
        }
    }

    /// Hands `count` mails over, as [`Connection::deliver_while`].
    pub(crate) async fn deliver(
        mut self,
        may_go: impl FnMut(Step) -> bool + Send,
        count: usize,
        compose: impl FnMut(usize, &mut Vec<u8>) -> Envelope + Send,
        mut report: impl FnMut(usize, Report) + Send,
    ) -> Ended {
        let mut went_through = false;
        let reported = |index, told: Report| {
            went_through |= matches!(told.verdict, Verdict::Sent | Verdict::Bounced);
            report(index, told);
            ControlFlow::Continue(())
        };
        let outcome = match &mut self.wire {
            Wire::Smtp(connection) => connection.deliver_while(may_go, count, compose, reported).await,
            Wire::Discard => {
                discard(may_go, count, compose, reported);
                Ok(())
            }
        };
        if went_through {
            self.way.health.served();
        }
        match outcome {
            Ok(()) => {
                (self.used_at, self.is_fresh) = (Instant::now(), false);
                Ended::Well(self)
            }
            Err(Lost(fault)) => {
                if is_the_relays(&fault) {
                    self.way.health.stumbled(self.spell);
                }
                Ended::Lost { fault, was_fresh: self.is_fresh }
            }
        }
    }

    /// Takes leave of the server.
    pub(crate) async fn quit(self) {
        match self.wire {
            Wire::Smtp(connection) => {
                tokio::time::timeout(GOODBYE, connection.quit()).await.ok();
            }
            Wire::Discard => {}
        }
    }
}

/// Composes each mail as for a server, and drops it.
fn discard(
    mut may_go: impl FnMut(Step) -> bool,
    count: usize,
    mut compose: impl FnMut(usize, &mut Vec<u8>) -> Envelope,
    mut report: impl FnMut(usize, Report) -> ControlFlow<()>,
) {
    let mut body = Vec::new();
    for index in 0..count {
        if !may_go(Step::Announce) {
            return;
        }
        body.clear();
        let (verdict, reply) = if compose(index, &mut body).recipient.is_empty() {
            (Verdict::Rejected, "the envelope is not writable: no mail was handed over")
        } else {
            (Verdict::Sent, "250 2.0.0 discarded")
        };
        if report(index, Report { verdict, status: None, reply: reply.to_owned() }).is_break() {
            return;
        }
    }
}

/// Whether a lost connection says something of the relay.
fn is_the_relays(fault: &Fault) -> bool {
    match fault {
        Fault::Timeout { .. }
        | Fault::Io { .. }
        | Fault::Closed { .. }
        | Fault::Garbled { .. }
        | Fault::OutOfStep { .. }
        | Fault::Leaving { .. } => true,
        // Our own doing.
        Fault::Withdrawn | Fault::Spent => false,
    }
}

/// Whether the server took its leave with 421 over a recipient or a message. At `MAIL` it says that it is idle or full.
pub(crate) fn is_left_over_a_mail(fault: &Fault) -> bool {
    match fault {
        Fault::Leaving { stage, .. } => matches!(stage, Stage::Recipient | Stage::Data | Stage::Dot),
        Fault::Timeout { .. }
        | Fault::Io { .. }
        | Fault::Closed { .. }
        | Fault::Garbled { .. }
        | Fault::OutOfStep { .. }
        | Fault::Withdrawn
        | Fault::Spent => false,
    }
}
