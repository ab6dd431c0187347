//! Documents as they were made: what is made when, and what is shown while nothing can be.

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use jiff::SignedDuration;
use proto::incidents::v1::{GetPageResponse, Impact, Phase};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    given,
    services::GOOD_TOKEN,
    web::{Answer, get, post, send},
    world::World,
};

const GET_PAGE: &str = "/pharos.incidents.v1.StatusService/GetPage";

fn reads(world: &World) -> usize {
    world.called().iter().filter(|called| *called == GET_PAGE).count()
}

/// The page under another name, at this version.
pub(crate) fn named(name: &str, version: i64) -> GetPageResponse {
    let mut page = given::page("en");
    page.page.as_mut().unwrap().name = name.into();
    page.version = version;
    page
}

/// Asks for a document until it is as wanted.
pub(crate) async fn until(world: &World, path: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
    let asking = async {
        loop {
            let answer = get(world, path).await;
            if is_wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect("the document")
}

/// Whether an answer says that it may not be right any longer. While it does not, time goes on: the last word of changes
/// may have been heard only after the clock was set on.
pub(crate) fn is_aged(world: &World, answer: &Answer) -> bool {
    let is_aged = !answer.header("pharos-as-of").is_empty();
    if !is_aged {
        world.clock.advance(SignedDuration::from_secs(10));
    }
    is_aged
}

/// Asks until the edge hears of changes: a page that was read stays good for longer than without hearing.
pub(crate) async fn hears(world: &World) {
    const UNSURE: Duration = Duration::from_secs(1);
    let hearing = async {
        let (mut before, mut since) = (0, Instant::now());
        while since.elapsed() <= UNSURE + UNSURE / 10 {
            get(world, "/p/demo").await;
            if reads(world) != before {
                (before, since) = (reads(world), Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), hearing).await.expect("the edge to hear");
}

#[tokio::test]
async fn many_readers_of_a_change_are_one_call_and_one_document() {
    let world = Arc::new(World::showing(named("Acme", 1)).await);
    hears(&world).await;
    let before = reads(&world);
    world.change(named("Zenith", 2));
    let mut readers = JoinSet::new();
    for _ in 0..50 {
        let world = Arc::clone(&world);
        readers.spawn(async move {
            let shown = |answer: &Answer| answer.header("pharos-version") == "2";
            until(&world, "/p/demo", shown).await
        });
    }
    for answer in readers.join_all().await {
        assert!(answer.text().contains("Zenith status"));
    }
    assert_eq!(reads(&world) - before, 1);
}

#[tokio::test]
async fn every_document_that_is_read_shows_a_change() {
    let world = World::showing(named("Acme", 1)).await;
    hears(&world).await;
    for path in ["/p/demo", "/p/demo/history", "/p/demo/api/v2/summary.json", "/p/demo/history.atom"] {
        assert!(get(&world, path).await.text().contains("Acme"), "{path}");
    }
    world.change(named("Zenith", 2));
    for path in ["/p/demo", "/p/demo/history", "/p/demo/api/v2/summary.json", "/p/demo/history.atom"] {
        let shown = until(&world, path, |answer| answer.header("pharos-version") == "2").await;
        assert!(shown.text().contains("Zenith"), "{path}");
    }
}

#[tokio::test]
async fn what_is_added_to_an_address_is_the_same_document() {
    let world = World::showing(named("Acme", 1)).await;
    hears(&world).await;
    let before = (reads(&world), get(&world, "/p/demo").await.header("etag"));
    for number in 0..20 {
        let answer = get(&world, &format!("/p/demo?junk={number}")).await;
        assert_eq!((reads(&world), answer.header("etag")), before);
    }
}

#[tokio::test]
async fn a_reader_gets_the_encoding_that_it_takes() {
    let world = World::showing(named("Acme", 1)).await;
    let plain = get(&world, "/p/demo").await;
    for encoding in ["br", "gzip"] {
        let answer = send(&world, Method::GET, "/p/demo", &[("accept-encoding", encoding)], "").await;
        assert_eq!(answer.header("content-encoding"), encoding);
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("etag"), plain.header("etag"));
        assert!(answer.body.len() * 2 < plain.body.len());
    }
    assert_eq!(plain.header("content-encoding"), "");
}

#[tokio::test]
async fn while_the_services_are_away_the_last_is_shown_and_says_when_it_was() {
    let world = World::showing(named("Acme", 1)).await;
    assert_eq!(get(&world, "/p/demo").await.header("pharos-as-of"), "");
    assert_eq!(get(&world, "/p/demo/api/v2/status.json").await.status, StatusCode::OK);
    world.be_away(true);
    world.clock.advance(SignedDuration::from_hours(1));
    let aged = |answer: &Answer| is_aged(&world, answer);
    let page = until(&world, "/p/demo", aged).await;
    assert_eq!(
        (page.status, page.header("pharos-as-of").as_str()),
        (StatusCode::OK, "Fri, 20 Nov 2026 23:45:00 GMT")
    );
    let notice = "<p class=\"as-of\" role=\"status\">As of 20 November 2026 at 20:45 GMT−3. ";
    assert!(page.text().contains(notice), "{}", page.text());
    // once more, by the short way
    assert_eq!(get(&world, "/p/demo").await.text(), page.text());
    let status = until(&world, "/p/demo/api/v2/status.json", aged).await;
    assert_eq!(status.status, StatusCode::OK);
    // what nobody asked for before cannot be shown
    assert_eq!(get(&world, "/p/demo/uptime").await.status, StatusCode::SERVICE_UNAVAILABLE);

    world.be_away(false);
    let again = until(&world, "/p/demo", |answer| answer.header("pharos-as-of").is_empty()).await;
    assert!(!again.text().contains("as-of"));
}

#[tokio::test]
async fn a_document_that_is_older_than_a_day_is_not_shown() {
    for (hours, status) in [(23, StatusCode::OK), (25, StatusCode::SERVICE_UNAVAILABLE)] {
        let world = World::showing(named("Acme", 1)).await;
        get(&world, "/p/demo").await;
        world.be_away(true);
        // by then nothing is heard
        until(&world, "/p/demo", |answer| is_aged(&world, answer)).await;
        world.clock.advance(SignedDuration::from_hours(hours));
        assert_eq!(get(&world, "/p/demo").await.status, status, "{hours}");
    }
}

#[tokio::test]
async fn a_process_that_begins_anew_shows_what_the_one_before_it_copied() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(named("Acme", 1), folder.path()).await;
    let documents = ["/p/demo", "/p/demo/api/v2/summary.json", "/p/demo/history.atom", "/p/demo/uptime"];
    let mut tags = Vec::new();
    for path in documents {
        tags.push(get(&world, path).await.header("etag"));
    }
    // ends only when what waits is written
    world.stop().await;
    let world = World::alone_with(Some(folder.path())).await;
    world.clock.advance(SignedDuration::from_hours(2));
    for (path, tag) in documents.iter().zip(tags) {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("pharos-as-of"), "Fri, 20 Nov 2026 23:45:00 GMT", "{path}");
        let is_page = answer.header("content-type").starts_with("text/html");
        assert_eq!(answer.text().contains("class=\"as-of\""), is_page, "{path}");
        assert_eq!(answer.header("etag") == tag, !is_page, "{path}");
    }
    world.clock.advance(SignedDuration::from_hours(23));
    assert_eq!(get(&world, "/p/demo").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_no_longer_there_is_not_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(named("Acme", 1), folder.path()).await;
    assert_eq!(get(&world, "/p/demo").await.status, StatusCode::OK);
    let mut moved = named("Acme", 2);
    moved.page.as_mut().unwrap().slug = "gone".into();
    world.change(moved);
    until(&world, "/p/demo", |answer| answer.status == StatusCode::NOT_FOUND).await;
    world.stop().await;
    let world = World::alone_with(Some(folder.path())).await;
    assert_eq!(get(&world, "/p/demo").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_story_that_was_deleted_is_not_shown_from_an_old_copy() {
    const STORY: &str = "/p/demo/incidents/inc_1";
    let folder = tempfile::tempdir().unwrap();
    let mut page = named("Acme", 1);
    let updates = vec![given::update("upd_1", Phase::Resolved, "2026-11-10T11:05:00Z", "Well again.")];
    page.recent_incidents = vec![given::incident("inc_1", "Slow", Impact::Minor, updates)];
    let world = World::copying(page, folder.path()).await;
    assert_eq!(get(&world, STORY).await.status, StatusCode::OK);
    world.stop().await;
    // another process, which is told of the page alone
    let world = World::copying(named("Acme", 2), folder.path()).await;
    assert_eq!(get(&world, "/p/demo").await.header("pharos-version"), "2");
    world.stop().await;
    let world = World::alone_with(Some(folder.path())).await;
    assert_eq!(get(&world, STORY).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&world, "/p/demo").await.header("pharos-version"), "2");
}

#[tokio::test]
async fn one_document_cannot_be_asked_for_by_the_address_of_another() {
    let world = World::showing(named("Acme", 1)).await;
    for path in ["/p/demo/incidents/inc_1%2Fpreview.png", "/p/demo/maintenances/a%3Fb", "/p/demo/incidents/A"]
    {
        assert_eq!(get(&world, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_not_answered_for() {
    let world = World::showing(named("Acme", 1)).await;
    for (host, status) in [
        ("status.example.com", StatusCode::OK),
        ("evil.example.com", StatusCode::MISDIRECTED_REQUEST),
        ("localhost", StatusCode::OK),
    ] {
        // twice: the second time it is kept
        for _ in 0..2 {
            let answer = send(&world, Method::GET, "/p/demo", &[("host", host)], "").await;
            assert_eq!(answer.status, status, "{host}");
        }
    }
    let probe = send(&world, Method::GET, "/healthz", &[("host", "10.1.2.3.nip.example")], "").await;
    assert_eq!(probe.status, StatusCode::OK);
}

#[tokio::test]
async fn who_unsubscribes_while_the_services_are_away_has_left_once_they_answer() {
    const UNSUBSCRIBE: &str = "/pharos.subscriptions.v1.SubscriptionService/Unsubscribe";
    let passed_on = |world: &World| world.called().iter().filter(|called| *called == UNSUBSCRIBE).count();
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(named("Acme", 1), folder.path()).await;
    world.be_away(true);
    for _ in 0..2 {
        let answer = post(&world, &format!("/u/{GOOD_TOKEN}"), "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert!(answer.text().contains("That is noted."), "{}", answer.text());
    }
    assert_eq!(post(&world, "/u/no%20token", "").await.status, StatusCode::NOT_FOUND);
    world.stop().await;
    // it is not forgotten with the process
    let world = World::copying(named("Acme", 1), folder.path()).await;
    let passing = async {
        while passed_on(&world) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), passing).await.expect("the token to be passed on");
    let unsubscriptions = folder.path().join("unsubscriptions");
    let emptied = async {
        while std::fs::read_dir(&unsubscriptions).unwrap().count() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), emptied).await.expect("the journal to be empty");
    assert_eq!(passed_on(&world), 1);
}

#[tokio::test]
async fn without_a_folder_who_unsubscribes_has_to_come_back() {
    let world = World::showing(named("Acme", 1)).await;
    world.be_away(true);
    let answer = post(&world, &format!("/u/{GOOD_TOKEN}"), "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// What asks for more than a document goes another way through the edge, and has to come to the same.
#[tokio::test]
async fn every_way_through_the_edge_gives_the_same_answer() {
    let world = World::showing(named("Acme", 1)).await;
    let tag = get(&world, "/p/demo").await.header("etag");
    for path in ["/p/demo", "/p/demo/api/v2/summary.json", "/p/demo/badge.svg"] {
        get(&world, path).await;
        for asked in [
            vec![],
            vec![("accept-encoding", "br")],
            vec![("accept-encoding", "gzip")],
            vec![("accept-encoding", "br;q=0, gzip;q=0")],
            vec![("if-none-match", tag.as_str())],
            vec![("if-none-match", "W/\"other\", *")],
        ] {
            for method in [Method::GET, Method::HEAD] {
                let long = [asked.as_slice(), &[("expect", "nothing")]].concat();
                let short = send(&world, method.clone(), path, &asked, "").await;
                let long = send(&world, method.clone(), path, &long, "").await;
                assert_eq!(
                    (short.status, &short.body),
                    (long.status, &long.body),
                    "{method} {path} {asked:?}"
                );
                let headers = |answer: &Answer| {
                    let mut headers = answer.headers.clone();
                    headers.remove("date");
                    headers
                };
                assert_eq!(headers(&short), headers(&long), "{method} {path} {asked:?}");
            }
        }
    }
}
