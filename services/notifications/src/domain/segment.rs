//! A segment: a range of subscribers, and the unit of work.

use kit::ids::{BroadcastId, IncidentId, SubscriberId, TenantId};
use uuid::Uuid;

use super::outcome::Outcome;

/// A segment that is about to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSegment {
    /// It begins after this id.
    pub after: SubscriberId,
    /// It ends with this one.
    pub last: SubscriberId,
    /// How many subscribers were in it when it was planned.
    pub planned: i32,
}

/// What a sender does with a segment that it leased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Sends.
    Send,
    /// Writes down that those who are left get the newer update instead.
    Supersede,
    /// Writes down that those who are left were given up: the segment failed three times by a fault of ours.
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
    /// The incident that the broadcast tells of.
    pub incident: Option<IncidentId>,
    /// The place of the broadcast among those of its page.
    pub position: i64,
    /// Everybody up to here has an outcome.
    pub cursor: SubscriberId,
    /// The range ends with this one.
    pub last: SubscriberId,
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
    /// A newer update is there.
    pub superseded: bool,
}

impl Lease {
    /// Whether it has failed too often by a fault of ours.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.faults >= MAX_FAULTS
    }

    /// What to do with it.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.superseded {
            Mode::Supersede
        } else if self.is_faulty() {
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
    /// Replaced by a newer update.
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
    /// Replaced by a newer update.
    pub superseded: i64,
    /// Given up.
    pub abandoned: i64,
}

/// The id just before: a range after it and up to `subscriber` holds that one alone.
#[must_use]
pub fn just_before(subscriber: SubscriberId) -> SubscriberId {
    SubscriberId::from_uuid(Uuid::from_u128(subscriber.uuid().as_u128().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_superseded_segment_is_never_sent_and_a_faulty_one_is_given_up() {
        let id = |n| SubscriberId::from_uuid(Uuid::from_u128(n));
        let lease = |superseded, faults| Lease {
            segment: Uuid::nil(),
            tenant: Uuid::nil().into(),
            broadcast: Uuid::nil().into(),
            incident: None,
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
        assert_eq!(lease(false, 2).mode(), Mode::Send);
        assert_eq!(lease(false, 3).mode(), Mode::Abandon);
        assert_eq!(lease(true, 0).mode(), Mode::Supersede);
        assert_eq!(lease(true, 3).mode(), Mode::Supersede);
        assert_eq!(just_before(id(9)), id(8));
    }

    #[test]
    fn every_outcome_but_a_deferral_is_counted() {
        let counts = Counts::of([Outcome::Sent, Outcome::Sent, Outcome::Deferred, Outcome::Bounced]);
        assert_eq!(counts, Counts { sent: 2, bounced: 1, ..Counts::default() });
    }
}
