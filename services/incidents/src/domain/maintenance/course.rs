//! What a maintenance does by itself and when, and to what its components it gives which times under maintenance.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use kit::ids::ComponentId;

use super::{
    super::{ComponentStatus, Spell},
    Maintenance, MaintenancePhase,
};

/// What will happen by itself, as things stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Course {
    /// When subscribers are reminded.
    pub(crate) remind_at: Vec<Timestamp>,
    pub(crate) start_at: Option<Timestamp>,
    pub(crate) end_at: Option<Timestamp>,
}

impl Maintenance {
    /// What will happen by itself. Reminders whose time is not after `now` are left out: they were sent, or it was too
    /// late for them when the times were set.
    pub(crate) fn course(&self, now: Timestamp) -> Course {
        match self.phase {
            MaintenancePhase::Scheduled => Course {
                remind_at: self.reminders().filter(|at| *at > now).collect(),
                start_at: (!self.starts_by_hand).then_some(self.scheduled_start_at),
                // What begins by itself is not ended before it has begun, however late the clock may be.
                end_at: (self.starts_by_hand && !self.ends_by_hand).then_some(self.scheduled_end_at),
            },
            MaintenancePhase::InProgress | MaintenancePhase::Verifying => {
                Course { end_at: (!self.ends_by_hand).then_some(self.scheduled_end_at), ..Course::default() }
            }
            MaintenancePhase::Completed | MaintenancePhase::Cancelled => Course::default(),
        }
    }

    /// Subscribers are to be reminded at `now` by the reminder for this time. Of reminders that were missed only the
    /// latest says anything that the others do not.
    pub(crate) fn reminds(&self, at: Timestamp, now: Timestamp) -> bool {
        self.phase == MaintenancePhase::Scheduled
            && now < self.scheduled_start_at
            && self.reminders().any(|reminder| reminder == at)
            && !self.reminders().any(|later| at < later && later <= now)
    }

    /// The times of all its reminders, past ones too.
    pub(crate) fn reminders(&self) -> impl Iterator<Item = Timestamp> {
        self.reminder_lead_minutes
            .iter()
            .map(|minutes| self.scheduled_start_at - SignedDuration::from_mins(i64::from(*minutes)))
    }

    /// The times in which it had components under maintenance: from its start to its end, or to when a component was
    /// taken off the page.
    pub(crate) fn spells(&self, deleted: &HashMap<ComponentId, Timestamp>) -> Vec<Spell> {
        let Some(started_at) = self.started_at else { return Vec::new() };
        self.component_ids
            .iter()
            .map(|component| Spell {
                component_id: *component,
                status: ComponentStatus::UnderMaintenance,
                started_at,
                ended_at: [self.ended_at, deleted.get(component).copied()].into_iter().flatten().min(),
            })
            .filter(|spell| spell.ended_at.is_none_or(|ended_at| ended_at > started_at))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::tests::{any_phase, component, minute, planned, update},
        *,
    };

    fn in_phase(phase: MaintenancePhase) -> Maintenance {
        Maintenance { phase, ..planned() }
    }

    #[test]
    fn what_begins_by_itself_is_ended_only_after_it_began() {
        let course = planned().course(minute(0));
        assert_eq!((course.start_at, course.end_at), (Some(minute(60)), None));
        let course = in_phase(MaintenancePhase::InProgress).course(minute(60));
        assert_eq!((course.start_at, course.end_at), (None, Some(minute(120))));
    }

    #[test]
    fn what_is_run_by_hand_does_nothing_by_itself() {
        for phase in [MaintenancePhase::Scheduled, MaintenancePhase::InProgress, MaintenancePhase::Verifying]
        {
            let by_hand = Maintenance { starts_by_hand: true, ends_by_hand: true, ..in_phase(phase) };
            assert_eq!(by_hand.course(minute(0)), Course::default());
        }
        let begun_by_hand = Maintenance { starts_by_hand: true, ..planned() };
        assert_eq!(begun_by_hand.course(minute(0)).end_at, Some(minute(120)));
    }

    #[test]
    fn what_is_over_does_nothing_more() {
        for phase in [MaintenancePhase::Completed, MaintenancePhase::Cancelled] {
            let over = Maintenance { reminder_lead_minutes: vec![5], ..in_phase(phase) };
            assert_eq!(over.course(minute(0)), Course::default());
            assert!(!over.reminds(minute(55), minute(55)));
        }
    }

    proptest! {
        #[test]
        fn reminders_are_those_whose_time_is_still_ahead(
            leads in prop::collection::hash_set(1_i32..90, 0..6),
            now in 0_i64..70,
        ) {
            let leads = leads.into_iter().collect::<Vec<_>>();
            let maintenance = Maintenance { reminder_lead_minutes: leads.clone(), ..planned() };
            let course = maintenance.course(minute(now));
            // planned() begins in minute 60
            for at in 0_i64..70 {
                let is_lead = leads.iter().any(|lead| i64::from(*lead) + at == 60);
                prop_assert_eq!(course.remind_at.contains(&minute(at)), is_lead && at > now);
                let is_missed_by_more = (at + 1..=now).any(|later| leads.contains(&i32::try_from(60 - later).unwrap()));
                let reminds = is_lead && now < 60 && !is_missed_by_more;
                prop_assert_eq!(maintenance.reminds(minute(at), minute(now)), reminds);
            }
        }

        #[test]
        fn a_component_is_under_maintenance_in_exactly_the_minutes_in_which_it_runs(
            phases in prop::collection::vec((any_phase(), 1_i64..4), 0..8),
            deleted in prop::option::of(0_i64..30),
        ) {
            let mut maintenance = planned();
            let mut told = Vec::new();
            let mut at = 0;
            for (phase, pause) in phases {
                at += pause;
                if maintenance.phase.leads_to(phase) {
                    maintenance.tell(update(phase, minute(at)));
                    told.push((at, phase));
                }
            }
            let deletions =
                deleted.map(|at| (component(1), minute(at))).into_iter().collect::<HashMap<_, _>>();
            let spells = maintenance.spells(&deletions);
            for now in 0..40 {
                let phase = told.iter().rfind(|(at, _)| *at <= now).map(|(_, phase)| *phase);
                let runs = matches!(phase, Some(MaintenancePhase::InProgress | MaintenancePhase::Verifying));
                for number in [1, 2] {
                    let is_there = number == 2 || deleted.is_none_or(|gone| now < gone);
                    let covering = spells.iter().filter(|spell| {
                        spell.component_id == component(number)
                            && spell.started_at <= minute(now)
                            && spell.ended_at.is_none_or(|end| minute(now) < end)
                    });
                    prop_assert_eq!(covering.count(), usize::from(runs && is_there));
                }
            }
            prop_assert!(spells.iter().all(|spell| spell.status == ComponentStatus::UnderMaintenance));
        }
    }
}
