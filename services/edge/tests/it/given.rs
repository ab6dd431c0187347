//! Answers of the services behind the edge.

use prost_types::Timestamp;
use proto::incidents::v1::{
    AffectedComponent, Component, ComponentGroup, ComponentStatus, GetPageResponse, Impact, Incident,
    IncidentUpdate, OverallStatus, Phase, StatusPage,
};

pub(crate) const PAGE_ID: &str = "page_01jdphars00000000000000000";

/// When the answers were put together.
pub(crate) const NOW: &str = "2026-11-20T23:45:00Z";

pub(crate) fn at(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().unwrap();
    Some(Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

/// An operational page without anything on it.
pub(crate) fn page(locale: &str) -> GetPageResponse {
    GetPageResponse {
        page: Some(StatusPage {
            page_id: PAGE_ID.into(),
            slug: "demo".into(),
            name: "Acme".into(),
            locale: locale.into(),
            time_zone: "America/Sao_Paulo".into(),
            branding: None,
        }),
        overall_status: OverallStatus::Operational.into(),
        version: 1,
        generated_at: at(NOW),
        ..GetPageResponse::default()
    }
}

pub(crate) fn group(id: &str, name: &str, position: i32) -> ComponentGroup {
    ComponentGroup {
        component_group_id: id.into(),
        page_id: PAGE_ID.into(),
        name: name.into(),
        position,
        created_at: at("2026-01-01T00:00:00Z"),
        ..ComponentGroup::default()
    }
}

pub(crate) fn component(id: &str, group: Option<&str>, name: &str, status: ComponentStatus) -> Component {
    Component {
        component_id: id.into(),
        page_id: PAGE_ID.into(),
        component_group_id: group.map(str::to_owned),
        name: name.into(),
        status: status.into(),
        created_at: at("2026-01-01T00:00:00Z"),
        ..Component::default()
    }
}

pub(crate) fn affected(id: &str, status: ComponentStatus) -> AffectedComponent {
    AffectedComponent { component_id: id.into(), status: status.into() }
}

pub(crate) fn update(id: &str, phase: Phase, time: &str, body: &str) -> IncidentUpdate {
    IncidentUpdate {
        update_id: id.into(),
        phase: phase.into(),
        body: body.into(),
        displayed_at: at(time),
        created_at: at(time),
        published_at: at(time),
        ..IncidentUpdate::default()
    }
}

/// An incident from its updates, the newest first.
pub(crate) fn incident(id: &str, title: &str, impact: Impact, updates: Vec<IncidentUpdate>) -> Incident {
    let last = &updates[0];
    let resolved_at = (last.phase() == Phase::Resolved).then_some(last.displayed_at).flatten();
    Incident {
        incident_id: id.into(),
        page_id: PAGE_ID.into(),
        title: title.into(),
        phase: last.phase,
        impact: impact.into(),
        affected_components: last.affected_components.clone(),
        started_at: updates.last().unwrap().displayed_at,
        resolved_at,
        created_at: updates.last().unwrap().created_at,
        updates,
        is_public: true,
        ..Incident::default()
    }
}
