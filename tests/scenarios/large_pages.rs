//! Pages with much going on: what they answer stays small, and how much may be open.

use kit::{
    ids::{IncidentId, PageId},
    status::reason,
};
use pharos_tests::{Cluster, Incident, PageOf};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        self as wire, CreateIncidentRequest, GetPageResponse, ListIncidentsRequest, Phase, PostUpdateRequest,
        PublishUpdateRequest,
    },
};
use tonic::Status;

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
        assert!(bytes.sum::<usize>() <= 2 * 1024 * 1024);
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
