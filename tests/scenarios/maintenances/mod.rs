//! Planned work: announced, run by the clock or by hand, moved, broken off, and over.

mod changing;
mod clock;
mod refusals;

use pharos_tests::{Cluster, Maintenance, PageOf, eventually, mask, seconds_from_now};
use prost_types::Timestamp;
use proto::incidents::v1::{
    ComponentStatus, CreateMaintenanceRequest, Maintenance as Wire, MaintenancePhase, OverallStatus, Phase,
    UpdateMaintenanceRequest, status_interval::Cause,
};

/// Work for the next hour that goes on by hand only and of which nobody is mailed.
pub(crate) fn quiet(title: &str) -> CreateMaintenanceRequest {
    CreateMaintenanceRequest {
        title: title.to_owned(),
        body: "New disks.".to_owned(),
        scheduled_start_at: Some(seconds_from_now(3600)),
        scheduled_end_at: Some(seconds_from_now(7200)),
        starts_by_hand: true,
        ends_by_hand: true,
        notify: Some(false),
        ..Default::default()
    }
}

/// Changes the planned times without telling anybody.
async fn plan(maintenance: &Maintenance, start: Option<Timestamp>, end: Option<Timestamp>) -> Wire {
    let paths = [start.map(|_| "scheduled_start_at"), end.map(|_| "scheduled_end_at")];
    let request = UpdateMaintenanceRequest {
        maintenance_id: maintenance.maintenance_id.clone(),
        update_mask: mask(&paths.into_iter().flatten().collect::<Vec<_>>()),
        scheduled_start_at: start,
        scheduled_end_at: end,
        notify: Some(false),
        ..Default::default()
    };
    let reply = maintenance.page.caller().maintenances().update_maintenance(request).await;
    reply.unwrap().into_inner().maintenance.unwrap()
}

/// Waits until the maintenance is in a phase.
async fn reaches(maintenance: &Maintenance, phase: MaintenancePhase) -> Wire {
    eventually(phase.as_str_name(), || async {
        Some(maintenance.get().await).filter(|found| found.phase() == phase)
    })
    .await
}

async fn subjects(cluster: &Cluster, reader: &str, count: usize) -> Vec<String> {
    cluster.smtp.mail_to(reader, count - 1).await;
    cluster.smtp.mails_to(reader).iter().map(pharos_tests::Mail::subject).collect()
}

#[tokio::test]
async fn it_begins_and_ends_by_itself_and_its_mails_come_in_order() {
    for shape in pharos_tests::Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let (api, web) = (page.component("API").await, page.component("Web").await);
        page.confirmed(&cluster, "ada@example.net").await;

        // A minute ahead is the shortest reminder: it is due in six seconds.
        let disks = page
            .maintenance_with(CreateMaintenanceRequest {
                title: "Disks".to_owned(),
                body: "New disks.".to_owned(),
                component_ids: vec![api.component_id.clone()],
                scheduled_start_at: Some(seconds_from_now(66)),
                scheduled_end_at: Some(seconds_from_now(3600)),
                reminder_lead_minutes: vec![1, 60],
                ..Default::default()
            })
            .await;
        assert_eq!(page.shown().await.upcoming_maintenances.len(), 1);
        subjects(&cluster, "ada@example.net", 3).await;

        let start = seconds_from_now(4);
        plan(&disks, Some(start), None).await;
        reaches(&disks, MaintenancePhase::InProgress).await;
        let shown = page.shown().await;
        assert_eq!(shown.overall_status(), OverallStatus::ServiceUnderMaintenance, "{shape:?}");
        assert_eq!(shown.active_maintenances.len(), 1);
        assert_eq!(page.shown_status(&api).await, ComponentStatus::UnderMaintenance);
        assert_eq!(page.shown_status(&web).await, ComponentStatus::Operational);
        subjects(&cluster, "ada@example.net", 4).await;

        let end = seconds_from_now(4);
        plan(&disks, None, Some(end)).await;
        let over = reaches(&disks, MaintenancePhase::Completed).await;
        assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
        assert_eq!(page.shown().await.recent_maintenances.len(), 1);
        assert_eq!((over.started_at, over.ended_at), (Some(start), Some(end)), "as planned");
        assert_eq!(
            over.updates.iter().map(|update| (update.phase(), update.automatic)).collect::<Vec<_>>(),
            [
                (MaintenancePhase::Completed, true),
                (MaintenancePhase::InProgress, false),
                (MaintenancePhase::InProgress, true),
                (MaintenancePhase::Scheduled, false),
                (MaintenancePhase::Scheduled, false),
            ]
        );
        assert_eq!(over.updates[2].displayed_at, Some(start));
        assert_eq!(over.updates[1].scheduled_end_at, Some(end));
        assert_eq!(
            subjects(&cluster, "ada@example.net", 5).await[1..],
            [
                "[Acme status] Disks: Maintenance scheduled",
                "[Acme status] Disks: Maintenance starts in 1 minute",
                "[Acme status] Disks: Maintenance in progress",
                "[Acme status] Disks: Maintenance completed",
            ],
            "{shape:?}"
        );
        let [interval] = page.intervals(&api).await.try_into().unwrap();
        assert_eq!((interval.started_at, interval.ended_at), (Some(start), Some(end)));
        assert_eq!(interval.cause, Some(Cause::MaintenanceId(disks.maintenance_id.clone())));
        let log = page.audit_entries().await;
        let by_the_clock = log.iter().filter(|entry| entry.member_id.is_none()).collect::<Vec<_>>();
        assert_eq!(by_the_clock.len(), 3, "start, end and reminder: {log:?}");
        assert!(by_the_clock.iter().all(|entry| entry.subject_id == disks.maintenance_id));
    }
}

#[tokio::test]
async fn beside_an_incident_the_worst_shows_and_neither_overwrites_the_other() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let component_ids = vec![api.component_id.clone()];
    let disks = page.maintenance_with(CreateMaintenanceRequest { component_ids, ..quiet("Disks") }).await;
    disks.post(MaintenancePhase::InProgress, "We begin.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::UnderMaintenance);
    let incident = page.incident("Down", &[(&api, ComponentStatus::MajorOutage)]).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::MajorOutage);
    incident.post(Phase::Resolved, "Up again.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::UnderMaintenance, "the work goes on");

    let second = page.incident("Slow", &[(&api, ComponentStatus::DegradedPerformance)]).await;
    disks.post(MaintenancePhase::Completed, "Done.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::DegradedPerformance);
    second.post(Phase::Resolved, "Fast again.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);

    let intervals = page.intervals(&api).await;
    assert_eq!(intervals.len(), 3);
    assert!(intervals.iter().all(|it| it.ended_at.is_some() && it.retracted_at.is_none()), "{intervals:?}");
}

#[tokio::test]
async fn what_is_entered_after_the_fact_is_over_at_once_and_mails_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let (start, end) = (seconds_from_now(-7200), seconds_from_now(-3600));
    let past = page.maintenance("Disks", start, end, &[&api]).await;

    let found = past.get().await;
    assert_eq!(found.phase(), MaintenancePhase::Completed);
    assert_eq!((found.started_at, found.ended_at), (Some(start), Some(end)));
    let [first] = found.updates.try_into().unwrap();
    assert!(first.silent && !first.automatic);
    assert_eq!((first.body.as_str(), first.displayed_at), ("We work on it: Disks.", Some(end)));
    let [interval] = page.intervals(&api).await.try_into().unwrap();
    assert_eq!((interval.started_at, interval.ended_at), (Some(start), Some(end)));
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 1, "the confirmation");
}

#[tokio::test]
async fn one_that_is_under_way_already_is_announced_and_begins_at_once() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let running = page.maintenance("Disks", seconds_from_now(-60), seconds_from_now(3600), &[&api]).await;
    assert_eq!(running.first.phase(), MaintenancePhase::Scheduled);

    let found = reaches(&running, MaintenancePhase::InProgress).await;
    assert_eq!(found.updates[0].displayed_at, found.started_at);
    let (announced, begun) = (running.first.displayed_at.unwrap(), found.started_at.unwrap());
    assert!((begun.seconds, begun.nanos) > (announced.seconds, announced.nanos), "told in this order");
    assert_eq!(page.shown_status(&api).await, ComponentStatus::UnderMaintenance);
}

#[tokio::test]
async fn the_public_sees_the_story_with_its_components_and_no_etag() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other): (PageOf, PageOf) = (company.page("acme").await, company.page("other").await);
    let group = page.group("Europe").await;
    let api = page
        .component_with(proto::incidents::v1::CreateComponentRequest {
            name: "API".to_owned(),
            component_group_id: Some(group.component_group_id.clone()),
            ..Default::default()
        })
        .await;
    page.component("Untouched").await;
    let component_ids = vec![api.component_id.clone()];
    let disks = page.maintenance_with(CreateMaintenanceRequest { component_ids, ..quiet("Disks") }).await;
    disks.post(MaintenancePhase::InProgress, "We begin.").await;
    let request = proto::incidents::v1::DeleteComponentRequest {
        component_id: api.component_id.clone(),
        ..Default::default()
    };
    page.caller().components().delete_component(request).await.unwrap();

    let shown = disks.shown().await.unwrap();
    let found = shown.maintenance.unwrap();
    assert_eq!((found.etag.as_str(), found.updates.len()), ("", 2));
    let [component] = shown.components.try_into().unwrap();
    assert_eq!(component.name, "API");
    assert!(component.deleted_at.is_some());
    assert_eq!(shown.component_groups.len(), 1);
    assert!(!disks.get().await.etag.is_empty());
    // The work goes on; what it gave the component ended with it.
    disks.post(MaintenancePhase::Completed, "Done.").await;
    let [interval] = page.intervals(&api).await.try_into().unwrap();
    assert_eq!((interval.ended_at, interval.retracted_at), (component.deleted_at, None));

    let elsewhere = Maintenance { page: other, ..disks };
    assert_eq!(elsewhere.shown().await.unwrap_err().code(), tonic::Code::NotFound);
}
