//! A segment: a range of recipients, and the unit of work.

use jiff::{SignedDuration, Timestamp};
use kit::ids::{BroadcastId, TenantId};
use uuid::Uuid;

use super::{broadcast::RecipientId, outcome::Outcome, retry::GIVE_UP_AFTER};

/// Which of the two kinds of subscribers a range is of. Nobody is in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.audience_part", rename_all = "snake_case")]
pub enum Part {
    /// Those who chose the whole page.
    Page,
    /// Those who chose components, some of which are touched.
    Components,
}

impl Part {
    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Components => "components",
        }
    }
}

/// A segment that is about to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSegment {
    /// Whom it is a range of; `None` where subscribers are not meant by what they chose.
    pub part: Option<Part>,
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
    /// Writes down that those who are left were given up: the segment failed three times by a fault of ours, what it
    /// tells is stale, or it is a day old and no news any more.
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
    /// Whom it is a range of.
    pub part: Option<Part>,
    /// Everybody up to here has an outcome.
    pub cursor: RecipientId,
    /// The range ends with this one.
    pub last: RecipientId,
    /// Who of the range is meant, in the order of the ids; `None` for all.
    pub only: Option<Vec<RecipientId>>,
    /// How many of those it was planned for have no outcome yet.
    pub left: i32,
    /// 0, or the how-manieth time the broadcast is sent again to those whom it has not reached.
    pub pass: i16,
    /// 1 for a range as planned, one more for those of it who were put off, and so on.
    pub generation: i32,
    /// The how-manieth try this is for those in it; who is put off without a try keeps the number.
    pub attempt: i32,
    /// Names this lease in every write.
    pub epoch: i32,
    /// Tries that ended in a fault of ours.
    pub faults: i32,
    /// Connections lost over the mail at the cursor.
    pub drops: i32,
    /// Something newer is there.
    pub superseded: bool,
    /// How long before this lease its range was planned, by the database's clock, which no process's clock moves.
    pub age: SignedDuration,
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
        } else if self.is_faulty()
            || self.age >= GIVE_UP_AFTER
            || stale_from.is_some_and(|stale| stale <= now)
        {
            Mode::Abandon
        } else {
            Mode::Send
        }
    }
}

/// Of these, who are in the order of their ids, those behind the cursor.
#[must_use]
pub fn behind(only: &[RecipientId], cursor: RecipientId) -> &[RecipientId] {
    &only[only.partition_point(|id| *id <= cursor)..]
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
            part: Some(Part::Page),
            cursor: id(0),
            last: id(9),
            only: None,
            left: 9,
            pass: 0,
            generation: 1,
            attempt: 1,
            epoch: 1,
            faults,
            drops: 0,
            superseded,
            age: SignedDuration::ZERO,
        };
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mode = |superseded, faults| lease(superseded, faults).mode(None, now);
        assert_eq!(mode(false, 2), Mode::Send);
        assert_eq!(mode(false, 3), Mode::Abandon);
        assert_eq!(mode(true, 0), Mode::Supersede);
        let aged = |age| Lease { age, ..lease(false, 0) }.mode(None, now);
        assert_eq!(aged(GIVE_UP_AFTER), Mode::Abandon);
        assert_eq!(aged(GIVE_UP_AFTER - SignedDuration::from_nanos(1)), Mode::Send);
        assert_eq!(mode(true, 3), Mode::Supersede);
        assert_eq!(lease(false, 0).mode(Some(now), now), Mode::Abandon);
        assert_eq!(lease(true, 0).mode(Some(now), now), Mode::Supersede);
        assert_eq!(lease(false, 0).mode(Some(now + SignedDuration::from_nanos(1)), now), Mode::Send);
        assert_eq!(id(9).just_before(), id(8));
    }

    #[test]
    fn of_those_who_are_meant_only_the_ones_behind_the_cursor_are_left() {
        let id = |n| RecipientId::from(Uuid::from_u128(n));
        assert_eq!(behind(&[id(2), id(5), id(7)], id(5)), [id(7)]);
        assert_eq!(behind(&[id(2), id(5), id(7)], id(1)), [id(2), id(5), id(7)]);
        assert_eq!(behind(&[id(2)], id(2)), []);
    }

    #[test]
    fn every_outcome_but_a_deferral_is_counted() {
        let counts = Counts::of([Outcome::Sent, Outcome::Sent, Outcome::Deferred, Outcome::Bounced]);
        assert_eq!(counts, Counts { sent: 2, bounced: 1, ..Counts::default() });
    }
}
