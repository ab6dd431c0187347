//! What may be changed of a maintenance, and when.

use jiff::Timestamp;
use kit::ids::ComponentId;

use super::Maintenance;

/// What to change of a maintenance; what is none stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct MaintenanceChanges {
    pub(crate) title: Option<String>,
    /// All of them, each once, by id.
    pub(crate) component_ids: Option<Vec<ComponentId>>,
    pub(crate) scheduled_start_at: Option<Timestamp>,
    pub(crate) scheduled_end_at: Option<Timestamp>,
    pub(crate) starts_by_hand: Option<bool>,
    pub(crate) ends_by_hand: Option<bool>,
    pub(crate) reminder_lead_minutes: Option<Vec<i32>>,
    pub(crate) silent_at_start: Option<bool>,
    pub(crate) silent_at_end: Option<bool>,
    pub(crate) language: Option<String>,
}

/// Why something of a maintenance cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unchangeable {
    /// It would end before it begins.
    EndsTooEarly,
    /// It has begun, and so has no other start.
    HasBegun,
    /// It is over, and only its title, language and components can be corrected.
    IsOver,
}

impl Maintenance {
    /// The maintenance with these changes, which is the same if they change nothing.
    pub(crate) fn with(&self, changes: &MaintenanceChanges) -> Result<Self, Unchangeable> {
        let wanted = changes.clone();
        let corrected = Self {
            title: wanted.title.unwrap_or_else(|| self.title.clone()),
            component_ids: wanted.component_ids.unwrap_or_else(|| self.component_ids.clone()),
            language: wanted.language.unwrap_or_else(|| self.language.clone()),
            ..self.clone()
        };
        let changed = Self {
            scheduled_start_at: wanted.scheduled_start_at.unwrap_or(self.scheduled_start_at),
            scheduled_end_at: wanted.scheduled_end_at.unwrap_or(self.scheduled_end_at),
            starts_by_hand: wanted.starts_by_hand.unwrap_or(self.starts_by_hand),
            ends_by_hand: wanted.ends_by_hand.unwrap_or(self.ends_by_hand),
            reminder_lead_minutes: wanted
                .reminder_lead_minutes
                .unwrap_or_else(|| self.reminder_lead_minutes.clone()),
            silent_at_start: wanted.silent_at_start.unwrap_or(self.silent_at_start),
            silent_at_end: wanted.silent_at_end.unwrap_or(self.silent_at_end),
            ..corrected.clone()
        };
        if self.phase.is_over() && changed != corrected {
            return Err(Unchangeable::IsOver);
        }
        if self.started_at.is_some() && changed.scheduled_start_at != self.scheduled_start_at {
            return Err(Unchangeable::HasBegun);
        }
        if changed.scheduled_end_at <= changed.scheduled_start_at {
            return Err(Unchangeable::EndsTooEarly);
        }
        Ok(changed)
    }

    /// The planned start and the planned end of this version, each if it is another than in the version before.
    pub(crate) fn moved_since(&self, before: &Self) -> (Option<Timestamp>, Option<Timestamp>) {
        let start = self.scheduled_start_at;
        let end = self.scheduled_end_at;
        (
            (start != before.scheduled_start_at).then_some(start),
            (end != before.scheduled_end_at).then_some(end),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            MaintenancePhase,
            tests::{component, minute, planned, update},
        },
        *,
    };

    fn running() -> Maintenance {
        let mut maintenance = planned();
        maintenance.tell(update(MaintenancePhase::InProgress, minute(60)));
        maintenance
    }

    fn over() -> Maintenance {
        let mut maintenance = running();
        maintenance.tell(update(MaintenancePhase::Completed, minute(110)));
        maintenance
    }

    fn start(at: Timestamp) -> MaintenanceChanges {
        MaintenanceChanges { scheduled_start_at: Some(at), ..Default::default() }
    }

    fn end(at: Timestamp) -> MaintenanceChanges {
        MaintenanceChanges { scheduled_end_at: Some(at), ..Default::default() }
    }

    #[test]
    fn changes_that_change_nothing_are_allowed_at_any_time() {
        for maintenance in [planned(), running(), over()] {
            for changes in [MaintenanceChanges::default(), start(minute(60)), end(minute(120))] {
                assert_eq!(maintenance.with(&changes), Ok(maintenance.clone()));
            }
        }
    }

    #[test]
    fn what_has_begun_has_no_other_start_but_may_have_another_end() {
        assert_eq!(planned().with(&start(minute(70))).unwrap().scheduled_start_at, minute(70));
        assert_eq!(running().with(&start(minute(70))), Err(Unchangeable::HasBegun));
        assert_eq!(running().with(&end(minute(130))).unwrap().scheduled_end_at, minute(130));
    }

    #[test]
    fn of_what_is_over_only_title_language_and_components_are_corrected() {
        let correction = MaintenanceChanges {
            title: Some("Newer disks".into()),
            language: Some("de".into()),
            component_ids: Some(vec![component(3)]),
            ..Default::default()
        };
        let corrected = over().with(&correction).unwrap();
        assert_eq!(corrected.title, "Newer disks");
        assert_eq!(corrected.component_ids, [component(3)]);
        let flags = MaintenanceChanges { ends_by_hand: Some(true), ..Default::default() };
        let reminders = MaintenanceChanges { reminder_lead_minutes: Some(vec![5]), ..Default::default() };
        for changes in [start(minute(50)), end(minute(130)), flags, reminders] {
            assert_eq!(over().with(&changes), Err(Unchangeable::IsOver));
        }
    }

    #[test]
    fn it_ends_after_it_begins() {
        assert_eq!(planned().with(&end(minute(60))), Err(Unchangeable::EndsTooEarly));
        assert_eq!(planned().with(&start(minute(120))), Err(Unchangeable::EndsTooEarly));
        assert!(planned().with(&start(minute(119))).is_ok());
    }

    #[test]
    fn only_the_times_that_moved_are_said_to_have_moved() {
        let before = planned();
        let later = before.with(&end(minute(130))).unwrap();
        assert_eq!(later.moved_since(&before), (None, Some(minute(130))));
        assert_eq!(before.moved_since(&before), (None, None));
    }
}
