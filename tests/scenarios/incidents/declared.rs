//! What people declare of an incident, whatever its updates say.

use kit::status::reason;
use pharos_tests::{Cluster, Incident, PageOf, affected, at, mask, seconds_from_now, violated};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        Component, ComponentImpact, ComponentStatus, CreateIncidentRequest, Impact, Phase, PostUpdateRequest,
        UpdateIncidentRequest,
    },
};
use tonic::{Code, Status};

use super::{counts, told};

async fn refused(page: &PageOf, request: CreateIncidentRequest) -> Vec<String> {
    let request = CreateIncidentRequest { page_id: page.id(), ..request };
    violated(&page.caller().incidents().create_incident(request).await.unwrap_err())
}

async fn update(incident: &Incident, request: UpdateIncidentRequest) -> Result<i64, Status> {
    let request = UpdateIncidentRequest { incident_id: incident.incident_id.clone(), ..request };
    let reply = incident.page.caller().incidents().update_incident(request).await?.into_inner();
    Ok(reply.incident.unwrap().etag.parse().unwrap())
}

#[tokio::test]
async fn an_incident_without_updates_is_a_headline_and_a_span_and_is_over() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let api = page.component("API").await;
    let (from, to) = (at("2024-05-01T10:00:00Z"), at("2024-05-01T11:00:00Z"));
    let headline = CreateIncidentRequest {
        title: "Slow last spring".to_owned(),
        impact_started_at: Some(from),
        impact_ended_at: Some(to),
        component_impacts: vec![ComponentImpact {
            component_id: api.component_id.clone(),
            status: ComponentStatus::PartialOutage.into(),
            started_at: Some(from),
            ended_at: Some(to),
        }],
        backfilled: true,
        ..Default::default()
    };
    let past = page.incident_with(headline.clone()).await;
    let found = past.shown().await.unwrap().incident.unwrap();
    assert_eq!((found.phase(), found.impact()), (Phase::Resolved, Impact::Major));
    assert_eq!((found.started_at, found.resolved_at), (Some(from), Some(to)));
    assert!(found.updates.is_empty() && found.backfilled && found.is_public && found.etag.is_empty());
    assert_eq!(counts(&page, &api).await, [(ComponentStatus::PartialOutage, from.seconds, Some(to.seconds))]);
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);

    // Both ends are needed, and nothing that only an update says.
    let endless = CreateIncidentRequest { impact_ended_at: None, ..headline.clone() };
    assert_eq!(refused(&page, endless).await, ["impact_ended_at"]);
    let loud = CreateIncidentRequest { notify: Some(true), draft: true, ..headline.clone() };
    assert_eq!(refused(&page, loud).await, ["notify", "draft"]);
    let backwards = CreateIncidentRequest { impact_ended_at: Some(from), ..headline.clone() };
    assert_eq!(refused(&page, backwards).await, ["impact_ended_at"]);
    let half = CreateIncidentRequest { phase: Phase::Resolved.into(), ..headline };
    assert_eq!(refused(&page, half).await, ["body"]);
    let clear = UpdateIncidentRequest {
        update_mask: mask(&["impact_started_at", "impact_ended_at"]),
        ..Default::default()
    };
    assert_eq!(violated(&update(&past, clear).await.unwrap_err()), ["impact_started_at", "impact_ended_at"]);
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 1, "the confirmation alone");
}

#[tokio::test]
async fn what_people_declare_stands_beside_what_the_updates_say_until_the_incident_is_over() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let statuses =
        [(&api, ComponentStatus::DegradedPerformance), (&web, ComponentStatus::DegradedPerformance)];
    let request = CreateIncidentRequest { affected_components: affected(&statuses), ..told("Slow") };
    let incident = page.incident_with(request).await;
    let started = incident.first.displayed_at.unwrap().seconds;
    assert_eq!(counts(&page, &api).await, [(ComponentStatus::DegradedPerformance, started, None)]);

    let span = |from: i64, to: i64, status: ComponentStatus| ComponentImpact {
        component_id: api.component_id.clone(),
        status: status.into(),
        started_at: Some(seconds_from_now(from)),
        ended_at: Some(seconds_from_now(to)),
    };
    let spans = vec![
        span(-7200, -7000, ComponentStatus::MajorOutage),
        span(-7000, -6000, ComponentStatus::PartialOutage),
    ];
    let declare = UpdateIncidentRequest {
        update_mask: mask(&["component_impacts", "title"]),
        component_impacts: spans.clone(),
        title: " Down ".to_owned(),
        ..Default::default()
    };
    update(&incident, declare.clone()).await.unwrap();
    let seconds = |span: &ComponentImpact| (span.started_at.unwrap().seconds, span.ended_at.unwrap().seconds);
    let declared = spans.iter().map(|it| (it.status(), seconds(it).0, Some(seconds(it).1)));
    let expected = |end| {
        let told = (ComponentStatus::DegradedPerformance, started, end);
        declared.clone().chain([told]).collect::<Vec<_>>()
    };
    assert_eq!(counts(&page, &api).await, expected(None));
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance, "it goes on");
    assert_eq!(counts(&page, &web).await, [(ComponentStatus::DegradedPerformance, started, None)]);
    let found = incident.get().await.incident.unwrap();
    assert_eq!(
        (found.title.as_str(), found.impact(), found.impact_is_overridden),
        ("Down", Impact::Critical, false)
    );
    assert_eq!(found.component_impacts.len(), 2);

    // Changing it to what it is changes nothing, and moves the page nowhere.
    let version = page.shown().await.version;
    assert_eq!(update(&incident, declare).await.unwrap().to_string(), found.etag);
    assert_eq!(page.shown().await.version, version);

    let override_it = UpdateIncidentRequest {
        update_mask: mask(&["impact", "component_impacts", "language"]),
        impact: Impact::Minor.into(),
        language: "pt-BR".to_owned(),
        etag: found.etag.clone(),
        ..Default::default()
    };
    update(&incident, override_it.clone()).await.unwrap();
    let found = incident.get().await.incident.unwrap();
    assert_eq!(
        (found.impact(), found.impact_is_overridden, found.language.as_str()),
        (Impact::Minor, true, "pt-BR")
    );
    assert_eq!(counts(&page, &api).await, [(ComponentStatus::DegradedPerformance, started, None)]);
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);

    let stale = update(&incident, override_it).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    for paths in [&[][..], &["page_id"], &["phase"], &["title", "updates"]] {
        let request = UpdateIncidentRequest { update_mask: mask(paths), ..Default::default() };
        assert_eq!(violated(&update(&incident, request).await.unwrap_err()), ["update_mask"], "{paths:?}");
    }
    let blank =
        UpdateIncidentRequest { update_mask: mask(&["title"]), title: " ".to_owned(), ..Default::default() };
    assert_eq!(violated(&update(&incident, blank).await.unwrap_err()), ["title"]);
}

#[tokio::test]
async fn once_it_is_over_what_was_declared_counts_and_what_was_told_after_that() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let statuses = [(&api, ComponentStatus::MajorOutage), (&web, ComponentStatus::MajorOutage)];
    let request = CreateIncidentRequest { affected_components: affected(&statuses), ..told("Down") };
    let incident = page.incident_with(request).await;
    let started = incident.first.displayed_at.unwrap().seconds;
    let post = async |phase: Phase, at: i64, statuses: &[_]| {
        let request = PostUpdateRequest {
            phase: phase.into(),
            body: "More.".to_owned(),
            affected_components: affected(statuses),
            displayed_at: Some(seconds_from_now(at)),
            notify: Some(false),
            ..Default::default()
        };
        incident.post_with(request).await.displayed_at.unwrap().seconds
    };
    let worse = post(Phase::Identified, -1800, &[(&api, ComponentStatus::PartialOutage)]).await;
    let (from, to) = (seconds_from_now(-3000), seconds_from_now(-2400));
    let component_impacts = [&api, &web].map(|component| ComponentImpact {
        component_id: component.component_id.clone(),
        status: ComponentStatus::DegradedPerformance.into(),
        started_at: Some(from),
        ended_at: Some(to),
    });
    let declare = UpdateIncidentRequest {
        update_mask: mask(&["component_impacts"]),
        component_impacts: component_impacts.to_vec(),
        ..Default::default()
    };
    update(&incident, declare).await.unwrap();
    let declared = (ComponentStatus::DegradedPerformance, from.seconds, Some(to.seconds));
    let told = |end| (ComponentStatus::MajorOutage, started, end);
    assert_eq!(counts(&page, &web).await, [told(None), declared]);

    let over = post(Phase::Resolved, -600, &[]).await;
    assert_eq!(counts(&page, &web).await, [declared]);
    let after = (ComponentStatus::PartialOutage, worse, Some(over));
    assert_eq!(counts(&page, &api).await, [declared, after]);
    let found = incident.get().await.incident.unwrap();
    let operational = affected(&[(&api, ComponentStatus::Operational), (&web, ComponentStatus::Operational)]);
    assert_eq!(found.affected_components, operational);

    // It goes on: what was told counts again.
    post(Phase::Identified, -300, &[]).await;
    assert_eq!(counts(&page, &web).await, [told(Some(over)), declared]);
}

#[tokio::test]
async fn what_an_incident_says_of_components_is_refused_where_it_cannot_be() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let page = company.page("acme").await;
    let (api, foreign) = (page.component("API").await, company.page("other").await.component("API").await);
    let affecting =
        |statuses: &[_]| CreateIncidentRequest { affected_components: affected(statuses), ..told("T") };
    let maintained = affecting(&[(&api, ComponentStatus::UnderMaintenance)]);
    assert_eq!(refused(&page, maintained).await, ["affected_components[0].status"]);
    let stranger =
        affecting(&[(&api, ComponentStatus::Operational), (&foreign, ComponentStatus::MajorOutage)]);
    let hurt = |component: &Component, status: ComponentStatus| ComponentImpact {
        component_id: component.component_id.clone(),
        status: status.into(),
        started_at: Some(seconds_from_now(-60)),
        ended_at: Some(seconds_from_now(-30)),
    };
    let component_impacts = vec![hurt(&foreign, ComponentStatus::MajorOutage)];
    let stranger = CreateIncidentRequest { component_impacts, ..stranger };
    let expected = ["affected_components[1].component_id", "component_impacts[0].component_id"];
    assert_eq!(refused(&page, stranger).await, expected);
    let unhurt = vec![hurt(&api, ComponentStatus::MajorOutage), hurt(&api, ComponentStatus::Operational)];
    let unhurt = CreateIncidentRequest { component_impacts: unhurt, ..told("T") };
    assert_eq!(
        refused(&page, unhurt).await,
        ["component_impacts[1].status", "component_impacts[1].started_at"]
    );
    for (next, fits) in [(-1, false), (3600, true), (365 * 86_400, true), (367 * 86_400, false)] {
        let request = CreateIncidentRequest {
            page_id: page.id(),
            displayed_at: None,
            next_update_at: Some(seconds_from_now(next)),
            ..told("T")
        };
        let answer = page.caller().incidents().create_incident(request).await;
        assert_eq!(answer.is_ok(), fits, "{next}");
        if let Err(refused) = answer {
            assert_eq!(violated(&refused), ["next_update_at"]);
        }
    }
    // Of the past it is promised from there on.
    for (next, fits) in [(-3000, true), (-3600, false)] {
        let next_update_at = Some(seconds_from_now(next));
        let request = CreateIncidentRequest { page_id: page.id(), next_update_at, ..told("T") };
        assert_eq!(page.caller().incidents().create_incident(request).await.is_ok(), fits, "{next}");
    }
    // Once it is over nothing is.
    let phase = Phase::Resolved.into();
    let next_update_at = Some(seconds_from_now(3600));
    assert_eq!(
        refused(&page, CreateIncidentRequest { phase, next_update_at, ..told("T") }).await,
        ["next_update_at"]
    );
}
