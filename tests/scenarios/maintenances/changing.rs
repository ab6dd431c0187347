//! What people change of planned work, and what follows.

use pharos_tests::{Cluster, Maintenance, eventually, mask, seconds_from_now};
use proto::incidents::v1::{
    AuditAction, ComponentStatus, CreateMaintenanceRequest, DeleteMaintenanceRequest, MaintenancePhase,
    UpdateMaintenanceRequest,
};
use tonic::Code;

use super::{plan, quiet, reaches, subjects};

/// What the maintenance will do by itself, as `kind at`, in the order of time.
async fn dues(cluster: &Cluster, maintenance: &Maintenance) -> Vec<(String, i64)> {
    let id: kit::ids::MaintenanceId = maintenance.maintenance_id.parse().unwrap();
    let rows = sqlx::query!(
        r#"select kind::text as "kind!", extract(epoch from due_at)::bigint as "due_at!"
           from incidents.due where subject_id = $1 order by due_at"#,
        id.uuid(),
    );
    let rows = rows.fetch_all(&mut cluster.database.connect().await).await.unwrap();
    rows.into_iter().map(|row| (row.kind, row.due_at)).collect()
}

/// Makes somebody have the maintenance's reminders until then.
async fn lease_reminders(cluster: &Cluster, maintenance: &Maintenance, until: &str) {
    let id: kit::ids::MaintenanceId = maintenance.maintenance_id.parse().unwrap();
    let leased = sqlx::query!(
        "update incidents.due set leased_until = $2::text::timestamptz
         where subject_id = $1 and kind = 'remind_subscribers'",
        id.uuid(),
        until,
    );
    leased.execute(&mut cluster.database.connect().await).await.unwrap();
}

#[tokio::test]
async fn moved_times_are_told_and_everything_happens_at_the_new_ones() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let (start, end) = (seconds_from_now(7200), seconds_from_now(10_800));
    let disks = page
        .maintenance_with(CreateMaintenanceRequest {
            title: "Disks".to_owned(),
            body: "New disks.".to_owned(),
            scheduled_start_at: Some(start),
            scheduled_end_at: Some(end),
            reminder_lead_minutes: vec![60, 1440],
            ..Default::default()
        })
        .await;
    let reminder = |start: i64| ("remind_subscribers".to_owned(), start - 3600);
    let begin = |start: i64| ("start_maintenance".to_owned(), start);
    // A day before is past; the end is put down when it begins.
    assert_eq!(dues(&cluster, &disks).await, [reminder(start.seconds), begin(start.seconds)]);
    subjects(&cluster, "ada@example.net", 2).await;

    let (start, end) = (seconds_from_now(9000), seconds_from_now(12_000));
    let request = UpdateMaintenanceRequest {
        maintenance_id: disks.maintenance_id.clone(),
        update_mask: mask(&["scheduled_start_at", "scheduled_end_at"]),
        scheduled_start_at: Some(start),
        scheduled_end_at: Some(end),
        ..Default::default()
    };
    let moved = page.caller().maintenances().update_maintenance(request.clone()).await.unwrap().into_inner();
    assert!(moved.maintenance.unwrap().updates.is_empty());
    assert_eq!(dues(&cluster, &disks).await, [reminder(start.seconds), begin(start.seconds)]);
    let found = disks.get().await;
    assert_eq!((found.scheduled_start_at, found.scheduled_end_at), (Some(start), Some(end)));
    let update = &found.updates[0];
    assert_eq!((update.phase(), update.body.as_str()), (MaintenancePhase::Scheduled, ""));
    assert_eq!((update.scheduled_start_at, update.scheduled_end_at), (Some(start), Some(end)));
    let mails = subjects(&cluster, "ada@example.net", 3).await;
    assert_eq!(mails[2], "[Acme status] Disks: Maintenance rescheduled");

    // The same times again change nothing, and nobody hears of it.
    let version = page.shown().await.version;
    page.caller().maintenances().update_maintenance(request).await.unwrap();
    assert_eq!((page.shown().await.version, disks.get().await.updates.len()), (version, 2));

    // An end alone is moved without a word.
    plan(&disks, None, Some(seconds_from_now(13_000))).await;
    let update = disks.get().await.updates[0].clone();
    assert_eq!((update.scheduled_start_at, update.silent), (None, true));
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 3);
}

#[tokio::test]
async fn an_edit_loses_no_reminder_that_is_due_and_not_yet_sent() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    // A minute before and two days before; the first is due in a moment, and the second was never to be sent.
    let start = seconds_from_now(64);
    let disks = page
        .maintenance_with(CreateMaintenanceRequest {
            scheduled_start_at: Some(start),
            starts_by_hand: false,
            ends_by_hand: false,
            reminder_lead_minutes: vec![1, 2880],
            ..quiet("Disks")
        })
        .await;
    let reminder = ("remind_subscribers".to_owned(), start.seconds - 60);
    let expected = [reminder, ("start_maintenance".to_owned(), start.seconds)];
    // A process has it, and is slow.
    lease_reminders(&cluster, &disks, "infinity").await;
    eventually("the reminder to be due", || async {
        (seconds_from_now(0).seconds > start.seconds - 60).then_some(())
    })
    .await;

    let request = UpdateMaintenanceRequest {
        maintenance_id: disks.maintenance_id.clone(),
        update_mask: mask(&["reminder_lead_minutes", "scheduled_end_at"]),
        scheduled_end_at: Some(seconds_from_now(9000)),
        reminder_lead_minutes: vec![1, 2880, 4320],
        notify: Some(false),
        ..Default::default()
    };
    page.caller().maintenances().update_maintenance(request).await.unwrap();
    assert_eq!(dues(&cluster, &disks).await, expected);
    // Another start, of which nothing is due yet, takes its place.
    let later = seconds_from_now(3600);
    plan(&disks, Some(later), None).await;
    let moved = ("remind_subscribers".to_owned(), later.seconds - 60);
    assert_eq!(dues(&cluster, &disks).await, [moved, ("start_maintenance".to_owned(), later.seconds)]);
}

#[tokio::test]
async fn one_that_is_cancelled_before_it_begins_leaves_nothing_in_the_history() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let disks = page.maintenance("Disks", seconds_from_now(3600), seconds_from_now(7200), &[&api]).await;
    disks.post(MaintenancePhase::Cancelled, "Not this time.").await;
    let found = disks.get().await;
    assert_eq!((found.phase(), found.started_at), (MaintenancePhase::Cancelled, None));
    assert_eq!(found.ended_at, found.updates[0].displayed_at);
    assert!(dues(&cluster, &disks).await.is_empty() && page.intervals(&api).await.is_empty());

    let broken_off = page.maintenance("Net", seconds_from_now(-5), seconds_from_now(7200), &[&api]).await;
    reaches(&broken_off, MaintenancePhase::InProgress).await;
    broken_off.post(MaintenancePhase::Cancelled, "It does not work.").await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    assert!(dues(&cluster, &broken_off).await.is_empty());
    let [interval] = page.intervals(&api).await.try_into().unwrap();
    assert_eq!(interval.ended_at, broken_off.get().await.ended_at);
}

#[tokio::test]
async fn by_hand_it_goes_step_by_step_and_back_from_verifying() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let component_ids = vec![api.component_id.clone()];
    let disks = page.maintenance_with(CreateMaintenanceRequest { component_ids, ..quiet("Disks") }).await;
    assert!(dues(&cluster, &disks).await.is_empty());
    let begun = disks.post(MaintenancePhase::InProgress, "We begin.").await;
    for phase in [MaintenancePhase::Verifying, MaintenancePhase::InProgress, MaintenancePhase::InProgress] {
        disks.post(phase, "On we go.").await;
        assert_eq!(page.shown_status(&api).await, ComponentStatus::UnderMaintenance, "{phase:?}");
    }
    let done = disks.post(MaintenancePhase::Completed, "Done.").await;
    disks.post(MaintenancePhase::Completed, "A word more.").await;
    let found = disks.get().await;
    assert_eq!((found.started_at, found.ended_at), (begun.displayed_at, done.displayed_at));
    let [interval] = page.intervals(&api).await.try_into().unwrap();
    assert_eq!((interval.started_at, interval.ended_at), (begun.displayed_at, done.displayed_at));
}

#[tokio::test]
async fn the_history_follows_its_components_and_goes_with_it() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (api, web) = (page.component("API").await, page.component("Web").await);
    let component_ids = vec![api.component_id.clone()];
    let disks = page.maintenance_with(CreateMaintenanceRequest { component_ids, ..quiet("Disks") }).await;
    disks.post(MaintenancePhase::InProgress, "We begin.").await;

    let works_on = async |components: &[&proto::incidents::v1::Component]| {
        let request = UpdateMaintenanceRequest {
            maintenance_id: disks.maintenance_id.clone(),
            update_mask: mask(&["component_ids"]),
            component_ids: components.iter().map(|component| component.component_id.clone()).collect(),
            ..Default::default()
        };
        page.caller().maintenances().update_maintenance(request).await.unwrap();
    };
    works_on(&[&web]).await;
    assert_eq!(page.shown_status(&api).await, ComponentStatus::Operational);
    assert_eq!(page.shown_status(&web).await, ComponentStatus::UnderMaintenance);
    assert!(page.intervals(&api).await[0].retracted_at.is_some(), "it never was under maintenance");
    disks.post(MaintenancePhase::Completed, "Done.").await;
    works_on(&[&api, &web]).await;
    let found = disks.get().await;
    let counting = page.intervals(&api).await.into_iter().filter(|it| it.retracted_at.is_none());
    let [corrected] = counting.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((corrected.started_at, corrected.ended_at), (found.started_at, found.ended_at));

    let request =
        DeleteMaintenanceRequest { maintenance_id: disks.maintenance_id.clone(), etag: found.etag.clone() };
    page.caller().maintenances().delete_maintenance(request.clone()).await.unwrap();
    for component in [&api, &web] {
        assert!(page.intervals(component).await.iter().all(|it| it.retracted_at.is_some()));
    }
    assert_eq!(disks.shown().await.unwrap_err().code(), Code::NotFound);
    let again = page.caller().maintenances().delete_maintenance(request).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    let last = page.audit_entries().await.remove(0);
    assert_eq!((last.action(), last.subject_name.as_str()), (AuditAction::Deleted, "Disks"));
    assert!(last.detail.contains("planned from") && last.detail.contains("3 updates"), "{}", last.detail);
}

#[tokio::test]
async fn a_deleted_maintenance_is_mailed_to_nobody_any_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let start = seconds_from_now(6);
    let disks = page.maintenance("Disks", start, seconds_from_now(3600), &[]).await;
    subjects(&cluster, "ada@example.net", 2).await;
    let request =
        DeleteMaintenanceRequest { maintenance_id: disks.maintenance_id.clone(), ..Default::default() };
    page.caller().maintenances().delete_maintenance(request).await.unwrap();
    assert!(dues(&cluster, &disks).await.is_empty());
    // Another one that is planned for the same moment begins: the moment has come.
    let other = page.maintenance("Net", start, seconds_from_now(3600), &[]).await;
    reaches(&other, MaintenancePhase::InProgress).await;
    let mails = eventually("the other's mails", || async {
        let mails = cluster.smtp.mails_to("ada@example.net");
        let begun = mails.iter().any(|mail| mail.subject().ends_with("Net: Maintenance in progress"));
        begun.then_some(mails)
    })
    .await;
    assert_eq!(mails.iter().filter(|mail| mail.subject().contains("Disks")).count(), 1);
}
