//! What follows from an incident's updates, and from what people declare of it.

use jiff::Timestamp;

use super::{Affected, Impact, Incident, Phase, Update};
use crate::domain::ComponentStatus;

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The phase of the latest update. Without updates the incident is resolved if it is public, being told after the
    /// fact, and else still to be told.
    pub(crate) phase: Phase,
    /// What people declared; else the worst that the updates and the component impacts say of any component.
    pub(crate) impact: Impact,
    /// When the earliest update happened; without one when its impact began, or when it was entered.
    pub(crate) started_at: Timestamp,
    /// When the update that resolved it happened, if it is resolved; without one when its impact ended. A further
    /// resolved update after that one is a postscript and does not move it.
    pub(crate) resolved_at: Option<Timestamp>,
    /// The promise of the latest update, unless the incident is resolved.
    pub(crate) next_update_at: Option<Timestamp>,
    /// What the incident says now of each component that its updates ever named, by id: [`Incident::affected`] of when
    /// that was last found out.
    pub(crate) affected: Vec<Affected>,
}

impl Incident {
    /// Finds out anew where it stands, but for what it says of components: not all of that follows from the story. All
    /// its updates must be there.
    pub(crate) fn stand(&mut self) {
        self.standing = Standing::of(self);
    }

    /// Its updates, the earliest first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Update> {
        self.updates.iter().rev()
    }
}

impl Standing {
    /// Of an incident that has nothing yet.
    pub(crate) fn default_at(created_at: Timestamp) -> Self {
        Self {
            phase: Phase::Investigating,
            impact: Impact::None,
            started_at: created_at,
            resolved_at: None,
            next_update_at: None,
            affected: Vec::new(),
        }
    }

    fn of(incident: &Incident) -> Self {
        let (impact, affected) = (impact_of(incident), incident.standing.affected.clone());
        let (Some(latest), Some(earliest)) = (incident.updates.first(), incident.updates.last()) else {
            return Self { impact, affected, ..Self::untold(incident) };
        };
        let resolved_at = resolved_at(&incident.updates);
        Self {
            phase: latest.phase,
            impact,
            started_at: earliest.displayed_at,
            resolved_at,
            next_update_at: if resolved_at.is_none() { latest.next_update_at } else { None },
            affected,
        }
    }

    fn untold(incident: &Incident) -> Self {
        let standing = Self::default_at(incident.created_at);
        if !incident.is_public {
            return standing;
        }
        let started_at = incident.impact_started_at.unwrap_or(incident.created_at);
        Self {
            phase: Phase::Resolved,
            started_at,
            resolved_at: Some(incident.impact_ended_at.unwrap_or(started_at)),
            ..standing
        }
    }
}

fn impact_of(incident: &Incident) -> Impact {
    let told = incident.updates.iter().flat_map(|update| &update.affected).map(|affected| affected.status);
    let spans = incident.component_impacts.iter().map(|span| span.status);
    let worst = match told.chain(spans).max() {
        None | Some(ComponentStatus::Operational | ComponentStatus::UnderMaintenance) => Impact::None,
        Some(ComponentStatus::DegradedPerformance) => Impact::Minor,
        Some(ComponentStatus::PartialOutage) => Impact::Major,
        Some(ComponentStatus::MajorOutage) => Impact::Critical,
    };
    incident.impact_override.unwrap_or(worst)
}

fn resolved_at(newest_first: &[Update]) -> Option<Timestamp> {
    let since_resolved = newest_first.iter().take_while(|update| update.phase == Phase::Resolved);
    since_resolved.last().map(|resolving| resolving.displayed_at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::stories::{START, after, any_frame, any_story, latest, told},
        *,
    };

    proptest! {
        #[test]
        fn the_phase_is_that_of_the_update_which_no_other_is_later_than(story in any_story()) {
            prop_assert_eq!(told(&story).standing.phase, latest(&story.updates).phase);
        }

        #[test]
        fn the_promise_is_that_of_the_latest_update_until_it_is_resolved(story in any_story()) {
            let latest = latest(&story.updates);
            let expected = latest.next_update_at.filter(|_| latest.phase != Phase::Resolved);
            prop_assert_eq!(told(&story).standing.next_update_at, expected);
        }

        #[test]
        fn it_started_with_the_update_that_is_later_than_no_other(story in any_story()) {
            let started_at = told(&story).standing.started_at;
            prop_assert!(story.updates.iter().any(|update| update.displayed_at == started_at));
            prop_assert!(story.updates.iter().all(|update| update.displayed_at >= started_at));
        }

        #[test]
        fn it_was_resolved_by_the_first_update_after_which_all_are_resolved(story in any_story()) {
            let updates = &story.updates;
            let expected = updates
                .iter()
                .filter(|update| update.phase == Phase::Resolved)
                .filter(|update| after(updates, update).iter().all(|later| later.phase == Phase::Resolved))
                .map(|update| update.displayed_at)
                .min();
            prop_assert_eq!(told(&story).standing.resolved_at, expected);
        }

        #[test]
        fn its_impact_is_what_was_declared_or_the_worst_that_was_ever_said(story in any_story()) {
            let said = |status| {
                story.updates.iter().any(|update| update.affected.iter().any(|a| a.status == status))
                    || story.frame.component_impacts.iter().any(|span| span.status == status)
            };
            let expected = if let Some(declared) = story.frame.impact_override {
                declared
            } else if said(ComponentStatus::MajorOutage) {
                Impact::Critical
            } else if said(ComponentStatus::PartialOutage) {
                Impact::Major
            } else if said(ComponentStatus::DegradedPerformance) {
                Impact::Minor
            } else {
                Impact::None
            };
            prop_assert_eq!(told(&story).standing.impact, expected);
        }

        #[test]
        fn the_order_of_entering_changes_nothing(story in any_story()) {
            let mut reversed = story.clone();
            reversed.updates.reverse();
            prop_assert_eq!(told(&story).standing, told(&reversed).standing);
        }

        #[test]
        fn without_updates_a_public_incident_is_over_and_a_hidden_one_still_to_be_told(frame in any_frame()) {
            let mut incident = frame.clone();
            let standing = &incident.standing;
            prop_assert_eq!((standing.phase, standing.started_at), (Phase::Investigating, START));
            prop_assert_eq!(standing.resolved_at, None);
            incident.is_public = true;
            incident.stand();
            prop_assert_eq!(incident.standing.phase, Phase::Resolved);
            prop_assert_eq!(Some(incident.standing.started_at), frame.impact_started_at);
            prop_assert_eq!(incident.standing.resolved_at, frame.impact_ended_at);
        }
    }
}
