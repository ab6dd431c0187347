//! Maintenances: planned work, told in updates.
//!
//! Updates of a maintenance are never back-dated: each is later than all before it, so that the last one told says
//! where the maintenance stands.

mod change;
mod course;

use jiff::{SignedDuration, Timestamp};
use kit::ids::{ComponentId, MaintenanceId, PageId, UpdateId};

pub(crate) use change::{MaintenanceChanges, Unchangeable};

/// So many maintenances that are not over a page may have.
pub(crate) const OPEN_MAINTENANCES_PER_PAGE: u16 = 200;
/// So many updates a maintenance may have; those that the clock adds come on top.
pub(crate) const UPDATES_PER_MAINTENANCE: u16 = 500;

/// Where a maintenance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.maintenance_phase", rename_all = "snake_case")]
pub(crate) enum MaintenancePhase {
    Scheduled,
    InProgress,
    Verifying,
    Completed,
    Cancelled,
}

impl MaintenancePhase {
    /// Its components are under maintenance.
    pub(crate) fn is_running(self) -> bool {
        match self {
            Self::InProgress | Self::Verifying => true,
            Self::Scheduled | Self::Completed | Self::Cancelled => false,
        }
    }

    pub(crate) fn is_over(self) -> bool {
        match self {
            Self::Completed | Self::Cancelled => true,
            Self::Scheduled | Self::InProgress | Self::Verifying => false,
        }
    }

    /// An update of the next phase may follow one of this phase.
    pub(crate) fn leads_to(self, next: Self) -> bool {
        match self {
            Self::Scheduled => true,
            Self::InProgress | Self::Verifying => next != Self::Scheduled,
            Self::Completed | Self::Cancelled => next == self,
        }
    }
}

/// One dated entry of a maintenance's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaintenanceUpdate {
    pub(crate) update_id: UpdateId,
    pub(crate) phase: MaintenancePhase,
    /// CommonMark, up to 25,000 characters; empty where the clock told it, or where it moved the planned times.
    pub(crate) body: String,
    pub(crate) silent: bool,
    /// The clock told it.
    pub(crate) automatic: bool,
    /// The planned start that it moved the maintenance to.
    pub(crate) scheduled_start_at: Option<Timestamp>,
    /// The planned end that it moved the maintenance to.
    pub(crate) scheduled_end_at: Option<Timestamp>,
    pub(crate) displayed_at: Timestamp,
    pub(crate) created_at: Timestamp,
}

/// Planned work, told in updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maintenance {
    pub(crate) maintenance_id: MaintenanceId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 200 characters.
    pub(crate) title: String,
    pub(crate) phase: MaintenancePhase,
    /// Each once, by id.
    pub(crate) component_ids: Vec<ComponentId>,
    pub(crate) scheduled_start_at: Timestamp,
    /// Later than the start.
    pub(crate) scheduled_end_at: Timestamp,
    /// When it began; none as long as it did not.
    pub(crate) started_at: Option<Timestamp>,
    /// When it was completed or cancelled; none as long as it was not.
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) starts_by_hand: bool,
    pub(crate) ends_by_hand: bool,
    /// Each once, 1 to 43,200, as they were given.
    pub(crate) reminder_lead_minutes: Vec<i32>,
    pub(crate) silent_at_start: bool,
    pub(crate) silent_at_end: bool,
    /// A BCP 47 tag; empty if it is the page's.
    pub(crate) language: String,
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
    /// The newest first; only as many as were asked for.
    pub(crate) updates: Vec<MaintenanceUpdate>,
}

impl Maintenance {
    /// Tells the update, which is the latest, and moves on to its phase.
    pub(crate) fn tell(&mut self, update: MaintenanceUpdate) {
        self.phase = update.phase;
        if self.phase.is_running() {
            self.started_at.get_or_insert(update.displayed_at);
        }
        if self.phase.is_over() {
            self.ended_at.get_or_insert(update.displayed_at);
        }
        self.updates.insert(0, update);
    }

    /// It is entered after the fact, if it is entered now: there is nothing of it to come.
    pub(crate) fn is_past(&self, now: Timestamp) -> bool {
        self.scheduled_end_at <= now
    }

    /// Says, of one entered after the fact, that it took place as planned.
    pub(crate) fn tell_afterwards(&mut self, update: MaintenanceUpdate) {
        self.started_at = Some(self.scheduled_start_at);
        self.ended_at = Some(self.scheduled_end_at);
        self.tell(update);
    }
}

/// When an update is said to have happened that is told at some moment: later than the one before it, even where two
/// processes' clocks differ.
pub(crate) fn displayed_after(latest: Timestamp, at: Timestamp) -> Timestamp {
    at.max(latest.saturating_add(SignedDuration::from_micros(1)).unwrap_or(at))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    pub(super) const START: Timestamp = Timestamp::constant(1_790_000_000, 0);
    const PHASES: [MaintenancePhase; 5] = [
        MaintenancePhase::Scheduled,
        MaintenancePhase::InProgress,
        MaintenancePhase::Verifying,
        MaintenancePhase::Completed,
        MaintenancePhase::Cancelled,
    ];

    pub(super) fn any_phase() -> impl Strategy<Value = MaintenancePhase> {
        prop::sample::select(PHASES.to_vec())
    }

    pub(super) fn minute(number: i64) -> Timestamp {
        START + SignedDuration::from_mins(number)
    }

    pub(super) fn component(number: u128) -> ComponentId {
        ComponentId::from_uuid(Uuid::from_u128(number))
    }

    /// From minute 60 to minute 120, with two components.
    pub(super) fn planned() -> Maintenance {
        Maintenance {
            maintenance_id: MaintenanceId::from_uuid(Uuid::nil()),
            page_id: PageId::from_uuid(Uuid::nil()),
            title: "New disks".into(),
            phase: MaintenancePhase::Scheduled,
            component_ids: vec![component(1), component(2)],
            scheduled_start_at: minute(60),
            scheduled_end_at: minute(120),
            started_at: None,
            ended_at: None,
            starts_by_hand: false,
            ends_by_hand: false,
            reminder_lead_minutes: Vec::new(),
            silent_at_start: false,
            silent_at_end: false,
            language: String::new(),
            revision: 1,
            created_at: START,
            updates: Vec::new(),
        }
    }

    pub(super) fn update(phase: MaintenancePhase, at: Timestamp) -> MaintenanceUpdate {
        MaintenanceUpdate {
            update_id: UpdateId::from_uuid(Uuid::nil()),
            phase,
            body: "told".into(),
            silent: false,
            automatic: false,
            scheduled_start_at: None,
            scheduled_end_at: None,
            displayed_at: at,
            created_at: at,
        }
    }

    #[test]
    fn the_steps_are_those_of_the_contract() {
        // in the order of PHASES: a row is where it comes from, a column where it goes
        let table = ["yyyyy", "nyyyy", "nyyyy", "nnnyn", "nnnny"];
        for (from, row) in PHASES.into_iter().zip(table) {
            for (to, allowed) in PHASES.into_iter().zip(row.chars()) {
                assert_eq!(from.leads_to(to), allowed == 'y', "from {from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_start_before_the_announcement_is_told_after_it() {
        let told = displayed_after(minute(5), minute(1));
        assert!(told > minute(5) && told < minute(6));
        assert_eq!(displayed_after(minute(5), minute(6)), minute(6));
    }

    #[test]
    fn what_is_entered_after_the_fact_took_place_as_planned() {
        let mut maintenance = planned();
        assert!(!maintenance.is_past(minute(119)) && maintenance.is_past(minute(120)));
        maintenance.tell_afterwards(update(MaintenancePhase::Completed, minute(120)));
        assert_eq!(maintenance.started_at, Some(minute(60)));
        assert_eq!(maintenance.ended_at, Some(minute(120)));
        assert_eq!(maintenance.phase, MaintenancePhase::Completed);
    }

    proptest! {
        #[test]
        fn it_began_with_its_first_running_update_and_ended_with_its_first_that_says_so(
            phases in prop::collection::vec(any_phase(), 0..9),
        ) {
            let mut maintenance = planned();
            let mut told = Vec::new();
            for (number, phase) in (1..).zip(phases) {
                if maintenance.phase.leads_to(phase) {
                    maintenance.tell(update(phase, minute(number)));
                    told.push((phase, minute(number)));
                }
            }
            let first = |wanted: fn(MaintenancePhase) -> bool| {
                told.iter().find(|(phase, _)| wanted(*phase)).map(|(_, at)| *at)
            };
            prop_assert_eq!(maintenance.started_at, first(MaintenancePhase::is_running));
            prop_assert_eq!(maintenance.ended_at, first(MaintenancePhase::is_over));
            prop_assert_eq!(maintenance.ended_at.is_some(), maintenance.phase.is_over());
            prop_assert_eq!(maintenance.updates.len(), told.len());
            prop_assert!(maintenance.updates.windows(2).all(|pair| pair[0].displayed_at > pair[1].displayed_at));
        }

        #[test]
        fn from_nowhere_is_there_a_way_back_to_scheduled_or_out_of_what_is_over(
            path in prop::collection::vec(any_phase(), 1..9),
        ) {
            let is_walked = path.windows(2).all(|pair| pair[0].leads_to(pair[1]));
            if is_walked {
                let left = path.iter().position(|phase| *phase != MaintenancePhase::Scheduled);
                let later = &path[left.unwrap_or(path.len())..];
                prop_assert!(!later.contains(&MaintenancePhase::Scheduled));
                let over = path.iter().position(|phase| phase.is_over());
                let after = &path[over.unwrap_or(path.len())..];
                prop_assert!(after.windows(2).all(|pair| pair[0] == pair[1]));
            }
        }
    }
}
