//! What is refused, each by its field or its reason, on both sides of every limit.

use kit::{ids::PageId, status::reason};
use pharos_tests::{Cluster, Maintenance, PageOf, at, mask, seconds_from_now, violated};
use prost_types::Timestamp;
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        CreateMaintenanceRequest, ListMaintenancesRequest, MaintenancePhase, PostMaintenanceUpdateRequest,
        UpdateMaintenanceRequest,
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::quiet;

type Request = CreateMaintenanceRequest;

async fn create(page: &PageOf, request: Request) -> Result<(), Status> {
    let request = Request { page_id: page.id(), ..request };
    page.caller().maintenances().create_maintenance(request).await.map(|_| ())
}

async fn update(
    maintenance: &Maintenance,
    paths: &[&str],
    request: UpdateMaintenanceRequest,
) -> Result<(), Status> {
    let request = UpdateMaintenanceRequest {
        maintenance_id: maintenance.maintenance_id.clone(),
        update_mask: mask(paths),
        ..request
    };
    maintenance.page.caller().maintenances().update_maintenance(request).await.map(|_| ())
}

async fn post(maintenance: &Maintenance, phase: MaintenancePhase, etag: &str) -> Result<(), Status> {
    let request = PostMaintenanceUpdateRequest {
        maintenance_id: maintenance.maintenance_id.clone(),
        phase: phase.into(),
        body: "Told.".to_owned(),
        notify: Some(false),
        etag: etag.to_owned(),
        ..Default::default()
    };
    maintenance.page.caller().maintenances().post_maintenance_update(request).await.map(|_| ())
}

fn two_years_ahead(seconds: i64) -> Option<Timestamp> {
    // Two years hold a leap day or none.
    Some(seconds_from_now(2 * 365 * 86_400 + seconds))
}

fn assert_limit_reached(refused: &Status, limit: &str) {
    assert_eq!(reason(refused), Some(ErrorReason::LimitReached), "{refused}");
    assert_eq!(refused.get_details_error_info().unwrap().metadata["limit"], limit);
}

#[tokio::test]
async fn a_maintenance_that_cannot_be_is_refused_by_the_field() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other) = (company.page("acme").await, company.page("other").await);
    let (api, foreign) = (page.component("API").await, other.component("API").await);
    let gone = page.component("Gone").await;
    let request = proto::incidents::v1::DeleteComponentRequest {
        component_id: gone.component_id.clone(),
        ..Default::default()
    };
    page.caller().components().delete_component(request).await.unwrap();
    let named = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();

    let good = || quiet("Disks");
    let (start, end) = (good().scheduled_start_at, good().scheduled_end_at);
    for (fields, request) in [
        (vec!["title"], Request { title: " \u{a0}".to_owned(), ..good() }),
        (vec!["title"], Request { title: "x".repeat(201), ..good() }),
        (vec!["body"], Request { body: String::new(), ..good() }),
        (vec!["body"], Request { body: "x".repeat(25_001), ..good() }),
        (vec!["scheduled_start_at"], Request { scheduled_start_at: None, ..good() }),
        (vec!["scheduled_end_at"], Request { scheduled_end_at: None, ..good() }),
        (vec!["scheduled_end_at"], Request { scheduled_end_at: start, ..good() }),
        (
            vec!["scheduled_start_at"],
            Request { scheduled_start_at: Some(at("1999-12-31T23:59:59Z")), ..good() },
        ),
        (vec!["scheduled_end_at"], Request { scheduled_end_at: two_years_ahead(2 * 86_400), ..good() }),
        (
            vec!["scheduled_start_at"],
            Request { scheduled_start_at: two_years_ahead(2 * 86_400), scheduled_end_at: end, ..good() },
        ),
        (vec!["reminder_lead_minutes[1]"], Request { reminder_lead_minutes: vec![1, 0], ..good() }),
        (vec!["reminder_lead_minutes[0]"], Request { reminder_lead_minutes: vec![43_201], ..good() }),
        (vec!["reminder_lead_minutes[2]"], Request { reminder_lead_minutes: vec![5, 6, 5], ..good() }),
        (vec!["reminder_lead_minutes"], Request { reminder_lead_minutes: (1..=11).collect(), ..good() }),
        (vec!["language"], Request { language: "english".to_owned(), ..good() }),
        (
            vec!["component_ids[1]", "component_ids[2]"],
            Request {
                component_ids: named(&[&api.component_id, &foreign.component_id, &gone.component_id]),
                ..good()
            },
        ),
        (
            vec!["component_ids[1]"],
            Request { component_ids: named(&[&api.component_id, &api.component_id]), ..good() },
        ),
    ] {
        let refused = create(&page, request.clone()).await.unwrap_err();
        assert_eq!(
            (refused.code(), violated(&refused)),
            (Code::InvalidArgument, named(&fields)),
            "{request:?}"
        );
    }
    for request in [
        Request { title: "x".repeat(200), body: "x".repeat(25_000), ..good() },
        Request { scheduled_end_at: two_years_ahead(-60), ..good() },
        Request { reminder_lead_minutes: vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 43_200], ..good() },
        Request { scheduled_start_at: Some(at("2000-01-01T00:00:00Z")), ..good() },
        Request { component_ids: named(&[&api.component_id]), language: "pt-BR".to_owned(), ..good() },
    ] {
        create(&page, request).await.unwrap();
    }
    let nowhere = Request { page_id: "page_00000000000000000000000000".to_owned(), ..good() };
    let refused = page.caller().maintenances().create_maintenance(nowhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn a_change_that_cannot_be_is_refused_by_the_field_or_its_reason() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let disks = page.maintenance_with(quiet("Disks")).await;
    let none = UpdateMaintenanceRequest::default;
    for paths in [&[][..], &["page_id"], &["phase"], &["title", "updates"], &["notify"]] {
        let refused = update(&disks, paths, none()).await.unwrap_err();
        assert_eq!(violated(&refused), ["update_mask"], "{paths:?}");
    }
    let early = Some(seconds_from_now(1800));
    for (path, request) in [
        ("title", none()),
        ("scheduled_start_at", none()),
        ("scheduled_end_at", none()),
        ("scheduled_end_at", UpdateMaintenanceRequest { scheduled_end_at: early, ..none() }),
        (
            "scheduled_start_at",
            UpdateMaintenanceRequest { scheduled_start_at: Some(seconds_from_now(8000)), ..none() },
        ),
        (
            "reminder_lead_minutes",
            UpdateMaintenanceRequest { reminder_lead_minutes: (1..=11).collect(), ..none() },
        ),
    ] {
        let refused = update(&disks, &[path], request).await.unwrap_err();
        assert_eq!(violated(&refused), [path]);
    }
    let unknown = vec!["cmp_00000000000000000000000000".to_owned()];
    let request = UpdateMaintenanceRequest { component_ids: unknown, ..none() };
    let refused = update(&disks, &["component_ids"], request).await.unwrap_err();
    assert_eq!(violated(&refused), ["component_ids[0]"]);

    let etag = disks.get().await.etag;
    post(&disks, MaintenancePhase::Scheduled, &etag).await.unwrap();
    let titled = |etag: &str| UpdateMaintenanceRequest {
        title: "New disks".to_owned(),
        etag: etag.to_owned(),
        ..Default::default()
    };
    for refused in [
        update(&disks, &["title"], titled(&etag)).await.unwrap_err(),
        post(&disks, MaintenancePhase::InProgress, &etag).await.unwrap_err(),
    ] {
        assert_eq!((refused.code(), reason(&refused)), (Code::Aborted, Some(ErrorReason::EtagMismatch)));
    }
    update(&disks, &["title"], titled(&disks.get().await.etag)).await.unwrap();

    // Time goes on: what has begun has no other start, and what is over only its words and components.
    let precondition = |answer: Result<(), Status>| {
        let refused = answer.unwrap_err();
        let wanted = (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition));
        assert_eq!((refused.code(), reason(&refused)), wanted, "{refused}");
    };
    let moved = UpdateMaintenanceRequest { scheduled_start_at: early, notify: Some(false), ..none() };
    let later = UpdateMaintenanceRequest {
        scheduled_end_at: Some(seconds_from_now(9000)),
        notify: Some(false),
        ..none()
    };
    update(&disks, &["scheduled_start_at"], moved.clone()).await.unwrap();
    post(&disks, MaintenancePhase::InProgress, "").await.unwrap();
    precondition(
        update(
            &disks,
            &["scheduled_start_at"],
            UpdateMaintenanceRequest { scheduled_start_at: Some(seconds_from_now(60)), ..none() },
        )
        .await,
    );
    precondition(post(&disks, MaintenancePhase::Scheduled, "").await);
    update(&disks, &["scheduled_end_at"], later.clone()).await.unwrap();
    post(&disks, MaintenancePhase::Completed, "").await.unwrap();
    precondition(post(&disks, MaintenancePhase::InProgress, "").await);
    precondition(post(&disks, MaintenancePhase::Cancelled, "").await);
    let later = UpdateMaintenanceRequest { scheduled_end_at: Some(seconds_from_now(9999)), ..later };
    precondition(update(&disks, &["scheduled_end_at"], later).await);
    precondition(update(&disks, &["ends_by_hand"], none()).await);
    update(&disks, &["title", "language"], titled("")).await.unwrap();
}

#[tokio::test]
async fn a_page_has_two_hundred_that_are_not_over_and_one_has_five_hundred_updates() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let disks = page.maintenance_with(quiet("Disks")).await;
    let page_id: PageId = page.id().parse().unwrap();
    let maintenance_id: kit::ids::MaintenanceId = disks.maintenance_id.parse().unwrap();
    let tenant = page.company.tenant().uuid();
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "insert into incidents.maintenance
             (tenant_id, maintenance_id, page_id, title, phase, scheduled_start_at, scheduled_end_at, starts_by_hand,
              ends_by_hand, reminder_lead_minutes, silent_at_start, silent_at_end, language, created_at)
         select $1, gen_random_uuid(), $2, 'Net', 'scheduled', now() + interval '1 day', now() + interval '2 days',
             true, true, '{}', false, false, '', now()
         from generate_series(1, 198)",
        tenant,
        page_id.uuid(),
    )
    .execute(&mut database)
    .await
    .unwrap();
    sqlx::query!(
        "insert into incidents.maintenance_update
             (tenant_id, update_id, maintenance_id, phase, body, silent, automatic, displayed_at, created_at)
         select $1, gen_random_uuid(), $2, 'scheduled', 'Told.', true, false, now() - interval '1 day', now()
         from generate_series(1, 498)",
        tenant,
        maintenance_id.uuid(),
    )
    .execute(&mut database)
    .await
    .unwrap();

    create(&page, quiet("The 200th")).await.unwrap();
    assert_limit_reached(&create(&page, quiet("Too many")).await.unwrap_err(), "200");
    let past = Request {
        scheduled_start_at: Some(seconds_from_now(-7200)),
        scheduled_end_at: Some(seconds_from_now(-3600)),
        ..quiet("Past")
    };
    create(&page, past).await.unwrap();

    post(&disks, MaintenancePhase::Scheduled, "").await.unwrap();
    assert_limit_reached(&post(&disks, MaintenancePhase::Scheduled, "").await.unwrap_err(), "500");
    let end = Some(seconds_from_now(9000));
    let request = UpdateMaintenanceRequest { scheduled_end_at: end, ..Default::default() };
    assert_limit_reached(&update(&disks, &["scheduled_end_at"], request).await.unwrap_err(), "500");
}

#[tokio::test]
async fn the_list_has_each_once_latest_planned_start_first() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for hours in [3, 1, 5, 2, 4] {
        let request =
            Request { scheduled_end_at: Some(seconds_from_now(86_400)), ..quiet(&format!("In {hours}")) };
        let start = Some(seconds_from_now(3600 * hours));
        create(&page, Request { scheduled_start_at: start, ..request }).await.unwrap();
    }
    let (mut titles, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListMaintenancesRequest { page_id: page.id(), page_size: 2, page_token };
        let reply = page.caller().maintenances().list_maintenances(request).await.unwrap().into_inner();
        assert!(reply.maintenances.iter().all(|found| found.updates.len() == 1 && !found.etag.is_empty()));
        titles.extend(reply.maintenances.into_iter().map(|found| found.title));
        page_token = reply.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(titles, ["In 5", "In 4", "In 3", "In 2", "In 1"]);
    for page_size in [-1, 101] {
        let request = ListMaintenancesRequest { page_id: page.id(), page_size, ..Default::default() };
        let refused = page.caller().maintenances().list_maintenances(request).await.unwrap_err();
        assert_eq!(violated(&refused), ["page_size"]);
    }
}

#[tokio::test]
async fn a_call_that_is_repeated_announces_and_tells_once() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let request = Request { page_id: page.id(), request_id: "one".to_owned(), ..quiet("Disks") };
    let mut client = page.caller().maintenances();
    let first = client.create_maintenance(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.create_maintenance(request).await.unwrap().into_inner(), first);
    let request = PostMaintenanceUpdateRequest {
        maintenance_id: first.maintenance.unwrap().maintenance_id,
        phase: MaintenancePhase::InProgress.into(),
        body: "We begin.".to_owned(),
        request_id: "two".to_owned(),
        ..Default::default()
    };
    let told = client.post_maintenance_update(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.post_maintenance_update(request).await.unwrap().into_inner(), told);
    assert_eq!(page.shown().await.active_maintenances[0].updates.len(), 2);
}
