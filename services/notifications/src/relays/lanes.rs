//! A lane for each relay and receiving provider.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::SignedDuration;
use smtp::client::{EnhancedStatus, Report, Verdict};
use tokio::time::Instant;

use super::{
    RelayId,
    lane::{Lane, Lesson, Why},
    provider::provider,
};

/// How many lanes a process keeps in mind; beyond, those go that were not used for longest.
const MOST_LANES: usize = 10_000;
/// The lanes of a relay lie in so many maps, each behind its own lock.
const SHARDS: usize = 16;
/// When a map is full, the first of so many parts of it goes at once.
const FORGOTTEN_PART: usize = 4;

type Shard = Mutex<HashMap<Box<str>, Arc<Mutex<Lane>>>>;

/// All lanes of a process. Each call costs a fraction of a microsecond and waits for nothing.
pub(crate) struct Lanes {
    relays: Box<[Relay]>,
    /// The most in flight in one lane.
    most: u32,
    shard_size: usize,
}

struct Relay {
    name: String,
    shards: [Shard; SHARDS],
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").field("relays", &self.relays.len()).finish_non_exhaustive()
    }
}

/// Whether a mail may go now.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may; it counts as in flight until the ticket is dropped.
    Go(Ticket),
    /// It waits, and that is no try.
    Hold {
        /// For so long.
        pause: SignedDuration,
        /// What a member may read about it.
        why: String,
    },
}

/// In whose name a mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// From our own domain.
    Ours,
    /// From a tenant's domain.
    Tenants,
}

/// A mail's place in flight.
#[derive(Debug)]
pub(crate) struct Ticket(Arc<Mutex<Lane>>);

impl Drop for Ticket {
    fn drop(&mut self) {
        locked(&self.0).leave();
    }
}

impl Lanes {
    /// Lanes to relays of these names, the preferred one first. As many as `most` mails are in flight at once in the
    /// whole process: no lane needs a higher limit.
    pub(crate) fn new(relays: impl IntoIterator<Item = String>, most: u32) -> Self {
        Self::with_room(relays, most, MOST_LANES)
    }

    pub(super) fn with_room(relays: impl IntoIterator<Item = String>, most: u32, room: usize) -> Self {
        let relays: Box<[Relay]> =
            relays.into_iter().map(|name| Relay { name, shards: Default::default() }).collect();
        let shard_size = (room / (relays.len().max(1) * SHARDS)).max(1);
        Self { relays, most: most.max(1), shard_size }
    }

    /// Asks for leave to hand a mail to this address over.
    pub(crate) fn admit(&self, relay: RelayId, email: &str) -> Admission {
        let (now, provider) = (Instant::now(), provider(email));
        let lane = self.lane(relay, &provider, now);
        let admitted = locked(&lane).admit(now);
        match admitted {
            Ok(()) => Admission::Go(Ticket(lane)),
            Err((pause, why)) => {
                let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
                let why = match why {
                    Why::InFlight => format!("waiting: {provider} takes no more at a time"),
                    Why::Rate => format!("waiting: {provider} takes no more in a second"),
                    Why::Rest => format!("waiting: {provider} refuses mails for now"),
                    Why::Reputation => format!("waiting: {provider} refuses mails from here"),
                };
                Admission::Hold { pause, why }
            }
        }
    }

    /// Learns from what became of a mail to this address, sent in this name.
    pub(crate) fn learn(&self, relay: RelayId, email: &str, report: &Report, name: Name) {
        self.take(relay, email, lesson(report, name), &report.reply);
    }

    /// Learns that the server took its leave with 421 over a mail to this address: it has no report of its own.
    pub(crate) fn left(&self, relay: RelayId, email: &str) {
        self.take(relay, email, Lesson::Refused, "");
    }

    fn take(&self, relay: RelayId, email: &str, lesson: Lesson, reply: &str) {
        if lesson == Lesson::Nothing {
            return;
        }
        let (now, provider) = (Instant::now(), provider(email));
        let learned = locked(&self.lane(relay, &provider, now)).learn(lesson, now);
        if let Some(pause) = learned {
            tracing::error!(
                relay = self.relays[relay.0].name,
                provider = &*provider,
                reply,
                pause.seconds = pause.as_secs(),
                "a provider refuses our mails for our reputation; what is for it waits"
            );
        }
    }

    fn lane(&self, relay: RelayId, provider: &str, now: Instant) -> Arc<Mutex<Lane>> {
        let sum = provider.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
        let mut shard = locked(&self.relays[relay.0].shards[sum % SHARDS]);
        if let Some(lane) = shard.get(provider) {
            return Arc::clone(lane);
        }
        if shard.len() >= self.shard_size {
            forget_some(&mut shard, self.shard_size);
        }
        let lane = Arc::new(Mutex::new(Lane::new(self.most, now)));
        shard.insert(provider.into(), Arc::clone(&lane));
        lane
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.relays.iter().flat_map(|relay| &relay.shards).map(|shard| locked(shard).len()).sum()
    }
}

/// Those first of which nothing is lost, and of them those that were used longest ago.
fn forget_some(shard: &mut HashMap<Box<str>, Arc<Mutex<Lane>>>, size: usize) {
    let mut order = shard
        .iter()
        .map(|(name, lane)| {
            let lane = locked(lane);
            (!lane.is_forgettable(), lane.used_at, name.clone())
        })
        .collect::<Vec<_>>();
    order.sort_unstable();
    for (_, _, name) in order.into_iter().take((size / FORGOTTEN_PART).max(1)) {
        shard.remove(&name);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a report says of the lane. A full mailbox, an address that is not there or one that is greylisted says nothing
/// of the mails to others, and a tenant's domain that fails its checks nothing of the mails in other names.
fn lesson(report: &Report, name: Name) -> Lesson {
    if name == Name::Tenants && report.status.is_some_and(is_about_the_domain) {
        return Lesson::Nothing;
    }
    match report.verdict {
        Verdict::Sent | Verdict::Bounced => Lesson::Taken,
        Verdict::Rejected if report.status.is_some_and(|status| status.subject == 7) => Lesson::Reputation,
        Verdict::Rejected => Lesson::Taken,
        Verdict::Deferred => {
            let is_about_the_address = report.status.is_some_and(|status| {
                status.subject == 1 || (status.subject == 2 && matches!(status.detail, 1 | 2))
            });
            if is_about_the_address || is_greylisting(&report.reply) {
                Lesson::Nothing
            } else {
                Lesson::Refused
            }
        }
        Verdict::Unknown | Verdict::NotTried => Lesson::Nothing,
    }
}

/// Whether the domain that a mail came from failed a check of DKIM, or all checks (RFC 7372, sections 3.1 and 3.4), which
/// its owner can mend. The others, of SPF and of our address's name, are about us: bounces go to our domain.
fn is_about_the_domain(status: EnhancedStatus) -> bool {
    status.subject == 7 && matches!(status.detail, 20..=22 | 26)
}

/// Greylisting (RFC 6647) has no code of its own; servers say it in words.
fn is_greylisting(reply: &str) -> bool {
    let reply = reply.to_ascii_lowercase();
    ["greylist", "graylist", "grey-list", "gray-list"].iter().any(|word| reply.contains(word))
}
