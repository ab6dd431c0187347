//! What the edge remembers for a moment, so that a flood of readers is none for the services.

use std::time::Duration;

use http::StatusCode;
use tokio::{task::JoinSet, time::Instant};
use tonic_health::ServingStatus;

use crate::{
    given,
    services::JWKS,
    web::{get, post},
    world::World,
};

const GET_PAGE: &str = "/pharos.incidents.v1.StatusService/GetPage";

fn count(world: &World, path: &str) -> usize {
    world.called().iter().filter(|called| *called == path).count()
}

#[tokio::test]
async fn the_key_set_is_served_as_the_service_gave_it_and_asked_for_once() {
    let world = World::showing(given::page("en")).await;
    for _ in 0..3 {
        let answer = get(&world, "/.well-known/jwks.json").await;
        assert_eq!((answer.status, answer.text()), (StatusCode::OK, JWKS));
        assert_eq!(answer.header("content-type"), "application/jwk-set+json");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
    }
    assert_eq!(world.called(), ["/pharos.tenants.v1.AccountService/GetKeySet"]);
}

#[tokio::test]
async fn the_head_of_a_page_is_asked_for_once() {
    let mut page = given::page("en");
    let updates = vec![given::update(
        "upd_1",
        proto::incidents::v1::Phase::Resolved,
        "2026-11-10T11:05:00Z",
        "Well again.",
    )];
    page.recent_incidents =
        vec![given::incident("inc_1", "Slow", proto::incidents::v1::Impact::Minor, updates)];
    let world = World::showing(page).await;
    for path in ["/p/demo/history", "/p/demo/incidents/inc_1", "/p/demo/subscribe", "/p/demo/history"] {
        assert_eq!(get(&world, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(post(&world, "/p/demo/subscribe", "email=a%40b.c").await.status, StatusCode::OK);
    assert_eq!(count(&world, GET_PAGE), 1);
}

#[tokio::test]
async fn that_a_page_does_not_exist_is_remembered_for_a_second_whatever_is_asked_of_it() {
    let world = World::showing(given::page("en")).await;
    let began = Instant::now();
    let logo = format!("/logo/{}", "0a".repeat(32));
    for rest in ["", "/history", "/incidents/inc_1", "/uptime", "/subscribe", "/events", "/badge.svg", &logo]
    {
        let path = format!("/p/other{rest}");
        assert_eq!(get(&world, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let form = post(&world, "/p/other/subscribe", "email=a%40b.c").await;
    assert_eq!(form.status, StatusCode::NOT_FOUND);
    let asked = count(&world, GET_PAGE);
    // a slow machine may need more than a second
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((1..=1 + seconds).contains(&asked), "{asked} calls in {seconds} s");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    assert_eq!(get(&world, "/p/other").await.status, StatusCode::NOT_FOUND);
    assert_eq!(count(&world, GET_PAGE), asked + 1);
}

#[tokio::test]
async fn that_a_page_has_no_such_story_is_remembered_for_a_second() {
    const ASKED: [(&str, &str); 4] = [
        ("/incidents/inc_madeup", "/pharos.incidents.v1.StatusService/GetIncident"),
        ("/maintenances/mnt_madeup", "/pharos.incidents.v1.StatusService/GetMaintenance"),
        ("/history?page_token=madeup", "/pharos.incidents.v1.StatusService/ListHistory"),
        ("/uptime?before=2020-01", "/pharos.incidents.v1.StatusService/GetUptime"),
    ];
    let world = World::showing(given::page("en")).await;
    for (rest, call) in ASKED {
        let path = format!("/p/demo{rest}");
        let began = Instant::now();
        for _ in 0..10 {
            assert_eq!(get(&world, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // a month is a call for each of those that are shown with it, and a slow machine may need more than a second
        let (asked, seconds) = (count(&world, call), usize::try_from(began.elapsed().as_secs()).unwrap());
        assert!((1..=3 * (1 + seconds)).contains(&asked), "{path}: {asked} calls in {seconds} s");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
        assert_eq!(get(&world, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert!(count(&world, call) > asked, "{path}");
    }
    // what is there is not taken for missing with them
    assert_eq!(get(&world, "/p/demo").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_that_no_page_can_have_is_looked_up_nowhere() {
    let world = World::showing(given::page("en")).await;
    for slug in ["a%00b", "Demo", "demo%20", "-demo", "no", "d%C3%A9mo"] {
        for rest in ["", "/history", "/incidents/inc_1", "/maintenances/mnt_1", "/uptime", "/subscribe"] {
            let path = format!("/p/{slug}{rest}");
            assert_eq!(get(&world, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let path = format!("/p/{slug}/subscribe");
        assert_eq!(post(&world, &path, "email=a%40b.c").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn readiness_names_who_is_missing_and_is_seen_at_once() {
    let world = World::showing(given::page("en")).await;
    for name in ["subscriptions", "incidents"] {
        world.health.set_service_status(name, ServingStatus::NotServing).await;
    }
    let missing = get(&world, "/readyz").await;
    assert_eq!(missing.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(missing.text(), "not ready: incidents, subscriptions\n");
    for name in ["subscriptions", "incidents"] {
        world.health.set_service_status(name, ServingStatus::Serving).await;
    }
    let ready = get(&world, "/readyz").await;
    assert_eq!((ready.status, ready.text()), (StatusCode::OK, "ready\n"));
    let alone = get(&World::alone().await, "/readyz").await;
    assert_eq!(alone.text(), "not ready: tenants, incidents, subscriptions, notifications\n");
}

#[tokio::test]
async fn many_who_ask_whether_all_is_ready_share_one_look() {
    let world = std::sync::Arc::new(World::showing(given::page("en")).await);
    let mut asking = JoinSet::new();
    for _ in 0..30 {
        let world = std::sync::Arc::clone(&world);
        asking.spawn(async move { get(&world, "/readyz").await.status });
    }
    assert!(asking.join_all().await.into_iter().all(|status| status == StatusCode::OK));
    // a look is four questions, and a slow machine may need several
    assert!(world.looks() < 60, "{} questions for 30 callers", world.looks());
}
