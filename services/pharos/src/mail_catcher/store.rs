//! The mails that were caught, in memory.
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use smtp::server::Envelope;

use super::mail::Mail;

/// How many mails a store keeps unless told otherwise.
pub const DEFAULT_CAPACITY_MAILS: usize = 5_000;

/// How many octets of mail a store keeps at most, whatever its capacity: 256 MiB.
pub const MAX_KEPT_OCTETS: usize = 256 * 1024 * 1024;

/// Keeps the newest mails; older ones are forgotten.
pub struct Store {
    capacity: usize,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The oldest first, so ids grow.
    mails: VecDeque<Arc<Mail>>,
    octets: usize,
    latest_id: u64,
}

impl Store {
    /// A store of at most [`DEFAULT_CAPACITY_MAILS`] mails and [`MAX_KEPT_OCTETS`]; `now` tells the time.
    pub fn new(now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY_MAILS, now)
    }

    /// A store of at most `capacity` mails, at least 1, and [`MAX_KEPT_OCTETS`].
    pub fn with_capacity(capacity: usize, now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self { capacity: capacity.max(1), now, kept: Mutex::default() }
    }

    /// Keeps a mail and returns its id.
    pub fn keep(&self, envelope: Envelope, raw: Bytes) -> u64 {
        let received_at = (self.now)();
        let mut kept = self.kept();
        kept.latest_id += 1;
        kept.octets += raw.len();
        let id = kept.latest_id;
        kept.mails.push_back(Arc::new(Mail { id, received_at, envelope, raw }));
        while kept.mails.len() > self.capacity || (kept.octets > MAX_KEPT_OCTETS && kept.mails.len() > 1) {
            let forgotten = kept.mails.pop_front();
            kept.octets -= forgotten.map_or(0, |mail| mail.raw.len());
        }
        id
    }

    /// How many mails are kept.
    pub fn count(&self) -> usize {
        self.kept().mails.len()
    }

    /// The mail of that id; none if it never was or is forgotten.
    pub fn find(&self, id: u64) -> Option<Arc<Mail>> {
        let kept = self.kept();
        let at = kept.mails.binary_search_by_key(&id, |mail| mail.id).ok()?;
        kept.mails.get(at).cloned()
    }

    /// The newest mails first, at most `limit`: those older than `before_id`, if given, with a recipient that contains
    /// `to`, letter case ignored.
    pub fn list_newest(&self, to: &str, before_id: Option<u64>, limit: usize) -> Vec<Arc<Mail>> {
        let to = to.to_ascii_lowercase();
        let is_meant = |mail: &&Arc<Mail>| {
            mail.envelope.recipients.iter().any(|recipient| recipient.to_ascii_lowercase().contains(&to))
        };
        let kept = self.kept();
        let end = before_id.map_or(kept.mails.len(), |id| kept.mails.partition_point(|mail| mail.id < id));
        kept.mails.range(..end).rev().filter(is_meant).take(limit).cloned().collect()
    }

    /// The oldest mails first, at most `limit`: those newer than `after_id` with a recipient equal to `to`, if given,
    /// letter case ignored.
    pub fn list_after(&self, to: Option<&str>, after_id: u64, limit: usize) -> Vec<Arc<Mail>> {
        let is_meant = |mail: &&Arc<Mail>| {
            to.is_none_or(|to| {
                mail.envelope.recipients.iter().any(|recipient| recipient.eq_ignore_ascii_case(to))
            })
        };
        let kept = self.kept();
        let start = kept.mails.partition_point(|mail| mail.id <= after_id);
        kept.mails.range(start..).filter(is_meant).take(limit).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every step under the lock leaves it whole, so a panic elsewhere is no reason to lose the mails.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
