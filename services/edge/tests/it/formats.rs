//! What programs read of a page.

use std::collections::HashSet;

use http::{Method, StatusCode};
use proto::incidents::v1::{ComponentStatus, GetPageResponse, Impact, Phase};
use serde_json::Value;

use crate::{
    given,
    services::code_of,
    web::{get, post, send},
    world::World,
};

const INCIDENT: &str = "inc_01jd0000000000000000000001";
const COMPONENT: &str = "cmp_01jd0000000000000000000002";

/// All formats, with their types.
const FORMATS: [(&str, &str); 17] = [
    ("/api/v2/summary.json", "application/json"),
    ("/api/v2/status.json", "application/json"),
    ("/api/v2/components.json", "application/json"),
    ("/api/v2/incidents.json", "application/json"),
    ("/api/v2/incidents/unresolved.json", "application/json"),
    ("/api/v2/scheduled-maintenances.json", "application/json"),
    ("/api/v2/scheduled-maintenances/upcoming.json", "application/json"),
    ("/api/v2/scheduled-maintenances/active.json", "application/json"),
    ("/history.json", "application/json"),
    ("/uptime.json", "application/json"),
    ("/history.atom", "application/atom+xml"),
    ("/history.rss", "application/rss+xml"),
    ("/updates.atom", "application/atom+xml"),
    ("/feed.json", "application/feed+json"),
    ("/maintenances.ics", "text/calendar"),
    ("/badge.svg", "image/svg+xml"),
    ("/widget.json", "application/json"),
];

fn page() -> GetPageResponse {
    let update = given::update(
        "upd_01jd0000000000000000000003",
        Phase::Investigating,
        "2026-11-20T23:05:00Z",
        "We look into it.",
    );
    let incident = given::incident(INCIDENT, "API is down", Impact::Major, vec![update]);
    GetPageResponse {
        components: vec![given::component(COMPONENT, None, "API", ComponentStatus::MajorOutage)],
        open_incidents: vec![incident],
        ..given::page("en")
    }
}

#[tokio::test]
async fn every_format_can_be_read_by_any_site_kept_for_a_while_and_asked_for_again() {
    let world = World::showing(page()).await;
    for (place, kind) in FORMATS {
        let path = format!("/p/demo{place}");
        let first = get(&world, &path).await;
        assert_eq!(first.status, StatusCode::OK, "{place}: {}", first.text());
        assert!(first.header("content-type").starts_with(kind), "{place}");
        assert_eq!(first.header("access-control-allow-origin"), "*", "{place}");
        assert!(first.header("cache-control").contains("stale-if-error"), "{place}");
        assert!(!first.body.is_empty(), "{place}");
        let tag = first.header("etag");
        let again = send(&world, Method::GET, &path, &[("if-none-match", &tag)], "").await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{place}");
        assert_eq!(again.header("etag"), tag, "{place}");
        if kind == "application/json" {
            serde_json::from_slice::<Value>(&first.body).unwrap();
        }
    }
}

#[tokio::test]
async fn many_readers_of_all_formats_are_few_calls() {
    let world = World::showing(page()).await;
    let code = code_of(INCIDENT);
    for _ in 0..5 {
        for (place, _) in FORMATS {
            get(&world, &format!("/p/demo{place}")).await;
        }
        get(&world, "/p/demo/api/v2/incidents.json?page=2").await;
        get(&world, &format!("/p/demo/incidents/{code}.json")).await;
        // what a format does not know of makes no difference to it
        get(&world, "/p/demo/history.atom?page=2").await;
        get(&world, "/p/demo/badge.svg?page_token=x&y=z").await;
    }
    let called = world.called();
    assert_eq!(called.iter().filter(|path| path.ends_with("/GetPage")).count(), 1, "{called:?}");
    assert!(called.len() <= FORMATS.len() + 1, "{called:?}");
}

#[tokio::test]
async fn a_list_by_numbers_ends_where_there_is_no_more() {
    let world = World::showing(page()).await;
    for (place, list) in [("incidents", "incidents"), ("scheduled-maintenances", "scheduled_maintenances")] {
        for (page, count) in [("1", 1), ("2", 0), ("4294967295", 0)] {
            let answer = get(&world, &format!("/p/demo/api/v2/{place}.json?page={page}")).await;
            let told: Value = serde_json::from_slice(&answer.body).unwrap();
            let found = told[list].as_array().unwrap().len();
            assert_eq!(found, if list == "incidents" { count } else { 0 }, "{place} {page}");
        }
    }
}

#[tokio::test]
async fn formats_are_compressed() {
    let world = World::showing(page()).await;
    let headers = [("accept-encoding", "gzip")];
    let answer = send(&world, Method::GET, "/p/demo/api/v2/summary.json", &headers, "").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.header("vary").contains("accept-encoding"), "{}", answer.header("vary"));
}

#[tokio::test]
async fn a_format_is_packed_or_not_in_the_same_way_on_every_way_through_the_edge() {
    let world = World::showing(page()).await;
    let headers = [("accept-encoding", "gzip")];
    let mut packed = HashSet::new();
    for (place, _) in FORMATS {
        let path = format!("/p/demo{place}");
        get(&world, &path).await;
        let short = send(&world, Method::GET, &path, &headers, "").await;
        // with something added it is asked for by the router
        let long = send(&world, Method::GET, &format!("{path}?x=y"), &headers, "").await;
        for name in ["content-encoding", "vary", "etag"] {
            assert_eq!(short.header(name), long.header(name), "{name} of {place}");
        }
        assert_eq!(short.body, long.body, "{place}");
        packed.insert(short.header("content-encoding"));
    }
    assert_eq!(packed, ["".to_owned(), "gzip".to_owned()].into());
}

#[tokio::test]
async fn what_is_not_there_is_told_to_programs_in_their_language() {
    let world = World::showing(page()).await;
    let below = FORMATS.map(|(place, _)| place).into_iter().chain([
        "/incidents/000000000000.json",
        "/events",
        "/widget.js",
        "/embed/script.js",
    ]);
    let of_no_page =
        below.flat_map(|place| ["nope", "No-Page", "n%00"].map(|slug| format!("/p/{slug}{place}")));
    let others = ["/p/demo/incidents/000000000000.json", "/p/demo/incidents/x.json"];
    let nothing = ["/p/demo/api/v2/nothing.json", "/p/demo/api/v3/summary.json"];
    for path in of_no_page.chain(others.into_iter().chain(nothing).map(str::to_owned)) {
        if ["/p/nope/widget.js", "/p/nope/embed/script.js"].contains(&path.as_str()) {
            // the same for all pages: it finds out by itself that there is none
            continue;
        }
        let answer = get(&world, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(serde_json::from_slice::<Value>(&answer.body).unwrap()["error"].is_string(), "{path}");
    }
    let subscribed = post(&world, "/p/No-Page/api/v2/subscribers.json", "subscriber[email]=a%40b.c").await;
    assert_eq!(subscribed.status, StatusCode::NOT_FOUND);
    assert_eq!(subscribed.header("access-control-allow-origin"), "*");
    assert!(subscribed.header("content-type").starts_with("application/json"));
    let away = get(&World::alone().await, "/p/demo/api/v2/status.json").await;
    assert_eq!((away.status, away.header("retry-after").as_str()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(away.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_story_is_found_by_its_code() {
    let world = World::showing(page()).await;
    let code = code_of(INCIDENT);
    let document = get(&world, &format!("/p/demo/incidents/{code}.json")).await;
    assert_eq!(document.status, StatusCode::OK);
    let told: Value = serde_json::from_slice(&document.body).unwrap();
    assert_eq!((&told["id"], &told["name"]), (&code.clone().into(), &"API is down".into()));
    let page = get(&world, &format!("/p/demo/incidents/{code}")).await;
    assert_eq!(page.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(page.header("location"), format!("/p/demo/incidents/{INCIDENT}"));
}

#[tokio::test]
async fn a_host_of_its_own_shows_a_page_and_its_formats() {
    let world = World::showing(page()).await;
    let host = [("host", "demo.pages.example")];
    let front = send(&world, Method::GET, "/", &host, "").await;
    assert!(front.text().contains("API is down"));
    let summary = send(&world, Method::GET, "/api/v2/summary.json", &host, "").await;
    assert_eq!(summary.header("content-type"), "application/json; charset=utf-8");
    let code = code_of(INCIDENT);
    let document = send(&world, Method::GET, &format!("/incidents/{code}.json"), &host, "").await;
    assert_eq!(document.status, StatusCode::OK);
    let nobody =
        send(&world, Method::GET, "/api/v2/summary.json", &[("host", "nope.pages.example")], "").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_names_the_formats_that_it_has() {
    let world = World::showing(page()).await;
    let front = get(&world, "/p/demo").await;
    let links = front.text().split("<link rel=\"alternate\"").skip(1);
    let places = links.filter_map(|link| link.split("href=\"").nth(1)?.split('"').next()).collect::<Vec<_>>();
    assert_eq!(places.len(), 4);
    for place in places {
        assert_eq!(get(&world, place).await.status, StatusCode::OK, "{place}");
    }
}

#[tokio::test]
async fn the_widget_is_a_script_of_less_than_five_kilobytes() {
    let world = World::showing(page()).await;
    for place in ["/p/demo/widget.js", "/p/demo/embed/script.js"] {
        let script = get(&world, place).await;
        assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8", "{place}");
        assert!((1..5_000).contains(&script.body.len()), "{place}");
    }
}

#[tokio::test]
async fn programs_subscribe_as_they_do_elsewhere() {
    let world = World::showing(page()).await;
    let place = "/p/demo/api/v2/subscribers.json";
    let component = {
        let id: kit::ids::ComponentId = COMPONENT.parse().unwrap();
        kit::code::Code::of(id.uuid()).to_string()
    };
    let form = format!("subscriber[email]=ana%40example.com&subscriber[component_id]={component}");
    let done = post(&world, place, &form).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
    assert_eq!(done.header("access-control-allow-origin"), "*");
    let told: Value = serde_json::from_slice(&done.body).unwrap();
    assert_eq!((told["email"].as_str(), told["mode"].as_str()), (Some("ana@example.com"), Some("email")));
    let json = [("content-type", "application/json")];
    let body = r#"{"subscriber":{"email":"bob@example.com"}}"#;
    assert_eq!(send(&world, Method::POST, place, &json, body).await.status, StatusCode::CREATED);
    {
        let asked = world.subscribed.lock().unwrap();
        assert_eq!(asked[0].component_ids, [COMPONENT]);
        assert_eq!((asked[1].email.as_str(), asked[1].component_ids.len()), ("bob@example.com", 0));
    }
    for (form, field) in [
        ("subscriber[email]=nobody", "email"),
        ("subscriber[email]=a%40b.c&subscriber[component_id]=000000000000", "component_id"),
        ("subscriber[email]=a%40b.c&subscriber[endpoint]=https%3A%2F%2Fx.example", "endpoint"),
        ("", "email"),
    ] {
        let refused = post(&world, place, form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        let told: Value = serde_json::from_slice(&refused.body).unwrap();
        assert_eq!(told["error"]["field"], field, "{form}");
    }
    let named = |count: usize| {
        let components = vec![format!("subscriber[component_ids][]={component}"); count].join("&");
        format!("subscriber[email]=a%40b.c&{components}")
    };
    assert_eq!(post(&world, place, &named(101)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.subscribed.lock().unwrap().len(), 2);
    assert_eq!(post(&world, place, &named(100)).await.status, StatusCode::CREATED);
    let asks = [("origin", "https://shop.example"), ("access-control-request-method", "POST")];
    let may = send(&world, Method::OPTIONS, place, &asks, "").await;
    assert_eq!((may.status, may.header("access-control-allow-origin").as_str()), (StatusCode::OK, "*"));
}

#[tokio::test]
async fn another_sites_script_may_ask_with_headers_of_its_own() {
    let world = World::showing(given::page("en")).await;
    let asked = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "if-none-match"),
    ];
    let answer = send(&world, Method::OPTIONS, "/p/demo/api/v2/summary.json", &asked, "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-headers"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "GET, HEAD");
    assert_eq!(world.called(), Vec::<String>::new());
}
