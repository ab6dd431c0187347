//! The history of how components were: times in which something gave a component a status.
//!
//! What was recorded is never rewritten. When a story changes (an update is back-dated, edited or deleted), what
//! follows from it is compared with what is recorded: what still holds stays, an open interval that ended is ended,
//! and the rest is retracted and recorded anew.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kit::ids::{ComponentId, IncidentId, MaintenanceId, MemberId, StatusIntervalId, VendorId};
use uuid::Uuid;

use super::ComponentStatus;

/// What kind of thing gave a component a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.cause", rename_all = "snake_case")]
pub(crate) enum CauseKind {
    Incident,
    Maintenance,
    Member,
    Vendor,
}

/// What gave a component a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    Incident(IncidentId),
    Maintenance(MaintenanceId),
    /// By hand.
    Member(MemberId),
    Vendor(VendorId),
}

impl Cause {
    pub(crate) fn kind(self) -> CauseKind {
        match self {
            Self::Incident(_) => CauseKind::Incident,
            Self::Maintenance(_) => CauseKind::Maintenance,
            Self::Member(_) => CauseKind::Member,
            Self::Vendor(_) => CauseKind::Vendor,
        }
    }

    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Self::Incident(id) => id.uuid(),
            Self::Maintenance(id) => id.uuid(),
            Self::Member(id) => id.uuid(),
            Self::Vendor(id) => id.uuid(),
        }
    }

    pub(crate) fn new(kind: CauseKind, id: Uuid) -> Self {
        match kind {
            CauseKind::Incident => Self::Incident(id.into()),
            CauseKind::Maintenance => Self::Maintenance(id.into()),
            CauseKind::Member => Self::Member(id.into()),
            CauseKind::Vendor => Self::Vendor(id.into()),
        }
    }
}

/// A time in which a component had a status that was not operational.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spell {
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
    pub(crate) started_at: Timestamp,
    /// None while it lasts; else later than the start.
    pub(crate) ended_at: Option<Timestamp>,
}

/// A spell as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusInterval {
    pub(crate) status_interval_id: StatusIntervalId,
    pub(crate) spell: Spell,
    pub(crate) cause: Cause,
    pub(crate) recorded_at: Timestamp,
    pub(crate) retracted_at: Option<Timestamp>,
}

/// What to do to what is recorded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) end: Vec<(StatusIntervalId, Timestamp)>,
    pub(crate) retract: Vec<StatusIntervalId>,
    pub(crate) record: Vec<Spell>,
}

/// The incidents among what gave these intervals.
pub(crate) fn incidents_of(intervals: &[StatusInterval]) -> Vec<IncidentId> {
    let incidents = intervals.iter().filter_map(|interval| match interval.cause {
        Cause::Incident(incident) => Some(incident),
        Cause::Maintenance(_) | Cause::Member(_) | Cause::Vendor(_) => None,
    });
    incidents.collect()
}

/// What these open intervals say once they have ended at this moment. One that began only then was never there: a
/// time without length is none.
pub(crate) fn ended(open: &[StatusInterval], at: Timestamp) -> Vec<Spell> {
    let begun = open.iter().filter(|interval| interval.spell.started_at < at);
    begun.map(|interval| Spell { ended_at: Some(at), ..interval.spell }).collect()
}

/// What makes the recorded intervals, none of them retracted, say these spells.
pub(crate) fn correction(recorded: &[StatusInterval], wanted: &[Spell]) -> Correction {
    let mut missing = BTreeMap::new();
    for spell in wanted {
        *missing.entry(*spell).or_insert(0_usize) += 1;
    }
    let mut take = |spell: &Spell| match missing.get_mut(spell) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    // Exact matches first: none of them may be used up to end an open one.
    let unmatched = recorded.iter().filter(|interval| !take(&interval.spell)).collect::<Vec<_>>();
    let mut correction = Correction::default();
    for interval in unmatched {
        let ended = match interval.spell.ended_at {
            Some(_) => None,
            None => missing
                .iter_mut()
                .find(|(spell, count)| **count > 0 && Spell { ended_at: None, ..**spell } == interval.spell)
                .and_then(|(spell, count)| {
                    *count -= 1;
                    spell.ended_at
                }),
        };
        match ended {
            Some(ended_at) => correction.end.push((interval.status_interval_id, ended_at)),
            None => correction.retract.push(interval.status_interval_id),
        }
    }
    for (spell, count) in missing {
        correction.record.extend(std::iter::repeat_n(spell, count));
    }
    correction
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::{super::component::tests::any_status, *};

    const START: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn any_spell() -> impl Strategy<Value = Spell> {
        (0_u128..3, any_status(), 0_i64..4, prop::option::of(1_i64..4)).prop_map(
            |(component, status, start, length)| {
                let started_at = START + SignedDuration::from_mins(start);
                Spell {
                    component_id: ComponentId::from_uuid(Uuid::from_u128(component)),
                    status,
                    started_at,
                    ended_at: length.map(|minutes| started_at + SignedDuration::from_mins(minutes)),
                }
            },
        )
    }

    fn recorded(spells: &[Spell]) -> Vec<StatusInterval> {
        let intervals = (1..).zip(spells).map(|(number, spell)| StatusInterval {
            status_interval_id: StatusIntervalId::from_uuid(Uuid::from_u128(number)),
            spell: *spell,
            cause: Cause::Incident(IncidentId::from_uuid(Uuid::nil())),
            recorded_at: START,
            retracted_at: None,
        });
        intervals.collect()
    }

    fn sorted(mut spells: Vec<Spell>) -> Vec<Spell> {
        spells.sort_unstable();
        spells
    }

    proptest! {
        #[test]
        fn a_corrected_history_says_what_is_wanted(
            before in prop::collection::vec(any_spell(), 0..6),
            wanted in prop::collection::vec(any_spell(), 0..6),
        ) {
            let history = recorded(&before);
            let correction = correction(&history, &wanted);
            let mut after = correction.record.clone();
            for interval in history {
                if correction.retract.contains(&interval.status_interval_id) {
                    continue;
                }
                let end = correction.end.iter().find(|(id, _)| *id == interval.status_interval_id);
                if let Some((_, ended_at)) = end {
                    // an end is written once
                    prop_assert_eq!(interval.spell.ended_at, None);
                    after.push(Spell { ended_at: Some(*ended_at), ..interval.spell });
                } else {
                    after.push(interval.spell);
                }
            }
            prop_assert_eq!(sorted(after), sorted(wanted));
        }

        #[test]
        fn a_history_that_says_it_already_is_left_alone(
            spells in prop::collection::vec(any_spell(), 0..6),
        ) {
            prop_assert_eq!(correction(&recorded(&spells), &spells), Correction::default());
        }
    }

    #[test]
    fn an_open_spell_that_ended_is_ended_and_not_recorded_again() {
        let open = Spell {
            component_id: ComponentId::from_uuid(Uuid::nil()),
            status: ComponentStatus::MajorOutage,
            started_at: START,
            ended_at: None,
        };
        let ended_at = START + SignedDuration::from_mins(5);
        let correction = correction(&recorded(&[open]), &[Spell { ended_at: Some(ended_at), ..open }]);
        assert_eq!(correction.end.len(), 1);
        assert!(correction.retract.is_empty() && correction.record.is_empty());
    }
    #[test]
    fn what_ends_in_the_moment_in_which_it_began_is_retracted() {
        let open = recorded(&[0, 5].map(|minutes| Spell {
            component_id: ComponentId::from_uuid(Uuid::nil()),
            status: ComponentStatus::MajorOutage,
            started_at: START + SignedDuration::from_mins(minutes),
            ended_at: None,
        }));
        let at = START + SignedDuration::from_mins(5);
        let correction = correction(&open, &ended(&open, at));
        assert_eq!(correction.end, [(open[0].status_interval_id, at)]);
        assert_eq!(correction.retract, [open[1].status_interval_id]);
        assert!(correction.record.is_empty());
    }
}
