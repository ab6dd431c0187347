//! The clock does what is due once, and in order, however many look and whatever was down.

use kit::Clock;
use pharos_tests::{Cluster, Shape, eventually, seconds_from_now};
use proto::incidents::v1::{CreateMaintenanceRequest, Maintenance as Wire, MaintenancePhase};

use super::{quiet, reaches};

fn phases(maintenance: &Wire) -> Vec<(MaintenancePhase, bool)> {
    maintenance.updates.iter().map(|update| (update.phase(), update.automatic)).collect()
}

#[tokio::test]
async fn many_that_look_begin_each_maintenance_once_with_one_mail() {
    let settings = [("PHAROS__INCIDENTS__CLOCK_CONCURRENCY", "8")];
    let cluster = Cluster::start_with(Shape::AllInOne, &settings).await;
    let company = cluster.company("Acme").await;
    let page = company.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let start = seconds_from_now(4);
    let mut all = Vec::new();
    for number in 0..10 {
        // All at the same moment, so that all eight find something at the same time.
        let request = CreateMaintenanceRequest {
            scheduled_start_at: Some(start),
            starts_by_hand: false,
            ..quiet(&format!("Disk {number}"))
        };
        all.push(page.maintenance_with(request).await);
    }
    for maintenance in &all {
        let begun = reaches(maintenance, MaintenancePhase::InProgress).await;
        assert_eq!(
            phases(&begun),
            [(MaintenancePhase::InProgress, true), (MaintenancePhase::Scheduled, false)]
        );
    }
    cluster.smtp.mail_to("ada@example.net", all.len()).await;
    cluster.run_until_idle().await;
    for maintenance in &all {
        assert_eq!(maintenance.get().await.updates.len(), 2);
    }
    let mut subjects = cluster.smtp.mails_to("ada@example.net")[1..]
        .iter()
        .map(pharos_tests::Mail::subject)
        .collect::<Vec<_>>();
    subjects.sort_unstable();
    let expected = (0..10).map(|number| format!("[Acme status] Disk {number}: Maintenance in progress"));
    assert_eq!(subjects, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_clock_that_was_away_begins_and_ends_what_it_missed_at_the_planned_times() {
    let mut cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let (start, end) = (seconds_from_now(5), seconds_from_now(6));
    let disks = page
        .maintenance_with(CreateMaintenanceRequest {
            component_ids: vec![api.component_id.clone()],
            scheduled_start_at: Some(start),
            scheduled_end_at: Some(end),
            starts_by_hand: false,
            ends_by_hand: false,
            ..quiet("Disks")
        })
        .await;
    cluster.process("incidents").kill();
    eventually("the planned end to pass", || async {
        (Clock::system().now().as_second() > end.seconds).then_some(())
    })
    .await;
    cluster.restart("incidents");
    cluster.wait_until_ready().await;

    let over = reaches(&disks, MaintenancePhase::Completed).await;
    assert_eq!((over.started_at, over.ended_at), (Some(start), Some(end)));
    assert_eq!(
        phases(&over),
        [
            (MaintenancePhase::Completed, true),
            (MaintenancePhase::InProgress, true),
            (MaintenancePhase::Scheduled, false)
        ]
    );
    let [interval] = page.intervals(&api).await.try_into().unwrap();
    assert_eq!((interval.started_at, interval.ended_at), (Some(start), Some(end)));
}

#[tokio::test]
async fn what_begins_or_ends_silently_mails_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let disks = page
        .maintenance_with(CreateMaintenanceRequest {
            scheduled_start_at: Some(seconds_from_now(1)),
            scheduled_end_at: Some(seconds_from_now(2)),
            starts_by_hand: false,
            ends_by_hand: false,
            silent_at_start: true,
            silent_at_end: true,
            ..quiet("Disks")
        })
        .await;
    let over = reaches(&disks, MaintenancePhase::Completed).await;
    assert!(over.updates.iter().all(|update| update.silent));
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), 1, "the confirmation");
}
