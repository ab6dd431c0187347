//! A segment: a range of recipients, and the unit of work.

use jiff::Timestamp;
use kit::ids::{BroadcastId, TenantId};
use uuid::Uuid;

use super::{broadcast::RecipientId, outcome::Outcome};

/// A segment that is about to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSegment {
    /// It begins after this id.
    pub after: RecipientId,
    /// It ends with this one.
    pub last: RecipientId,
    /// How many recipients were in it when it was planned.
    pub planned: i32,
}

/// Where a broadcast belongs: the incident or maintenance that it tells of, and its place among all events of
/// the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// The incident's or the maintenance's UUID.
    pub id: Uuid,
    /// Larger is later.
    pub position: i64,
}

/// What a sender does with a segment that it leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Sends.
    Send,
    /// Writes down that those who are left get something newer instead.
    Supersede,
    /// Writes down that those who are left were given up: the segment failed three times by a fault of ours, or
    /// what it tells is stale.
    Abandon,
}

/// After so many faults of ours a segment is given up.
const MAX_FAULTS: i32 = 3;

/// A leased segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The segment.
    pub segment: Uuid,
    /// Whose it is.
    pub tenant: TenantId,
    /// The broadcast it is part of.
    pub broadcast: BroadcastId,
    /// What the broadcast is a part of.
    pub thread: Option<Uuid>,
    /// The place of the broadcast in its thread: larger is later.
    pub position: i64,
    /// Everybody up to here has an outcome.
    pub cursor: RecipientId,
    /// The range ends with this one.
    pub last: RecipientId,
    /// How many of those it was planned for have no outcome yet.
    pub left: i32,
    /// The how-manieth try this is for those in it.
    pub attempt: i32,
    /// Names this lease in every write.
    pub epoch: i32,
    /// Tries that ended in a fault of ours.
    pub faults: i32,
    /// Connections lost over the mail at the cursor.
    pub drops: i32,
    /// Something newer is there.
    pub superseded: bool,
}

impl Lease {
    /// Whether it has failed too often by a fault of ours.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.faults >= MAX_FAULTS
    }

    /// What to do with it, if what it tells turns stale at `stale_from`.
    #[must_use]
    pub fn mode(&self, stale_from: Option<Timestamp>, now: Timestamp) -> Mode {
        if self.superseded {
            Mode::Supersede
        } else if self.is_faulty() || stale_from.is_some_and(|stale| stale <= now) {
            Mode::Abandon
        } else {
            Mode::Send
        }
    }
}

/// How many deliveries of a lot ended how; those put off live on as segments of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken by the mail server.
    pub sent: i32,
    /// Refused for good.
    pub bounced: i32,
    /// Not to be mailed.
    pub suppressed: i32,
    /// Replaced by something newer.
    pub superseded: i32,
    /// Given up.
    pub abandoned: i32,
}

impl Counts {
    /// Counts the outcomes of a lot.
    pub fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        outcomes.into_iter().fold(Self::default(), |mut counts, outcome| {
            match outcome {
                Outcome::Sent => counts.sent += 1,
                Outcome::Bounced => counts.bounced += 1,
                Outcome::Suppressed => counts.suppressed += 1,
                Outcome::Superseded => counts.superseded += 1,
                Outcome::Abandoned => counts.abandoned += 1,
                Outcome::Deferred => {}
            }
            counts
        })
    }
}

/// How far a broadcast is, added up over its segments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Taken by the mail server.
    pub sent: i64,
    /// Put off, to be tried again.
    pub deferred: i64,
    /// Refused for good.
    pub bounced: i64,
    /// Not to be mailed.
    pub suppressed: i64,
    /// Replaced by something newer.
    pub superseded: i64,
    /// Given up.
    pub abandoned: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_superseded_segment_is_never_sent_and_a_faulty_or_stale_one_is_given_up() {
        let id = |n| RecipientId::from(Uuid::from_u128(n));
        let lease = |superseded, faults| Lease {
            segment: Uuid::nil(),
            tenant: Uuid::nil().into(),
            broadcast: Uuid::nil().into(),
            thread: None,
            position: 0,
            cursor: id(0),
            last: id(9),
            left: 9,
            attempt: 1,
            epoch: 1,
            faults,
            drops: 0,
            superseded,
        };
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mode = |superseded, faults| lease(superseded, faults).mode(None, now);
        assert_eq!(mode(false, 2), Mode::Send);
        assert_eq!(mode(false, 3), Mode::Abandon);
        assert_eq!(mode(true, 0), Mode::Supersede);
        assert_eq!(mode(true, 3), Mode::Supersede);
        assert_eq!(lease(false, 0).mode(Some(now), now), Mode::Abandon);
        assert_eq!(lease(true, 0).mode(Some(now), now), Mode::Supersede);
        assert_eq!(lease(false, 0).mode(Some(now + jiff::SignedDuration::from_nanos(1)), now), Mode::Send);
        assert_eq!(id(9).just_before(), id(8));
    }

    #[test]
    fn every_outcome_but_a_deferral_is_counted() {
        let counts = Counts::of([Outcome::Sent, Outcome::Sent, Outcome::Deferred, Outcome::Bounced]);
        assert_eq!(counts, Counts { sent: 2, bounced: 1, ..Counts::default() });
    }
}
