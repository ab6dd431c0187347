//! Pages with much going on: what they answer stays small, and how much may be open.

use kit::{
    ids::{IncidentId, MaintenanceId, PageId},
    status::reason,
};
use pharos_tests::{Cluster, Incident, Maintenance, PageOf, seconds_from_now};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        self as wire, CreateIncidentRequest, CreateMaintenanceRequest, GetPageResponse, ListIncidentsRequest,
        ListMaintenancesRequest, Phase, PostUpdateRequest, PublishUpdateRequest,
        StatusServiceListMaintenancesRequest, history_entry::Entry,
    },
};
use tonic::Status;

use crate::maintenances::quiet;

/// So many bytes the bodies of all updates of an answer have at most.
const ROOM: usize = 2 * 1024 * 1024;

fn told(title: &str, phase: Phase) -> CreateIncidentRequest {
    CreateIncidentRequest {
        title: title.to_owned(),
        phase: phase.into(),
        body: "We look into it.".to_owned(),
        ..Default::default()
    }
}

/// So many updates before those that are there, each of so many characters.
async fn given_earlier_updates(cluster: &Cluster, incident: &Incident, count: i32, characters: i32) {
    let id: IncidentId = incident.incident_id.parse().unwrap();
    sqlx::query!(
        "insert into incidents.incident_update (
             tenant_id, update_id, incident_id, phase, body, silent, displayed_at, created_at)
         select $1, gen_random_uuid(), $2, 'investigating', repeat('x', $4), true,
             now() - make_interval(hours => 1, mins => number), now()
         from generate_series(1, $3) number",
        incident.page.company.tenant().uuid(),
        id.uuid(),
        count,
        characters,
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
}

async fn listed(page: &PageOf) -> Vec<wire::Incident> {
    let request = ListIncidentsRequest { page_id: page.id(), page_size: 100, ..Default::default() };
    page.caller().incidents().list_incidents(request).await.unwrap().into_inner().incidents
}

#[tokio::test]
async fn answers_with_many_incidents_have_the_newest_updates_and_count_the_others() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let short = page.incident("Short", &[]).await;
    let long = [page.incident("Long", &[]).await, page.incident("As long", &[]).await];
    for incident in &long {
        given_earlier_updates(&cluster, incident, 200, 20_000).await;
    }
    let check = |incidents: &[wire::Incident]| {
        for incident in incidents {
            let known = long.iter().find(|long| long.incident_id == incident.incident_id);
            let Some(known) = known else {
                assert_eq!((incident.updates.len(), incident.earlier_updates), (1, 0));
                continue;
            };
            assert_eq!(incident.updates[0].update_id, known.first.update_id, "the latest is there");
            let here = incident.updates.len();
            assert!((50..=54).contains(&here), "both have their share: {here}");
            assert_eq!(incident.earlier_updates, 201 - i32::try_from(here).unwrap());
            let times = incident.updates.iter().map(|told| told.displayed_at.unwrap().seconds);
            assert!(times.rev().is_sorted(), "newest first");
        }
        let bytes = incidents.iter().flat_map(|incident| &incident.updates).map(|told| told.body.len());
        assert!(bytes.sum::<usize>() <= ROOM);
    };
    let shown = page.shown().await.open_incidents;
    assert_eq!(shown.len(), 3);
    check(&shown);
    check(&listed(&page).await);
    let whole = long[0].shown().await.unwrap().incident.unwrap();
    assert_eq!((whole.updates.len(), whole.earlier_updates), (201, 0));
    assert_eq!(long[0].get().await.incident.unwrap().updates.len(), 201);
    assert_eq!(short.get().await.incident.unwrap().earlier_updates, 0);
    let (_, html) = cluster.get("/p/acme").await;
    assert!(html.contains("See all 201 updates"));
}

/// Updates before those that are there, the newest of them first, each of so many bytes.
async fn given_earlier_news(cluster: &Cluster, maintenance: &Maintenance, sizes: &[i32]) {
    let id: MaintenanceId = maintenance.maintenance_id.parse().unwrap();
    sqlx::query!(
        "insert into incidents.maintenance_update (
             tenant_id, update_id, maintenance_id, phase, body, silent, automatic, displayed_at, created_at)
         select $1, gen_random_uuid(), $2, 'scheduled', repeat('x', told.size), true, false,
             now() - make_interval(days => 1, mins => told.number::int), now()
         from unnest($3::int[]) with ordinality as told (size, number)",
        maintenance.page.company.tenant().uuid(),
        id.uuid(),
        sizes,
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
}

/// A page's maintenances in every answer that has many of them.
async fn maintenances_in_answers(page: &PageOf) -> [Vec<wire::Maintenance>; 3] {
    let GetPageResponse { upcoming_maintenances, recent_maintenances, .. } = page.shown().await;
    let page_id = page.id();
    let request = StatusServiceListMaintenancesRequest { page_id, ..Default::default() };
    let public = page.reader().list_maintenances(request).await.unwrap().into_inner().maintenances;
    let request = ListMaintenancesRequest { page_id: page.id(), ..Default::default() };
    let listed = page.caller().maintenances().list_maintenances(request).await.unwrap().into_inner();
    [[upcoming_maintenances, recent_maintenances].concat(), public, listed.maintenances]
}

#[tokio::test]
async fn answers_with_many_maintenances_have_all_updates_that_there_is_room_for_and_count_the_others() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.maintenance_with(quiet("short")).await;
    let long = page.maintenance_with(quiet("long")).await;
    let past = CreateMaintenanceRequest {
        scheduled_start_at: Some(seconds_from_now(-7200)),
        scheduled_end_at: Some(seconds_from_now(-3600)),
        ..quiet("past")
    };
    let past = page.maintenance_with(past).await;
    let mut sizes = vec![20_000; 52];
    given_earlier_news(&cluster, &long, &sizes).await;
    let first = i32::try_from(ROOM).unwrap() - 2 * 52 * 20_000 - 3 * 10;
    sizes.push(first);
    given_earlier_news(&cluster, &past, &sizes).await;

    // So many updates are there, and so many are not.
    let check = async |of_past: (usize, i32)| {
        for answer in maintenances_in_answers(&page).await {
            assert_eq!(answer.len(), 3);
            for maintenance in answer {
                let updates = &maintenance.updates;
                let expected = match maintenance.title.as_str() {
                    "short" => (1, 0),
                    "long" => (53, 0),
                    _ => of_past,
                };
                assert_eq!((updates.len(), maintenance.earlier_updates), expected, "{}", maintenance.title);
                assert_eq!(updates[0].body, "New disks.", "the latest is there");
                let times = updates.iter().map(|told| told.displayed_at.unwrap().seconds);
                assert!(times.rev().is_sorted(), "newest first");
            }
        }
    };
    check((54, 0)).await;
    let id: MaintenanceId = past.maintenance_id.parse().unwrap();
    sqlx::query!(
        "update incidents.maintenance_update set body = body || 'x'
         where tenant_id = $1 and maintenance_id = $2 and octet_length(body) = $3",
        page.company.tenant().uuid(),
        id.uuid(),
        first,
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    check((53, 1)).await;

    let whole = past.shown().await.unwrap().maintenance.unwrap();
    assert_eq!((whole.updates.len(), whole.earlier_updates), (54, 0));
    assert_eq!(past.get().await.updates.len(), 54);
    let entries = page.history().await.into_iter().flat_map(|(_, entries)| entries);
    let told = entries.map(|entry| match entry.entry.unwrap() {
        Entry::Maintenance(told) => (told.updates.len(), told.earlier_updates),
        Entry::Incident(_) => panic!("there is none"),
    });
    assert_eq!(told.collect::<Vec<_>>(), [(1, 53)]);
}

#[tokio::test]
async fn answers_with_many_reports_leave_the_oldest_out_and_say_that_they_are_there() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for number in 0..25 {
        page.incident_with(told(&format!("{number:02}"), Phase::Resolved)).await;
    }
    let unreported = page.incident_with(told("unreported", Phase::Resolved)).await;
    let unreported_id: IncidentId = unreported.incident_id.parse().unwrap();
    sqlx::query!(
        "insert into incidents.postmortem (
             tenant_id, incident_id, body, written_at, published_body, published_at)
         select tenant_id, incident_id, 'x', now(), repeat('x', 100000), started_at
         from incidents.incident where incident_id <> $1",
        unreported_id.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    let check = |incidents: Vec<wire::Incident>| {
        assert_eq!(incidents.len(), 26);
        for incident in incidents {
            let number = incident.title.parse::<u8>();
            assert_eq!(incident.has_postmortem, number.is_ok(), "{}", incident.title);
            assert_eq!(incident.postmortem.is_some(), number.is_ok_and(|number| number >= 5));
        }
    };
    check(page.shown().await.recent_incidents);
    check(listed(&page).await);
}

#[tokio::test]
async fn a_hundred_incidents_of_a_page_may_be_open_whatever_opens_them() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let drafted =
        page.incident_with(CreateIncidentRequest { draft: true, ..told("Draft", Phase::Identified) }).await;
    let over = page.incident_with(told("Over", Phase::Resolved)).await;
    let page_id: PageId = page.id().parse().unwrap();
    sqlx::query!(
        "insert into incidents.incident (
             tenant_id, incident_id, page_id, title, phase, impact, started_at, created_at)
         select $1, gen_random_uuid(), $2, 'Open', 'investigating', 'none', now(), now()
         from generate_series(1, 99)",
        page.company.tenant().uuid(),
        page_id.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    let hundredth = page.incident("The hundredth", &[]).await;

    let refused = |answer: Result<(), Status>| {
        assert_eq!(reason(&answer.unwrap_err()), Some(ErrorReason::LimitReached));
    };
    let create = async |request| {
        let request = CreateIncidentRequest { page_id: page.id(), ..request };
        page.caller().incidents().create_incident(request).await.map(drop)
    };
    let reopen = async || {
        let request = PostUpdateRequest {
            incident_id: over.incident_id.clone(),
            phase: Phase::Monitoring.into(),
            body: "Again.".to_owned(),
            ..Default::default()
        };
        page.caller().incidents().post_update(request).await.map(drop)
    };
    let publish = async || {
        let update_id = drafted.first.update_id.clone();
        let request = PublishUpdateRequest { update_id, ..Default::default() };
        page.caller().incidents().publish_update(request).await.map(drop)
    };
    refused(create(told("One too many", Phase::Monitoring)).await);
    refused(reopen().await);
    refused(publish().await);
    // What opens nothing is as before.
    create(told("Told afterwards", Phase::Resolved)).await.unwrap();
    create(CreateIncidentRequest { draft: true, ..told("Draft", Phase::Identified) }).await.unwrap();
    hundredth.post(Phase::Identified, "Found.").await;
    over.post(Phase::Resolved, "Still over.").await;

    hundredth.post(Phase::Resolved, "Over.").await;
    publish().await.unwrap();
    refused(reopen().await);
    let GetPageResponse { open_incidents, .. } = page.shown().await;
    assert_eq!(open_incidents.len(), 100);
}
