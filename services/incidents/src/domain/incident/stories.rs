//! Stories for tests.

use jiff::{SignedDuration, Timestamp};
use kit::ids::{ComponentId, IncidentId, PageId, UpdateId};
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    super::{ComponentStatus, component::tests::any_status},
    Affected, ComponentImpact, Impact, Incident, Phase, Standing, Telling, Update,
};

pub(super) const START: Timestamp = Timestamp::constant(1_790_000_000, 0);
pub(super) const COMPONENTS: u128 = 4;

/// What is told of an incident, in the order in which it was entered, and the incident without it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) updates: Vec<Update>,
    pub(super) frame: Incident,
}

pub(super) fn component(number: u128) -> ComponentId {
    ComponentId::from_uuid(Uuid::from_u128(number))
}

/// Few moments, so that ties are common.
pub(super) fn any_moment() -> impl Strategy<Value = Timestamp> {
    (0_i64..6).prop_map(|minute| START + SignedDuration::from_mins(minute))
}

fn any_update() -> impl Strategy<Value = Update> {
    let phase = prop_oneof![
        Just(Phase::Investigating),
        Just(Phase::Identified),
        Just(Phase::Monitoring),
        Just(Phase::Resolved),
    ];
    let affected = prop::collection::btree_map(0..COMPONENTS, any_status(), 0..3);
    (phase, affected, any_moment(), any_moment(), prop::option::of(any_moment())).prop_map(
        |(phase, affected, displayed_at, created_at, next_update_at)| Update {
            update_id: UpdateId::from_uuid(Uuid::nil()),
            phase,
            body: "told".into(),
            affected: affected
                .into_iter()
                .map(|(number, status)| Affected { component_id: component(number), status })
                .collect(),
            displayed_at,
            created_at,
            silent: false,
            next_update_at,
            edited_at: None,
        },
    )
}

/// An incident that nothing is published of, with what people declare of it.
pub(super) fn any_frame() -> impl Strategy<Value = Incident> {
    let impact =
        prop_oneof![Just(Impact::None), Just(Impact::Minor), Just(Impact::Major), Just(Impact::Critical)];
    let hurt = any_status()
        .prop_filter("nothing hurts that is operational", |status| *status != ComponentStatus::Operational);
    // Two spans of one component must not start at one time.
    let spans = prop::collection::btree_map((0..COMPONENTS, any_moment()), (1_i64..4, hurt), 0..4);
    (prop::option::of(impact), any_moment(), any_moment(), spans).prop_map(|(impact, one, other, spans)| {
        let component_impacts = spans.into_iter().map(|((number, started_at), (minutes, status))| {
            let ended_at = started_at + SignedDuration::from_mins(minutes);
            ComponentImpact { component_id: component(number), status, started_at, ended_at }
        });
        let mut incident = Incident {
            impact_override: impact,
            impact_started_at: Some(one.min(other)),
            impact_ended_at: Some(one.max(other) + SignedDuration::from_secs(1)),
            component_impacts: component_impacts.collect(),
            ..hidden()
        };
        incident.stand();
        incident
    })
}

/// Updates with ids that grow.
pub(super) fn any_story() -> impl Strategy<Value = Story> {
    let updates = prop::collection::vec(any_update(), 1..9).prop_map(|mut updates| {
        for (number, update) in (1..).zip(&mut updates) {
            update.update_id = UpdateId::from_uuid(Uuid::from_u128(number));
        }
        updates
    });
    (updates, any_frame()).prop_map(|(updates, frame)| Story { updates, frame })
}

/// An incident that nothing is published of.
pub(super) fn hidden() -> Incident {
    Incident {
        incident_id: IncidentId::from_uuid(Uuid::nil()),
        page_id: PageId::from_uuid(Uuid::nil()),
        title: "API is slow".into(),
        created_at: START,
        backfilled: false,
        language: String::new(),
        is_public: false,
        revision: 1,
        impact_override: None,
        impact_started_at: None,
        impact_ended_at: None,
        component_impacts: Vec::new(),
        standing: Standing::default_at(START),
        updates: Vec::new(),
        postmortem: None,
    }
}

pub(super) fn telling(phase: Phase) -> Telling {
    Telling {
        phase,
        body: "told".into(),
        affected: Vec::new(),
        displayed_at: None,
        notify: None,
        next_update_at: None,
    }
}

/// The incident that this story tells, update by update.
pub(super) fn told(story: &Story) -> Incident {
    let mut incident = story.frame.clone();
    for update in story.updates.iter().cloned() {
        let telling = Telling {
            phase: update.phase,
            body: update.body,
            affected: update.affected,
            displayed_at: Some(update.displayed_at),
            notify: None,
            next_update_at: update.next_update_at,
        };
        incident.tell(update.update_id, telling, update.created_at);
    }
    incident
}

pub(super) fn is_later(one: &Update, other: &Update) -> bool {
    one.displayed_at > other.displayed_at
        || (one.displayed_at == other.displayed_at && one.update_id > other.update_id)
}

/// All updates that are later than this one.
pub(super) fn after<'a>(updates: &'a [Update], one: &Update) -> Vec<&'a Update> {
    updates.iter().filter(|other| is_later(other, one)).collect()
}

/// The update that no other is later than.
pub(super) fn latest(updates: &[Update]) -> &Update {
    updates.iter().find(|update| after(updates, update).is_empty()).unwrap()
}

pub(super) fn names(update: &Update, component: ComponentId) -> Option<ComponentStatus> {
    update.affected.iter().find(|affected| affected.component_id == component).map(|affected| affected.status)
}
