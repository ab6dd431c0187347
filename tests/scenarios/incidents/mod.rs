//! Incidents: opened, told, promised, deleted.

mod declared;
mod together;

use kit::status::reason;
use pharos_tests::{Cluster, PageOf, affected, eventually, seconds_from_now};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        Component, ComponentStatus, CreateIncidentRequest, DeleteIncidentRequest, Phase, PostUpdateRequest,
        StatusInterval,
    },
};

/// An incident that is told of an hour ago.
fn told(title: &str) -> CreateIncidentRequest {
    CreateIncidentRequest {
        title: title.to_owned(),
        phase: Phase::Investigating.into(),
        body: "We look into it.".to_owned(),
        displayed_at: Some(seconds_from_now(-3600)),
        notify: Some(false),
        ..Default::default()
    }
}

/// How often a component had which status until when, of what counts: oldest first.
async fn counts(page: &PageOf, component: &Component) -> Vec<(ComponentStatus, i64, Option<i64>)> {
    let mut counting = page.intervals(component).await;
    counting.retain(|interval| interval.retracted_at.is_none());
    counting.reverse();
    let span =
        |it: &StatusInterval| (it.status(), it.started_at.unwrap().seconds, it.ended_at.map(|at| at.seconds));
    counting.iter().map(span).collect()
}

#[tokio::test]
async fn who_is_mailed_is_as_asked_for_or_as_the_incident_is_backfilled() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    for (title, backfilled, notify, silent) in [
        ("live", false, None, false),
        ("live, silent", false, Some(false), true),
        ("backfilled", true, None, true),
        ("backfilled, loud", true, Some(true), false),
    ] {
        let request = CreateIncidentRequest { backfilled, notify, ..told(title) };
        let incident = page.incident_with(request).await;
        assert_eq!(incident.first.silent, silent, "{title}");
        let next = PostUpdateRequest {
            phase: Phase::Resolved.into(),
            body: "Over.".to_owned(),
            notify,
            ..Default::default()
        };
        assert_eq!(incident.post_with(next).await.silent, silent, "{title}");
    }
    cluster.run_until_idle().await;
    let subjects =
        cluster.smtp.mails_to("ada@example.net").iter().map(|mail| mail.subject()).collect::<Vec<_>>();
    let told = subjects.iter().filter(|subject| subject.contains("live") || subject.contains("backfilled"));
    assert!(told.clone().all(|subject| !subject.contains("silent")), "{subjects:?}");
    // Each of the two is told at least to its end.
    for title in ["live: Resolved", "backfilled, loud: Resolved"] {
        assert_eq!(told.clone().filter(|subject| subject.ends_with(title)).count(), 1, "{subjects:?}");
    }
}

#[tokio::test]
async fn a_promise_stands_until_the_next_update_and_its_passing_moves_the_page_on() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let promised = seconds_from_now(3);
    let next_update_at = Some(promised);
    let request = CreateIncidentRequest { displayed_at: None, next_update_at, ..told("Slow") };
    let incident = page.incident_with(request).await;
    let shown = page.shown().await;
    assert_eq!(shown.open_incidents[0].next_update_at, next_update_at);
    // Once to remind responders, once as it passes.
    let passed = shown.version + 2;
    eventually("the promise to pass", || async { (page.shown().await.version == passed).then_some(()) })
        .await;
    assert!(kit::Clock::system().now().as_second() >= promised.seconds);
    cluster.run_until_idle().await;
    assert_eq!(page.shown().await.open_incidents[0].next_update_at, next_update_at, "it is overdue");

    let promising = PostUpdateRequest {
        phase: Phase::Monitoring.into(),
        body: "Better.".to_owned(),
        next_update_at: Some(seconds_from_now(3600)),
        ..Default::default()
    };
    incident.post_with(promising).await;
    let due = async || {
        let mut database = cluster.database.connect().await;
        sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.due where kind <> 'read_vendor'"#)
            .fetch_one(&mut database)
            .await
            .unwrap()
    };
    assert_eq!(due().await, 2);
    // A back-dated update promises nothing, since it is not what is told now.
    let back_dated = PostUpdateRequest {
        phase: Phase::Identified.into(),
        body: "Found.".to_owned(),
        displayed_at: Some(seconds_from_now(-60)),
        next_update_at: Some(seconds_from_now(60)),
        ..Default::default()
    };
    incident.post_with(back_dated).await;
    assert_eq!(due().await, 2);
    incident.post(Phase::Resolved, "Over.").await;
    assert_eq!(incident.get().await.incident.unwrap().next_update_at, None);
    assert_eq!(due().await, 0);
}

#[tokio::test]
async fn a_deleted_incident_leaves_nothing_but_its_line_in_the_log() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let api = page.component("API").await;
    let request = CreateIncidentRequest {
        affected_components: affected(&[(&api, ComponentStatus::MajorOutage)]),
        next_update_at: Some(seconds_from_now(3600)),
        displayed_at: None,
        ..told("Wrong")
    };
    let incident = page.incident_with(request).await;
    let draft = PostUpdateRequest {
        phase: Phase::Identified.into(),
        body: "A draft.".to_owned(),
        draft: true,
        publish_at: Some(seconds_from_now(3600)),
        ..Default::default()
    };
    incident.post_with(draft).await;
    incident.write_postmortem("Why.").await;
    let etag = incident.get().await.incident.unwrap().etag;
    let ask = |etag: &str| DeleteIncidentRequest {
        incident_id: incident.incident_id.clone(),
        etag: etag.to_owned(),
    };
    let stale = page.caller().incidents().delete_incident(ask("1")).await.unwrap_err();
    assert_eq!(reason(&stale), Some(ErrorReason::EtagMismatch));
    // Its mail may still be in the outbox then; the ones behind it go out all the same.
    incident.post(Phase::Identified, "It is not ours.").await;
    let now: i64 = etag.parse::<i64>().unwrap() + 1;
    page.caller().incidents().delete_incident(ask(&now.to_string())).await.unwrap();
    let gone = page.caller().incidents().delete_incident(ask("")).await.unwrap_err();
    assert_eq!(reason(&gone), Some(ErrorReason::NotFound));
    let other = page.incident("Right", &[]).await;
    page.completed_broadcast(&other.first.update_id).await;

    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    assert!(page.intervals(&api).await.iter().all(|interval| interval.retracted_at.is_some()));
    assert_eq!(page.shown().await.open_incidents.len(), 1);
    let tombstone = page.audit_entries().await.into_iter().find(|it| it.subject_name == "Wrong").unwrap();
    assert!(
        tombstone.detail.contains("critical") && tombstone.detail.contains("2 updates"),
        "{}",
        tombstone.detail
    );
    let due =
        sqlx::query_scalar!(r#"select count(*) as "count!" from incidents.due where kind <> 'read_vendor'"#);
    assert_eq!(due.fetch_one(&mut cluster.database.connect().await).await.unwrap(), 0);
}

#[tokio::test]
async fn a_resolved_incident_may_leave_a_component_behind_and_may_be_reopened() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let statuses = [(&api, ComponentStatus::MajorOutage), (&web, ComponentStatus::MajorOutage)];
    let incident = page.incident("Down", &statuses).await;
    let resolved = PostUpdateRequest {
        phase: Phase::Resolved.into(),
        body: "Nearly.".to_owned(),
        affected_components: affected(&[(&api, ComponentStatus::DegradedPerformance)]),
        ..Default::default()
    };
    incident.post_with(resolved).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);
    assert_eq!(page.shown_status(&web).await, ComponentStatus::Operational);
    let says = async || incident.shown().await.unwrap().incident.unwrap().affected_components;
    let left = [(&api, ComponentStatus::DegradedPerformance), (&web, ComponentStatus::Operational)];
    assert_eq!(says().await, affected(&left));
    page.set_status(&api, ComponentStatus::Operational).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    let taken_over = [(&api, ComponentStatus::Operational), (&web, ComponentStatus::Operational)];
    assert_eq!(says().await, affected(&taken_over));

    // A postscript does not give it back what a member took over; a mention does.
    incident.post(Phase::Resolved, "P.S.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    assert_eq!(says().await, affected(&taken_over));
    let again = PostUpdateRequest {
        phase: Phase::Investigating.into(),
        body: "Again.".to_owned(),
        affected_components: affected(&[(&api, ComponentStatus::PartialOutage)]),
        ..Default::default()
    };
    incident.post_with(again).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::PartialOutage);
    assert_eq!(incident.get().await.incident.unwrap().resolved_at, None);
    incident.post(Phase::Resolved, "Over.").await;
    let ended = counts(&page, &api).await;
    assert!(ended.iter().all(|(_, _, ended_at)| ended_at.is_some()), "{ended:?}");
}
