use proto::incidents::v1::{IncidentUpdate, MaintenancePhase, MaintenanceUpdate, Phase};
use serde_json::Value;

use super::*;
use crate::view::tests::head;

const URL: &str = "https://status.example/p/acme";

fn wire(at: &str) -> Option<prost_types::Timestamp> {
    Some(kit::time::to_wire(at.parse().unwrap()))
}

fn place(head: &PageHead) -> Place<'_> {
    Place { head, page_url: URL, version: 7 }
}

fn incident(title: &str, body: &str) -> Incident {
    let update = |id: &str, phase: Phase, at, body: &str| IncidentUpdate {
        update_id: id.into(),
        phase: phase.into(),
        displayed_at: wire(at),
        body: body.into(),
        ..IncidentUpdate::default()
    };
    Incident {
        incident_id: "inc_1".into(),
        title: title.into(),
        phase: Phase::Identified.into(),
        started_at: wire("2026-11-20T13:00:00Z"),
        updates: vec![
            update("upd_2", Phase::Identified, "2026-11-20T14:00:00Z", body),
            update("upd_1", Phase::Investigating, "2026-11-20T13:00:00Z", "We *look*."),
        ],
        ..Incident::default()
    }
}

#[test]
fn an_incident_is_news_that_are_told_while_they_happen() {
    let head = head("en");
    let open = incident("Payments are down", "A **bad** deploy.");
    let meta = place(&head).incident(&open);
    assert_eq!(meta.description, "Identified: A bad deploy.");
    assert_eq!(meta.url.as_deref(), Some("https://status.example/p/acme/incidents/inc_1"));
    assert_eq!(meta.image, "https://status.example/p/acme/incidents/inc_1/preview.png?v=7");
    let data = &meta.data;
    assert_eq!(data["@type"], "LiveBlogPosting");
    assert_eq!(data["headline"], "Payments are down");
    assert_eq!(data["coverageStartTime"], "2026-11-20T13:00:00Z");
    assert_eq!(data["dateModified"], "2026-11-20T14:00:00Z");
    assert_eq!(data.get("coverageEndTime"), None);
    let newest = &data["liveBlogUpdate"][0];
    assert_eq!(newest["articleBody"], "A bad deploy.");
    assert_eq!(newest["url"], "https://status.example/p/acme/incidents/inc_1#upd_2");
    assert_eq!(newest.get("dateModified"), None);
    let over = Incident { resolved_at: wire("2026-11-20T15:00:00Z"), ..open };
    let data = &place(&head).incident(&over).data;
    assert_eq!(data["coverageEndTime"], "2026-11-20T15:00:00Z");
}

#[test]
fn things_refer_to_their_parts_which_stand_before_them() {
    let data = place(&head("en")).incident(&incident("Payments are down", "A deploy.")).data();
    let (document, parts) = data.split_last().unwrap();
    assert_eq!((document.name.as_str(), document.kind.as_str()), ("", "LiveBlogPosting"));
    let of = |thing: &Datum, name: &str| {
        let ids = thing.parts.split(' ');
        let named = ids.filter_map(|id| parts.iter().find(|part| part.id == id && part.name == name));
        named.collect::<Vec<_>>()
    };
    let updates = of(document, "liveBlogUpdate");
    assert_eq!(updates.iter().map(|each| each.kind.as_str()).collect::<Vec<_>>(), ["BlogPosting"; 2]);
    assert_eq!(of(updates[0], "articleBody")[0].content, "A deploy.");
    assert_eq!(of(document, "headline")[0].content, "Payments are down");
}

#[test]
fn a_maintenance_is_an_event_that_says_when_it_was_moved_or_called_off() {
    let head = head("en");
    let update = |start: Option<&str>| MaintenanceUpdate {
        phase: MaintenancePhase::Scheduled.into(),
        scheduled_start_at: start.and_then(wire),
        ..MaintenanceUpdate::default()
    };
    let (first, second) = ("2026-11-21T20:00:00Z", "2026-11-22T20:00:00Z");
    for (phase, updates, status, previous) in [
        (MaintenancePhase::Scheduled, vec![update(None)], "EventScheduled", None),
        (MaintenancePhase::Completed, vec![update(Some(first)), update(None)], "EventRescheduled", None),
        (
            MaintenancePhase::Scheduled,
            vec![update(Some(second)), update(Some(first))],
            "EventRescheduled",
            Some(first),
        ),
        (MaintenancePhase::Cancelled, vec![update(Some(first))], "EventCancelled", None),
    ] {
        let maintenance = Maintenance {
            maintenance_id: "mnt_1".into(),
            title: "New disks".into(),
            phase: phase.into(),
            scheduled_start_at: wire("2026-11-22T20:00:00Z"),
            scheduled_end_at: wire("2026-11-22T22:00:00Z"),
            updates,
            ..Maintenance::default()
        };
        let meta = place(&head).maintenance(&maintenance);
        assert!(meta.description.contains("22 November 2026 at 17:00 – 19:00 GMT−3"), "{}", meta.description);
        let data = &meta.data;
        assert_eq!(data["@type"], "Event");
        assert_eq!(data["startDate"], "2026-11-22T20:00:00Z");
        assert_eq!(data["endDate"], "2026-11-22T22:00:00Z");
        assert_eq!(data["eventStatus"], format!("https://schema.org/{status}"), "{phase:?}");
        assert_eq!(data.get("previousStartDate").and_then(Value::as_str), previous, "{phase:?}");
    }
}

#[test]
fn what_is_no_beginning_has_no_address_to_be_known_by() {
    let head = head("de");
    assert_eq!(place(&head).history(true).url.as_deref(), Some("https://status.example/p/acme/history"));
    assert_eq!(place(&head).history(false).url, None);
    let uptime = place(&head).uptime(Some("2026-02"));
    assert_eq!(uptime.url.as_deref(), Some("https://status.example/p/acme/uptime?before=2026-02"));
    let data = &uptime.data;
    assert_eq!(data["breadcrumb"]["itemListElement"][0]["item"], URL);
    assert_eq!(data["inLanguage"], "de");
}
