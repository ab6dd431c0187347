//! Stories as readers see them.

use proto::incidents::v1::{
    AffectedComponent, Component, ComponentImpact, ComponentStatus, GetPageResponse, Incident,
    IncidentUpdate, Maintenance, MaintenancePhase, MaintenanceUpdate, Phase, Postmortem, StatusPage,
    StatusServiceGetIncidentResponse, StatusServiceGetMaintenanceResponse,
};

use super::*;

fn wire(at: &str) -> Option<prost_types::Timestamp> {
    Some(kit::time::to_wire(at.parse().unwrap()))
}

/// The head of a page in São Paulo, at 15:00 there.
pub(super) fn head(locale: &str) -> PageHead {
    let page =
        StatusPage { locale: locale.into(), time_zone: "America/Sao_Paulo".into(), ..StatusPage::default() };
    let answer = GetPageResponse {
        page: Some(page),
        generated_at: wire("2026-11-20T18:00:00Z"),
        ..GetPageResponse::default()
    };
    PageHead::new(&answer).unwrap()
}

fn update(phase: Phase, at: &str) -> IncidentUpdate {
    IncidentUpdate { phase: phase.into(), displayed_at: wire(at), body: "Text.".into(), ..Default::default() }
}

/// An incident that began at 10:00 in São Paulo and was over at 11:35.
fn over() -> Incident {
    Incident {
        started_at: wire("2026-11-20T13:00:00Z"),
        resolved_at: wire("2026-11-20T14:35:00Z"),
        updates: vec![
            update(Phase::Resolved, "2026-11-20T14:35:00Z"),
            update(Phase::Identified, "2026-11-20T14:00:00Z"),
            update(Phase::Identified, "2026-11-20T13:00:10Z"),
            update(Phase::Investigating, "2026-11-20T13:00:00Z"),
        ],
        ..Incident::default()
    }
}

fn open() -> Incident {
    Incident { resolved_at: None, ..over() }
}

fn alone(head: &PageHead, incident: Incident) -> IncidentView {
    head.incident(StatusServiceGetIncidentResponse { incident: Some(incident), ..Default::default() })
        .unwrap()
}

fn lasted(incident: Incident) -> Option<String> {
    alone(&head("en"), incident).lasted
}

#[test]
fn an_update_in_the_phase_of_the_one_before_it_is_called_an_update() {
    for (locale, labels) in [
        ("en", ["Resolved", "Update", "Identified", "Investigating"]),
        ("pt-BR", ["Resolvido", "Atualização", "Identificado", "Investigando"]),
    ] {
        let view = alone(&head(locale), over());
        assert_eq!(view.updates.iter().map(|each| each.label.text.as_str()).collect::<Vec<_>>(), labels);
    }
}

#[test]
fn between_updates_stands_how_much_earlier_the_one_before_was() {
    let view = alone(&head("en"), over());
    let gaps = view.updates.iter().map(|each| each.gap.as_deref()).collect::<Vec<_>>();
    assert_eq!(gaps, [Some("35 min earlier"), Some("1 h earlier"), None, None]);
}

#[test]
fn an_incident_lasted_as_long_as_people_say_that_customers_were_hurt() {
    assert_eq!(lasted(over()).as_deref(), Some("Lasted for 1 h 35 min"));
    assert_eq!(lasted(open()), None);
    let hurt = |incident| Incident {
        impact_started_at: wire("2026-11-20T12:50:00Z"),
        impact_ended_at: wire("2026-11-20T13:30:00Z"),
        ..incident
    };
    assert_eq!(lasted(hurt(over())).as_deref(), Some("Lasted for 40 min"));
    assert_eq!(lasted(hurt(open())).as_deref(), Some("Lasted for 40 min"));
    let begun = Incident { impact_ended_at: None, ..hurt(over()) };
    assert_eq!(lasted(begun.clone()).as_deref(), Some("Lasted for 1 h 35 min"));

    let span = alone(&head("en"), hurt(over())).hurt.unwrap();
    assert_eq!(span.in_words(), "20 November 2026 at 09:50 – 10:30 GMT−3");
    let since = alone(&head("pt-BR"), begun).hurt.unwrap();
    assert_eq!(since.from.text, "desde 20 de novembro de 2026 às 09:50 GMT−3");
    assert_eq!(alone(&head("en"), over()).hurt, None);
}

#[test]
fn a_promise_is_overdue_once_its_time_is_past() {
    let promised = |at: &str, incident: Incident| {
        let next = alone(&head("en"), Incident { next_update_at: wire(at), ..incident }).next_update?;
        Some((next.by.text, next.is_overdue))
    };
    let told = |text: &str, is_overdue| Some((text.to_owned(), is_overdue));
    assert_eq!(promised("2026-11-20T18:04:00Z", open()), told("Next update by 15:04", false));
    assert_eq!(promised("2026-11-20T18:00:00Z", open()), told("Next update by 15:00", false));
    assert_eq!(
        promised("2026-11-20T17:59:00Z", open()),
        told("Next update overdue: promised by 14:59", true)
    );
    assert_eq!(
        promised("2026-11-21T18:04:00Z", open()),
        told("Next update by 21 November 2026 at 15:04 GMT−3", false)
    );
    assert_eq!(promised("2026-11-20T18:04:00Z", over()), None);
    assert_eq!(alone(&head("en"), open()).next_update, None);
}

#[test]
fn only_a_language_that_is_not_the_pages_is_named() {
    let language = |page: &str, incident: &str| {
        alone(&head(page), Incident { language: incident.into(), ..over() }).language
    };
    assert_eq!(language("en", ""), "");
    assert_eq!(language("pt-BR", "pt-br"), "");
    assert_eq!(language("en", "de"), "de");
    assert_eq!(language("pt-BR", "en"), "en");
}

#[test]
fn an_edited_update_and_the_report_after_say_when_they_were_written() {
    let mut incident = over();
    incident.updates[1].edited_at = wire("2026-11-20T18:00:00Z");
    incident.postmortem = Some(Postmortem {
        body: "## Why\n\nA *bad* deploy.".into(),
        published_at: wire("2026-11-20T17:00:00Z"),
        edited_at: None,
    });
    let view = alone(&head("en"), incident);
    let edited = view.updates.iter().map(|each| each.edited.as_ref().map(|at| at.text.as_str()));
    assert_eq!(
        edited.collect::<Vec<_>>(),
        [None, Some("Edited 20 November 2026 at 15:00 GMT−3"), None, None]
    );
    let report = view.postmortem.unwrap();
    assert_eq!(report.html, "<h4>Why</h4>\n<p>A <em>bad</em> deploy.</p>\n");
    assert_eq!(report.published.unwrap().text, "Published 20 November 2026 at 14:00 GMT−3");
    assert_eq!(report.edited, None);
}

#[test]
fn an_incident_by_itself_names_all_that_it_speaks_of_and_the_impact_on_each() {
    let component = |id: &str| Component {
        component_id: id.into(),
        name: id.to_uppercase(),
        deleted_at: wire("2026-11-20T17:00:00Z"),
        ..Component::default()
    };
    let mut incident = over();
    incident.affected_components =
        vec![AffectedComponent { component_id: "a".into(), status: ComponentStatus::Operational.into() }];
    incident.component_impacts = vec![ComponentImpact {
        component_id: "b".into(),
        status: ComponentStatus::PartialOutage.into(),
        started_at: wire("2026-11-20T13:00:00Z"),
        ended_at: wire("2026-11-20T13:20:00Z"),
    }];
    let told = StatusServiceGetIncidentResponse {
        incident: Some(incident),
        components: vec![component("a"), component("b")],
        component_groups: Vec::new(),
    };
    let view = head("en").incident(told).unwrap();
    assert_eq!(view.names, "A and B");
    assert_eq!(view.affected, []);
    let impact = &view.component_impacts[0];
    assert_eq!((impact.name.as_str(), impact.status.text.as_str()), ("B", "Partial outage"));
    assert_eq!(impact.span.as_ref().unwrap().to.as_ref().unwrap().text, "10:20 GMT−3");
}

#[test]
fn what_nobody_wrote_of_a_maintenance_is_told_in_the_pages_language() {
    let at = |phase: MaintenancePhase, body: &str, start: Option<&str>| MaintenanceUpdate {
        phase: phase.into(),
        body: body.into(),
        scheduled_start_at: start.and_then(wire),
        ..MaintenanceUpdate::default()
    };
    let maintenance = Maintenance {
        phase: MaintenancePhase::Completed.into(),
        scheduled_start_at: wire("2026-11-20T13:00:00Z"),
        scheduled_end_at: wire("2026-11-20T14:00:00Z"),
        updates: vec![
            at(MaintenancePhase::Completed, "", None),
            at(MaintenancePhase::InProgress, "", None),
            at(MaintenancePhase::Scheduled, "", Some("2026-11-20T13:00:00Z")),
            at(MaintenancePhase::Scheduled, "New disks.", None),
        ],
        ..Maintenance::default()
    };
    let told = |locale: &str| {
        let maintenance = Some(maintenance.clone());
        let told = StatusServiceGetMaintenanceResponse { maintenance, ..Default::default() };
        head(locale).maintenance(told).unwrap()
    };
    let view = told("en");
    let notes = view.updates.iter().map(|each| each.note.as_deref()).collect::<Vec<_>>();
    assert_eq!(
        notes,
        [
            Some("The maintenance is complete."),
            Some("The maintenance has begun."),
            Some("The planned time has changed."),
            None,
        ]
    );
    let labels = view.updates.iter().map(|each| each.label.text.as_str()).collect::<Vec<_>>();
    assert_eq!(labels, ["Completed", "In progress", "Update", "Scheduled"]);
    assert_eq!(view.updates[2].moved[0].text, "New planned start: 20 November 2026 at 10:00 GMT−3");
    assert_eq!(view.planned.unwrap().to.unwrap().text, "11:00 GMT−3");
    assert_eq!(told("pt-BR").updates[1].note.as_deref(), Some("A manutenção começou."));
}

#[test]
fn a_long_story_is_folded_on_the_front_and_cut_only_when_it_is_very_long() {
    let told = |count: usize| {
        let mut incident = open();
        incident.updates = vec![update(Phase::Monitoring, "2026-11-20T13:00:00Z"); count];
        IncidentView::on_front(&head("en"), &Names::default(), incident)
    };
    let (short, long, longest) = (told(10), told(12), told(101));
    assert_eq!((short.updates.len(), short.earlier.len(), short.all_updates), (10, 0, None));
    assert_eq!((long.updates.len(), long.earlier.len(), long.all_updates), (10, 2, None));
    assert_eq!(long.earlier_count, "2 earlier updates");
    assert_eq!((longest.updates.len(), longest.earlier.len()), (10, 90));
    assert_eq!(longest.all_updates.as_deref(), Some("See all 101 updates"));
    let left_out = Incident { earlier_updates: 40, ..open() };
    let count = left_out.updates.len() + 40;
    let cut = IncidentView::on_front(&head("en"), &Names::default(), left_out);
    assert_eq!(cut.all_updates, Some(format!("See all {count} updates")));
    let maintenance = |earlier_updates| {
        let updates = vec![MaintenanceUpdate::default(); 2];
        let maintenance = Maintenance { updates, earlier_updates, ..Default::default() };
        MaintenanceView::on_front(&head("en"), &Names::default(), maintenance).all_updates
    };
    assert_eq!((maintenance(0), maintenance(3).as_deref()), (None, Some("See all 5 updates")));
}

#[test]
fn headings_in_a_text_begin_below_the_title_that_it_stands_under() {
    let mut incident = open();
    incident.updates[0].body = "# Heading".into();
    incident.postmortem = Some(Postmortem { body: "# Heading".into(), ..Postmortem::default() });
    let report = |view: &IncidentView| view.postmortem.as_ref().unwrap().html.clone();
    let by_itself = alone(&head("en"), incident.clone());
    assert_eq!(by_itself.updates[0].html, "<h3>Heading</h3>\n");
    assert_eq!(report(&by_itself), "<h3>Heading</h3>\n");
    let front = IncidentView::on_front(&head("en"), &Names::default(), incident);
    assert_eq!(front.updates[0].html, "<h4>Heading</h4>\n");
    assert_eq!(report(&front), "<h5>Heading</h5>\n");

    let update = MaintenanceUpdate { body: "# Heading".into(), ..MaintenanceUpdate::default() };
    let maintenance = Maintenance { updates: vec![update], ..Maintenance::default() };
    let html = |view: MaintenanceView| view.updates[0].html.clone();
    let names = Names::default();
    let front = MaintenanceView::on_front(&head("en"), &names, maintenance.clone());
    assert_eq!(html(front), "<h4>Heading</h4>\n");
    assert_eq!(html(MaintenanceView::alone(&head("en"), &names, maintenance)), "<h3>Heading</h3>\n");
}
