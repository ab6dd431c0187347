//! A page to tell of in tests.

use kit::{
    code::Code,
    ids::{ComponentGroupId, ComponentId, IncidentId, MaintenanceId, PageId, UpdateId},
};
use proto::{
    common::v1 as common,
    incidents::v1::{
        AffectedComponent, Component, ComponentGroup, ComponentStatus, GetPageResponse, Impact, Incident,
        IncidentUpdate, Maintenance, MaintenancePhase, MaintenanceUpdate, OverallStatus, Phase, Postmortem,
        StatusPage,
    },
};
use serde::Serialize;
use uuid::Uuid;

use crate::formats::Source;

/// The millisecond in which ids begin to be made.
const BEGINNING: u128 = 0x0190_0000_0000;
pub(super) const GOOD: ComponentStatus = ComponentStatus::Operational;
pub(super) const SLOW: ComponentStatus = ComponentStatus::DegradedPerformance;
pub(super) const DOWN: ComponentStatus = ComponentStatus::MajorOutage;

/// The n-th id that was made, n milliseconds after the beginning.
fn uuid(n: u8) -> Uuid {
    Uuid::from_u128((BEGINNING + u128::from(n)) << 80 | 7 << 76 | 2 << 62 | u128::from(n))
}

pub(super) fn code(n: u8) -> String {
    Code::of(uuid(n)).to_string()
}

pub(super) fn component_id(n: u8) -> String {
    ComponentId::from_uuid(uuid(n)).to_string()
}

pub(super) fn group_id(n: u8) -> String {
    ComponentGroupId::from_uuid(uuid(n)).to_string()
}

pub(super) fn wire(at: &str) -> Option<prost_types::Timestamp> {
    Some(kit::time::to_wire(at.parse().unwrap()))
}

pub(super) fn component(n: u8, name: &str, group: Option<u8>, status: ComponentStatus) -> Component {
    Component {
        component_id: component_id(n),
        name: name.into(),
        component_group_id: group.map(group_id),
        status: status.into(),
        position: n.into(),
        created_at: wire("2026-01-07T09:12:07.291Z"),
        ..Component::default()
    }
}

pub(super) fn group(n: u8, name: &str) -> ComponentGroup {
    ComponentGroup {
        component_group_id: group_id(n),
        name: name.into(),
        position: n.into(),
        created_at: wire("2026-01-07T09:12:00Z"),
        ..ComponentGroup::default()
    }
}

/// An update that was entered a second after it happened.
pub(super) fn update(n: u8, phase: Phase, at: &str, affected: &[(u8, ComponentStatus)]) -> IncidentUpdate {
    let displayed_at = wire(at);
    let affected = affected
        .iter()
        .map(|(n, status)| AffectedComponent { component_id: component_id(*n), status: (*status).into() });
    IncidentUpdate {
        update_id: UpdateId::from_uuid(uuid(n)).to_string(),
        phase: phase.into(),
        body: format!("Told in {n}."),
        affected_components: affected.collect(),
        created_at: displayed_at.map(|at| prost_types::Timestamp { seconds: at.seconds + 1, ..at }),
        displayed_at,
        ..IncidentUpdate::default()
    }
}

/// An incident with these updates, the newest first.
pub(super) fn an_incident(n: u8, title: &str, updates: Vec<IncidentUpdate>) -> Incident {
    let first = updates.last().unwrap();
    let affected_components = updates.iter().flat_map(|update| update.affected_components.clone());
    Incident {
        incident_id: IncidentId::from_uuid(uuid(n)).to_string(),
        title: title.into(),
        phase: updates[0].phase,
        affected_components: affected_components.collect(),
        started_at: first.displayed_at,
        created_at: first.created_at,
        resolved_at: updates[0].displayed_at.filter(|_| updates[0].phase() == Phase::Resolved),
        updates,
        ..Incident::default()
    }
}

/// A maintenance of components, with updates that the clock made, the newest first.
pub(super) fn a_maintenance(
    n: u8,
    title: &str,
    components: &[u8],
    told: &[(u8, MaintenancePhase, &str)],
) -> Maintenance {
    let updates = told.iter().map(|(n, phase, at)| MaintenanceUpdate {
        update_id: UpdateId::from_uuid(uuid(*n)).to_string(),
        phase: (*phase).into(),
        displayed_at: wire(at),
        created_at: wire(at),
        ..MaintenanceUpdate::default()
    });
    Maintenance {
        maintenance_id: MaintenanceId::from_uuid(uuid(n)).to_string(),
        title: title.into(),
        phase: told[0].1.into(),
        component_ids: components.iter().map(|n| component_id(*n)).collect(),
        created_at: wire(told.last().unwrap().2),
        scheduled_start_at: wire("2026-11-22T01:00:00Z"),
        scheduled_end_at: wire("2026-11-22T03:00:00Z"),
        updates: updates.collect(),
        ..Maintenance::default()
    }
}

/// A page with nothing on it, made on 2024-06-10.
pub(super) fn empty(time_zone: &str, locale: &str) -> Source {
    let page = StatusPage {
        page_id: PageId::from_uuid(uuid(1)).to_string(),
        slug: "acme".into(),
        name: "Acme".into(),
        locale: locale.into(),
        time_zone: time_zone.into(),
        branding: None,
    };
    let front = GetPageResponse {
        page: Some(page),
        generated_at: wire("2026-11-21T12:00:00Z"),
        ..GetPageResponse::default()
    };
    Source::new("https://status.example.com", front).unwrap()
}

/// A page with the group 10 of the component 11, and the component 12 that stands alone; 11 is slow.
pub(super) fn acme(time_zone: &str) -> Source {
    let mut source = empty(time_zone, "en");
    source.front.component_groups = vec![group(10, "Deposit And Withdraw")];
    source.front.components = vec![
        Component {
            shows_uptime: true,
            start_date: Some(common::Date { year: 2026, month: 1, day: 7 }),
            ..component(11, "Deposit", Some(10), SLOW)
        },
        Component { description: "Sends mail".into(), ..component(12, "Mail", None, GOOD) },
    ];
    source.front.overall_status = OverallStatus::PartiallyDegraded.into();
    let told = update(31, Phase::Investigating, "2026-11-21T10:00:00.5Z", &[(11, SLOW)]);
    let open = an_incident(21, "Slow deposits", vec![told]);
    source.front.open_incidents = vec![Incident { impact: Impact::Minor.into(), ..open }];
    source
}

/// An incident that slowed 11, broke it and 12, and is over; its report is published, and was edited.
pub(super) fn reported() -> Incident {
    let mut resolved = update(35, Phase::Resolved, "2026-11-21T11:00:00Z", &[(12, GOOD), (11, GOOD)]);
    resolved.silent = true;
    let mut watched = update(34, Phase::Monitoring, "2026-11-21T10:30:00Z", &[]);
    watched.edited_at = wire("2026-11-21T11:30:00Z");
    let told = an_incident(
        21,
        "Outage",
        vec![
            resolved,
            watched,
            update(33, Phase::Monitoring, "2026-11-21T10:20:00Z", &[(11, SLOW)]),
            update(32, Phase::Identified, "2026-11-21T10:10:00Z", &[(11, DOWN), (12, DOWN)]),
            update(31, Phase::Investigating, "2026-11-21T10:00:00Z", &[(11, SLOW)]),
        ],
    );
    let report = Postmortem {
        body: "One\r\ntwo\nthree\rfour".into(),
        published_at: wire("2026-11-21T11:40:00Z"),
        edited_at: wire("2026-11-21T11:50:00Z"),
    };
    Incident { impact: Impact::Critical.into(), has_postmortem: true, postmortem: Some(report), ..told }
}

/// What a program reads.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// What is at a place of it.
pub(super) fn at(value: &impl Serialize, pointer: &str) -> serde_json::Value {
    serde_json::to_value(value).unwrap().pointer(pointer).unwrap().clone()
}
