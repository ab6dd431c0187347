//! What is refused, and what is kept.

use super::*;

const ID: &str = "01jd0000000000000000000000";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn wire(text: &str) -> Option<WireTimestamp> {
    Some(time::to_wire(at(text)))
}

fn incident() -> internal::IncidentUpdated {
    internal::IncidentUpdated {
        component_ids: Vec::new(),
        incident_id: format!("inc_{ID}"),
        update_id: format!("upd_{ID}"),
        position: 7,
        title: "t".into(),
        phase: incidents::Phase::Identified.into(),
        body: "b".into(),
        displayed_at: wire("2026-11-21T12:00:00Z"),
        components: vec![internal::NamedComponent {
            name: "API".into(),
            status: incidents::ComponentStatus::UnderMaintenance.into(),
        }],
        next_update_at: wire("2026-11-21T13:00:00Z"),
        language: "pt-BR".into(),
        same_phase: true,
    }
}

fn maintenance() -> internal::MaintenanceUpdated {
    internal::MaintenanceUpdated {
        component_ids: Vec::new(),
        maintenance_id: format!("mnt_{ID}"),
        update_id: format!("upd_{ID}"),
        position: 8,
        title: "t".into(),
        phase: incidents::MaintenancePhase::Verifying.into(),
        body: String::new(),
        displayed_at: wire("2026-11-21T12:00:00Z"),
        scheduled_start_at: wire("2026-11-28T01:00:00Z"),
        scheduled_end_at: wire("2026-11-28T03:00:00Z"),
        moved: true,
        component_names: vec!["API".into()],
        language: String::new(),
        same_phase: true,
    }
}

fn approaching() -> internal::MaintenanceApproaching {
    internal::MaintenanceApproaching {
        component_ids: Vec::new(),
        maintenance_id: format!("mnt_{ID}"),
        position: 9,
        title: "t".into(),
        body: "b".into(),
        scheduled_start_at: wire("2026-11-28T01:00:00Z"),
        scheduled_end_at: wire("2026-11-28T03:00:00Z"),
        reminded_at: wire("2026-11-21T12:00:00Z"),
        component_names: Vec::new(),
        language: String::new(),
    }
}

fn postmortem() -> internal::PostmortemPublished {
    internal::PostmortemPublished {
        component_ids: Vec::new(),
        incident_id: format!("inc_{ID}"),
        position: 10,
        title: "t".into(),
        body: "b".into(),
        published_at: wire("2026-11-21T12:00:00Z"),
        language: String::new(),
    }
}

fn due() -> internal::NextUpdateDue {
    internal::NextUpdateDue {
        incident_id: format!("inc_{ID}"),
        update_id: format!("upd_{ID}"),
        title: "t".into(),
        phase: incidents::Phase::Identified.into(),
        next_update_at: wire("2026-11-21T13:00:00Z"),
    }
}

fn told(event: Event) -> Result<(Content, Option<i64>), Error> {
    happened(event, at("2026-11-21T12:05:00Z")).map(|told| (told.content, told.position))
}

#[test]
fn the_components_that_an_event_touches_are_read_by_their_field() {
    let event = |component: &str| {
        Event::PostmortemPublished(internal::PostmortemPublished {
            component_ids: vec![component.to_owned()],
            ..postmortem()
        })
    };
    let read = happened(event(&format!("cmp_{ID}")), at("2026-11-21T12:05:00Z")).unwrap();
    assert_eq!(read.components, [format!("cmp_{ID}").parse().unwrap()]);
    assert_eq!(refused(event("cmp_x")), "postmortem_published.component_ids");
}

fn refused(event: Event) -> String {
    match told(event) {
        Err(Error::Invalid(violation)) => violation.field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_event_is_told_in_its_thread_and_at_its_place() {
    let confirmation =
        Event::ConfirmationRequested(internal::ConfirmationRequested { subscriber_id: format!("sub_{ID}") });
    let (incident_thread, maintenance_thread) = {
        let (incident, _) = told(Event::IncidentUpdated(incident())).unwrap();
        let (maintenance, _) = told(Event::MaintenanceUpdated(maintenance())).unwrap();
        (incident.thread(), maintenance.thread())
    };
    assert!(incident_thread.is_some() && maintenance_thread.is_some());
    let report_thread = told(Event::PostmortemPublished(postmortem())).unwrap().0.thread();
    assert!(report_thread.is_some() && report_thread != incident_thread);
    for (event, thread, place) in [
        (Event::IncidentUpdated(incident()), incident_thread, Some(7)),
        (Event::MaintenanceUpdated(maintenance()), maintenance_thread, Some(8)),
        (Event::MaintenanceApproaching(approaching()), maintenance_thread, Some(9)),
        (Event::PostmortemPublished(postmortem()), report_thread, Some(10)),
        (Event::NextUpdateDue(due()), None, None),
        (confirmation, None, None),
    ] {
        let (content, position) = told(event).unwrap();
        assert_eq!((content.thread(), position), (thread, place));
    }
}

#[test]
fn everything_an_event_says_is_kept() {
    let (Content::IncidentUpdate(update), _) = told(Event::IncidentUpdated(incident())).unwrap() else {
        panic!()
    };
    assert_eq!((update.phase, update.same_phase), (Phase::Identified, true));
    assert_eq!(update.language, "pt-BR");
    assert_eq!(update.next_update_at, Some(at("2026-11-21T13:00:00Z")));
    assert_eq!(update.components[0].status, ComponentStatus::UnderMaintenance);
    let silent = internal::IncidentUpdated { next_update_at: None, ..incident() };
    let (Content::IncidentUpdate(update), _) = told(Event::IncidentUpdated(silent)).unwrap() else {
        panic!()
    };
    assert_eq!(update.next_update_at, None);
    let (Content::MaintenanceUpdate(update), _) = told(Event::MaintenanceUpdated(maintenance())).unwrap()
    else {
        panic!()
    };
    assert_eq!((update.phase, update.same_phase), (MaintenancePhase::Verifying, true));
    assert!(update.moved);
    assert_eq!(update.window.ends_at, at("2026-11-28T03:00:00Z"));
}

#[test]
fn what_happened_in_the_future_is_told_as_of_now() {
    let now = at("2026-11-21T12:05:00Z");
    for (said, kept) in [
        ("2026-11-21T12:04:59.999999Z", at("2026-11-21T12:04:59.999999Z")),
        ("2026-11-21T12:05:00Z", now),
        ("2026-11-21T12:05:00.000001Z", now),
        ("2999-01-01T00:00:00Z", now),
    ] {
        let update = internal::IncidentUpdated { displayed_at: wire(said), ..incident() };
        let work = internal::MaintenanceUpdated { displayed_at: wire(said), ..maintenance() };
        let report = internal::PostmortemPublished { published_at: wire(said), ..postmortem() };
        for event in [
            Event::IncidentUpdated(update),
            Event::MaintenanceUpdated(work),
            Event::PostmortemPublished(report),
        ] {
            let at = match told(event).unwrap().0 {
                Content::IncidentUpdate(told) => told.displayed_at,
                Content::MaintenanceUpdate(told) => told.displayed_at,
                Content::Postmortem(told) => told.published_at,
                Content::MaintenanceApproaching(_)
                | Content::NextUpdateDue(_)
                | Content::Confirmation { .. } => unreachable!("not published here"),
            };
            assert_eq!(at, kept, "{said}");
        }
    }
}

#[test]
fn what_is_not_a_time_of_its_field_is_refused_by_name() {
    let early = wire("1999-12-31T23:59:59Z");
    let unreal = Some(WireTimestamp { seconds: i64::MAX, nanos: 0 });
    for (event, field) in [
        (
            Event::IncidentUpdated(internal::IncidentUpdated { displayed_at: early, ..incident() }),
            "incident_updated.displayed_at",
        ),
        (
            Event::IncidentUpdated(internal::IncidentUpdated { next_update_at: early, ..incident() }),
            "incident_updated.next_update_at",
        ),
        (
            Event::MaintenanceUpdated(internal::MaintenanceUpdated { displayed_at: None, ..maintenance() }),
            "maintenance_updated.displayed_at",
        ),
        (
            Event::MaintenanceUpdated(internal::MaintenanceUpdated {
                scheduled_start_at: None,
                ..maintenance()
            }),
            "maintenance_updated.scheduled_start_at",
        ),
        (
            Event::MaintenanceUpdated(internal::MaintenanceUpdated {
                scheduled_end_at: maintenance().scheduled_start_at,
                ..maintenance()
            }),
            "maintenance_updated.scheduled_end_at",
        ),
        (
            Event::MaintenanceApproaching(internal::MaintenanceApproaching {
                scheduled_end_at: early,
                ..approaching()
            }),
            "maintenance_approaching.scheduled_end_at",
        ),
        (
            Event::PostmortemPublished(internal::PostmortemPublished {
                published_at: unreal,
                ..postmortem()
            }),
            "postmortem_published.published_at",
        ),
        (
            Event::NextUpdateDue(internal::NextUpdateDue { next_update_at: None, ..due() }),
            "next_update_due.next_update_at",
        ),
    ] {
        assert_eq!(refused(event), field);
    }
}

#[test]
fn an_id_of_another_kind_and_a_value_that_is_not_set_are_refused_by_name() {
    let other = format!("page_{ID}");
    let unsaid = internal::NamedComponent { name: "API".into(), status: 0 };
    for (event, field) in [
        (
            Event::IncidentUpdated(internal::IncidentUpdated { incident_id: other.clone(), ..incident() }),
            "incident_updated.incident_id",
        ),
        (
            Event::IncidentUpdated(internal::IncidentUpdated { phase: 0, ..incident() }),
            "incident_updated.phase",
        ),
        (
            Event::IncidentUpdated(internal::IncidentUpdated { components: vec![unsaid], ..incident() }),
            "incident_updated.components",
        ),
        (
            Event::MaintenanceUpdated(internal::MaintenanceUpdated {
                maintenance_id: other.clone(),
                ..maintenance()
            }),
            "maintenance_updated.maintenance_id",
        ),
        (
            Event::MaintenanceUpdated(internal::MaintenanceUpdated { phase: 0, ..maintenance() }),
            "maintenance_updated.phase",
        ),
        (
            Event::MaintenanceApproaching(internal::MaintenanceApproaching {
                maintenance_id: String::new(),
                ..approaching()
            }),
            "maintenance_approaching.maintenance_id",
        ),
        (
            Event::PostmortemPublished(internal::PostmortemPublished {
                incident_id: other.clone(),
                ..postmortem()
            }),
            "postmortem_published.incident_id",
        ),
        (
            Event::NextUpdateDue(internal::NextUpdateDue { incident_id: other.clone(), ..due() }),
            "next_update_due.incident_id",
        ),
        (
            Event::ConfirmationRequested(internal::ConfirmationRequested { subscriber_id: other }),
            "confirmation_requested.subscriber_id",
        ),
    ] {
        assert_eq!(refused(event), field);
    }
}
