//! Incidents: what follows from an incident's updates.
//!
//! Updates are told in the order in which they happened, by `displayed_at`; the id settles ties. A back-dated
//! update takes its place in that order, and so never changes the phase.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kit::ids::{ComponentId, IncidentId, PageId, UpdateId};

use super::ComponentStatus;

/// So many updates an incident may have.
pub(crate) const UPDATES_PER_INCIDENT: u16 = 500;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

/// How bad an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.impact", rename_all = "snake_case")]
pub(crate) enum Impact {
    None,
    Minor,
    Major,
    Critical,
}

/// A component with the status that an update or an incident gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Affected {
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
}

/// One dated entry of an incident's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) update_id: UpdateId,
    pub(crate) phase: Phase,
    /// CommonMark, 1 to 25,000 characters.
    pub(crate) body: String,
    /// Each component at most once, by id.
    pub(crate) affected: Vec<Affected>,
    pub(crate) displayed_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) silent: bool,
}

impl Update {
    fn order(&self) -> (Timestamp, UpdateId) {
        (self.displayed_at, self.update_id)
    }
}

/// An unplanned disruption, told in updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    pub(crate) incident_id: IncidentId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 200 characters.
    pub(crate) title: String,
    pub(crate) created_at: Timestamp,
    /// What follows from the updates.
    pub(crate) standing: Standing,
    /// The newest first.
    pub(crate) updates: Vec<Update>,
}

impl Incident {
    /// An incident with its first update.
    pub(crate) fn open(incident_id: IncidentId, page_id: PageId, title: String, first: Update) -> Self {
        let standing = Standing::of(&first, &[]);
        Self { incident_id, page_id, title, created_at: first.created_at, standing, updates: vec![first] }
    }

    /// Adds an update to the story.
    pub(crate) fn add(&mut self, update: Update) {
        self.standing = Standing::of(&update, &self.updates);
        let place = self.updates.partition_point(|told| told.order() > update.order());
        self.updates.insert(place, update);
    }
}

/// What follows from an incident's updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The phase of the latest update.
    pub(crate) phase: Phase,
    /// The worst that the updates said of any component.
    pub(crate) impact: Impact,
    /// When the earliest update happened.
    pub(crate) started_at: Timestamp,
    /// When the update that resolved it happened, if it is resolved. A further resolved update after that one
    /// is a postscript and does not move it.
    pub(crate) resolved_at: Option<Timestamp>,
    /// What the incident says now of each component that was ever named, by id.
    pub(crate) affected: Vec<Affected>,
}

impl Standing {
    /// What follows from these updates: one, and all others in any order.
    pub(crate) fn of(one: &Update, others: &[Update]) -> Self {
        let mut ordered = others.iter().chain([one]).collect::<Vec<_>>();
        ordered.sort_unstable_by_key(|update| update.order());
        Self {
            phase: ordered.last().map_or(one.phase, |latest| latest.phase),
            impact: impact_of(&ordered),
            started_at: ordered.first().map_or(one.displayed_at, |earliest| earliest.displayed_at),
            resolved_at: resolved_at(&ordered),
            affected: affected_now(&ordered),
        }
    }
}

fn impact_of(updates: &[&Update]) -> Impact {
    match updates.iter().flat_map(|update| &update.affected).map(|affected| affected.status).max() {
        None | Some(ComponentStatus::Operational) => Impact::None,
        Some(ComponentStatus::DegradedPerformance) => Impact::Minor,
        Some(ComponentStatus::PartialOutage) => Impact::Major,
        Some(ComponentStatus::MajorOutage) => Impact::Critical,
    }
}

fn resolved_at(ordered: &[&Update]) -> Option<Timestamp> {
    let since_resolved = ordered.iter().rev().take_while(|update| update.phase == Phase::Resolved);
    since_resolved.last().map(|resolving| resolving.displayed_at)
}

fn affected_now(ordered: &[&Update]) -> Vec<Affected> {
    let mut now = BTreeMap::new();
    for update in ordered {
        if update.phase == Phase::Resolved {
            now.values_mut().for_each(|status| *status = ComponentStatus::Operational);
        }
        now.extend(update.affected.iter().map(|affected| (affected.component_id, affected.status)));
    }
    now.into_iter().map(|(component_id, status)| Affected { component_id, status }).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{super::component::tests::any_status, *};

    const START: Timestamp = Timestamp::constant(1_790_000_000, 0);
    const COMPONENTS: u128 = 4;

    fn component(number: u128) -> ComponentId {
        ComponentId::from_uuid(Uuid::from_u128(number))
    }

    /// Few moments, so that ties are common.
    fn any_update() -> impl Strategy<Value = Update> {
        let phase = prop_oneof![
            Just(Phase::Investigating),
            Just(Phase::Identified),
            Just(Phase::Monitoring),
            Just(Phase::Resolved),
        ];
        let affected = prop::collection::btree_map(0..COMPONENTS, any_status(), 0..3);
        (phase, affected, 0_i64..6).prop_map(|(phase, affected, minute)| Update {
            update_id: UpdateId::from_uuid(Uuid::nil()),
            phase,
            body: "told".into(),
            affected: affected
                .into_iter()
                .map(|(number, status)| Affected { component_id: component(number), status })
                .collect(),
            displayed_at: START + SignedDuration::from_mins(minute),
            created_at: START,
            silent: false,
        })
    }

    /// Updates in the order in which they were entered, with ids that grow.
    fn any_story() -> impl Strategy<Value = Vec<Update>> {
        prop::collection::vec(any_update(), 1..9).prop_map(|mut updates| {
            for (number, update) in (1..).zip(&mut updates) {
                update.update_id = UpdateId::from_uuid(Uuid::from_u128(number));
            }
            updates
        })
    }

    fn told(updates: &[Update]) -> Incident {
        let (first, later) = updates.split_first().unwrap();
        let id = IncidentId::from_uuid(Uuid::nil());
        let mut incident =
            Incident::open(id, PageId::from_uuid(Uuid::nil()), "API is slow".into(), first.clone());
        later.iter().cloned().for_each(|update| incident.add(update));
        incident
    }

    fn is_later(one: &Update, other: &Update) -> bool {
        one.displayed_at > other.displayed_at
            || (one.displayed_at == other.displayed_at && one.update_id > other.update_id)
    }

    /// All updates that are later than this one.
    fn after<'a>(updates: &'a [Update], one: &Update) -> Vec<&'a Update> {
        updates.iter().filter(|other| is_later(other, one)).collect()
    }

    fn names(update: &Update, component: ComponentId) -> Option<ComponentStatus> {
        update
            .affected
            .iter()
            .find(|affected| affected.component_id == component)
            .map(|affected| affected.status)
    }

    /// What is said of a component: by its latest mention, unless the incident was resolved after that.
    fn said_of(updates: &[Update], component: ComponentId) -> Option<ComponentStatus> {
        let mention = updates.iter().find(|update| {
            names(update, component).is_some()
                && after(updates, update).iter().all(|later| names(later, component).is_none())
        })?;
        let resolved_since = after(updates, mention).iter().any(|later| later.phase == Phase::Resolved);
        if resolved_since { Some(ComponentStatus::Operational) } else { names(mention, component) }
    }

    proptest! {
        #[test]
        fn the_phase_is_that_of_the_update_which_no_other_is_later_than(updates in any_story()) {
            let latest = updates.iter().find(|update| after(&updates, update).is_empty()).unwrap();
            prop_assert_eq!(told(&updates).standing.phase, latest.phase);
        }

        #[test]
        fn it_started_with_the_update_that_is_later_than_no_other(updates in any_story()) {
            let started_at = told(&updates).standing.started_at;
            prop_assert!(updates.iter().any(|update| update.displayed_at == started_at));
            prop_assert!(updates.iter().all(|update| update.displayed_at >= started_at));
        }

        #[test]
        fn it_was_resolved_by_the_first_update_after_which_all_are_resolved(updates in any_story()) {
            let expected = updates
                .iter()
                .filter(|update| update.phase == Phase::Resolved)
                .filter(|update| after(&updates, update).iter().all(|later| later.phase == Phase::Resolved))
                .map(|update| update.displayed_at)
                .min();
            prop_assert_eq!(told(&updates).standing.resolved_at, expected);
        }

        #[test]
        fn its_impact_is_the_worst_that_was_ever_said(updates in any_story()) {
            let said = |status| updates.iter().any(|u| u.affected.iter().any(|a| a.status == status));
            let expected = if said(ComponentStatus::MajorOutage) {
                Impact::Critical
            } else if said(ComponentStatus::PartialOutage) {
                Impact::Major
            } else if said(ComponentStatus::DegradedPerformance) {
                Impact::Minor
            } else {
                Impact::None
            };
            prop_assert_eq!(told(&updates).standing.impact, expected);
        }

        #[test]
        fn a_component_is_as_last_said_unless_resolved_since(updates in any_story()) {
            let standing = told(&updates).standing;
            let expected = (0..COMPONENTS)
                .map(component)
                .filter_map(|id| said_of(&updates, id).map(|status| Affected { component_id: id, status }))
                .collect::<Vec<_>>();
            prop_assert_eq!(standing.affected, expected);
        }

        #[test]
        fn updates_stand_newest_first_however_they_were_entered(updates in any_story()) {
            let incident = told(&updates);
            prop_assert_eq!(incident.updates.len(), updates.len());
            prop_assert!(incident.updates.windows(2).all(|pair| is_later(&pair[0], &pair[1])));
        }

        #[test]
        fn the_order_of_entering_changes_nothing(updates in any_story()) {
            let reversed = updates.iter().rev().cloned().collect::<Vec<_>>();
            prop_assert_eq!(told(&updates).standing, told(&reversed).standing);
        }
    }
}
