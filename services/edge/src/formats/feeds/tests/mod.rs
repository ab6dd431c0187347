//! Feeds and calendars of a small page, and of what members of hostile pages write.

mod calendar;
mod history;
mod updates;

use kit::locale::Locale;
use prost_types::Timestamp;
use proto::incidents::v1::{
    AffectedComponent, Component, ComponentStatus, GetPageResponse, Impact, Incident, IncidentUpdate,
    Maintenance, MaintenancePhase, MaintenanceUpdate, Phase, StatusPage, StatusServiceListIncidentsResponse,
    StatusServiceListMaintenancesResponse,
};

use super::{Story, stories};
use crate::formats::Source;

const INCIDENT: &str = "inc_01kag3v800e8wt5e2g7qv8xk2m";
const MAINTENANCE: &str = "mnt_01kag3v801fd3vy8gh9s4w6z7n";

fn wire(at: &str) -> Option<Timestamp> {
    Some(kit::time::to_wire(at.parse().unwrap()))
}

/// A page in São Paulo.
fn source(locale: &str) -> Source {
    let page = StatusPage {
        page_id: "page_01kag3v7zzf8d9k3m5n7p9r1t3".into(),
        slug: "acme".into(),
        name: "Acme & Sons".into(),
        locale: locale.into(),
        time_zone: "America/Sao_Paulo".into(),
        branding: None,
    };
    let front = GetPageResponse {
        page: Some(page),
        components: vec![component("cmp_api", "API"), component("cmp_web", "Web")],
        generated_at: wire("2026-11-20T18:00:00Z"),
        ..GetPageResponse::default()
    };
    Source::new("https://status.example.com:8443", front).unwrap()
}

fn component(id: &str, name: &str) -> Component {
    Component { component_id: id.into(), name: name.into(), ..Component::default() }
}

/// The id of the update with this number, below 32.
fn update_id(n: usize) -> String {
    let digit = char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[n]);
    format!("upd_01kag3v8{digit}00000000000000{digit}00")
}

fn update(n: usize, phase: Phase, at: &str, body: &str) -> IncidentUpdate {
    IncidentUpdate {
        update_id: update_id(n),
        phase: phase.into(),
        displayed_at: wire(at),
        body: body.into(),
        ..IncidentUpdate::default()
    }
}

/// An incident that began at 10:00 in São Paulo and was over at 11:35.
fn incident() -> Incident {
    let affected = |status: ComponentStatus| {
        vec![AffectedComponent { component_id: "cmp_api".into(), status: status.into() }]
    };
    Incident {
        incident_id: INCIDENT.into(),
        title: "Checkout is slow".into(),
        impact: Impact::Major.into(),
        updates: vec![
            IncidentUpdate {
                affected_components: affected(ComponentStatus::Operational),
                ..update(3, Phase::Resolved, "2026-11-20T14:35:00.123Z", "It is **over**.")
            },
            update(2, Phase::Investigating, "2026-11-20T13:10:00Z", "- the database\n- or the network\n"),
            IncidentUpdate {
                affected_components: affected(ComponentStatus::PartialOutage),
                ..update(1, Phase::Investigating, "2026-11-20T13:00:00Z", "We look.\n\nSorry.")
            },
        ],
        started_at: wire("2026-11-20T13:00:00Z"),
        ..Incident::default()
    }
}

fn work_update(n: usize, phase: MaintenancePhase, at: &str, body: &str) -> MaintenanceUpdate {
    MaintenanceUpdate {
        update_id: update_id(n),
        phase: phase.into(),
        displayed_at: wire(at),
        created_at: wire(at),
        body: body.into(),
        ..MaintenanceUpdate::default()
    }
}

/// A maintenance that is announced for the night after next.
fn maintenance() -> Maintenance {
    Maintenance {
        maintenance_id: MAINTENANCE.into(),
        title: "Database upgrade".into(),
        phase: MaintenancePhase::Scheduled.into(),
        component_ids: vec!["cmp_web".into(), "cmp_old".into()],
        scheduled_start_at: wire("2026-11-22T04:00:00Z"),
        scheduled_end_at: wire("2026-11-22T05:30:00Z"),
        updates: vec![work_update(
            4,
            MaintenancePhase::Scheduled,
            "2026-11-20T12:00:00Z",
            "We upgrade; expect *short* pauses, twice.",
        )],
        created_at: wire("2026-11-20T12:00:00Z"),
        ..Maintenance::default()
    }
}

/// A maintenance that has begun by itself.
fn begun() -> Maintenance {
    let announced = maintenance();
    let begun = work_update(5, MaintenancePhase::InProgress, "2026-11-22T04:00:00Z", "");
    Maintenance {
        phase: MaintenancePhase::InProgress.into(),
        updates: [vec![begun], announced.updates.clone()].concat(),
        ..announced
    }
}

fn incidents(incidents: Vec<Incident>) -> StatusServiceListIncidentsResponse {
    StatusServiceListIncidentsResponse { incidents, ..Default::default() }
}

fn maintenances(maintenances: Vec<Maintenance>) -> StatusServiceListMaintenancesResponse {
    StatusServiceListMaintenancesResponse {
        maintenances,
        former_components: vec![component("cmp_old", "Old, retired")],
        ..Default::default()
    }
}

/// A document made of these stories.
fn of(
    document: fn(&Source, &[Story<'_>]) -> String,
    locale: &str,
    told: Vec<Incident>,
    planned: Vec<Maintenance>,
) -> String {
    let (told, planned) = (incidents(told), maintenances(planned));
    document(&source(locale), &stories(&told, &planned))
}

/// A document with a line for each element, or each value of JSON.
fn lined(document: &str) -> String {
    document.replace("><", ">\n<").replace("\",\"", "\",\n\"").replace("},{", "},\n{")
}

/// What stands between these, each time they are there.
fn between<'a>(document: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    document.split(begin).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// Texts that break what is put together carelessly.
fn hostile() -> Incident {
    let body = "]]> &amp; <script>alert(1)</script> \u{0}\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{fffe}\u{ffff}&#1; \
                [x](javascript:alert(1)) 🔥 שלום\r\n\r\n```\n]]>\n```";
    Incident {
        title: "]]></title><script>\u{0}\u{1b}\"'& 🔥 \u{202b}שלום".into(),
        language: "he".into(),
        updates: vec![update(1, Phase::Identified, "2026-11-20T13:00:00Z", body)],
        ..incident()
    }
}

/// What no document may hold.
fn assert_is_clean(document: &str) {
    for c in document.chars() {
        assert!(!c.is_ascii_control() || matches!(c, '\n' | '\t'), "{c:?}");
        assert!(!matches!(c, '\u{fffe}' | '\u{ffff}'), "{c:?}");
    }
    assert!(!document.contains("<script"));
}

#[test]
fn every_language_has_the_texts_of_feeds() {
    for locale in Locale::ALL {
        for document in [super::atom, super::rss, super::updates_atom, super::json_feed] {
            let told = of(document, locale.tag(), vec![incident()], vec![begun()]);
            assert!(!told.contains("Unknown localization"), "{told}");
        }
        let told = of(super::atom, locale.tag(), vec![incident()], Vec::new());
        assert_eq!(told.matches("var data-var=").count(), 2 * incident().updates.len(), "{told}");
        let told = super::calendar(&source(locale.tag()), &maintenances(vec![begun()]));
        assert!(!told.contains("Unknown localization"), "{told}");
    }
}

#[test]
fn stories_are_told_the_newest_first_and_one_to_come_by_its_start() {
    let at = |id: &str, at: &str| Incident {
        incident_id: id.into(),
        updates: vec![update(1, Phase::Identified, at, "")],
        ..Incident::default()
    };
    let told = incidents(vec![at("b", "2026-11-21T00:00:00Z"), at("a", "2026-11-23T00:00:00Z")]);
    let order = |planned: Vec<Maintenance>| {
        let planned = maintenances(planned);
        stories(&told, &planned).iter().map(|story| story.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(order(vec![maintenance()]), ["a", MAINTENANCE, "b"]);
    let cancelled = Maintenance { phase: MaintenancePhase::Cancelled.into(), ..maintenance() };
    assert_eq!(order(vec![cancelled]), ["a", "b", MAINTENANCE]);
}
