//! What is there when everything behind the edge goes away: more than what somebody happened to read since it changed.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use http::StatusCode;
use jiff::SignedDuration;
use prost::Message;
use proto::incidents::v1::{GetPageResponse, Impact, Incident, Phase};

use crate::{
    given,
    snapshots::{hears, is_aged, named, until},
    web::{Answer, get},
    world::World,
};

const FRONT: &str = "/p/demo";
const STORY: &str = "/p/demo/incidents/inc_1";
/// What is made ahead, in this order, but for stories.
const WHOLE: [&str; 5] =
    [FRONT, "/p/demo/api/v2/summary.json", "/p/demo/history", "/p/demo/uptime", "/p/demo/history.atom"];

/// The page at this version with an open incident.
fn troubled(version: i64, title: &str) -> GetPageResponse {
    let updates = vec![given::update("upd_1", Phase::Identified, "2026-11-20T22:05:00Z", "It is the disk.")];
    let mut page = named("Acme", version);
    page.open_incidents = vec![given::incident("inc_1", title, Impact::Major, updates)];
    page
}

/// The address and the version of a copy.
#[derive(Clone, PartialEq, Message)]
struct Copy {
    #[prost(string, tag = "2")]
    address: String,
    #[prost(int64, tag = "3")]
    version: i64,
}

/// The versions of all copies, by address.
fn copies(folder: &Path) -> BTreeMap<String, i64> {
    let entries = |path: &Path| -> Vec<_> {
        fs::read_dir(path).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    };
    let folders = entries(&folder.join("copies")).into_iter().filter(|path| !path.ends_with("ids"));
    let files = folders.flat_map(|some| entries(&some)).flat_map(|page| entries(&page));
    let whole = files.filter(|file| file.extension().is_none());
    // one that is gone by now is none
    let copies = whole.filter_map(|file| Copy::decode(fs::read(file).ok()?.as_slice()).ok());
    copies.map(|copy| (copy.address, copy.version)).collect()
}

async fn until_it_holds(what: &str, holds: impl Fn() -> bool) {
    let asking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect(what);
}

/// Waits until these are copied at this version, and nothing that is older.
async fn until_copied(folder: &Path, paths: &[&str], version: i64) {
    until_it_holds("the copies", || {
        let copies = copies(folder);
        let is_there = |path: &&str| copies.get(*path).is_some_and(|there| *there >= version);
        paths.iter().all(is_there) && copies.values().all(|there| *there >= version)
    })
    .await;
}

/// An edge that was just begun over the copies of one before it, of a page whose front alone was read.
async fn begun_anew_after_a_reading(page: GetPageResponse, folder: &Path) -> World {
    let world = World::copying(page.clone(), folder).await;
    assert_eq!(get(&world, FRONT).await.status, StatusCode::OK);
    world.stop().await;
    assert_eq!(copies(folder).len(), 1);
    let world = World::copying(page, folder).await;
    until_it_holds("the edge to hear", || world.is_heard()).await;
    world
}

#[tokio::test]
async fn a_story_that_nobody_has_read_since_it_changed_is_shown_in_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(named("Acme", 1), folder.path()).await;
    hears(&world).await;
    world.change(troubled(2, "Broken"));
    until_copied(folder.path(), &[&WHOLE[..], &[STORY]].concat(), 2).await;
    world.be_away(true);
    let story = get(&world, STORY).await;
    assert_eq!((story.status, story.header("pharos-version").as_str()), (StatusCode::OK, "2"));
    assert!(story.text().contains("It is the disk."), "{}", story.text());
}

#[tokio::test]
async fn a_page_that_nobody_has_read_since_its_change_is_shown_in_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let world = begun_anew_after_a_reading(named("Acme", 1), folder.path()).await;
    world.change(troubled(2, "Broken"));
    until_copied(folder.path(), &WHOLE, 2).await;
    world.be_away(true);
    for path in WHOLE {
        let answer = get(&world, path).await;
        assert_eq!(
            (answer.status, answer.header("pharos-version").as_str()),
            (StatusCode::OK, "2"),
            "{path}"
        );
        assert!(answer.text().contains("Broken") || path.ends_with("uptime"), "{path}");
    }
}

#[tokio::test]
async fn a_process_that_begins_anew_in_an_outage_shows_open_stories() {
    let folder = tempfile::tempdir().unwrap();
    let world = begun_anew_after_a_reading(named("Acme", 1), folder.path()).await;
    world.change(troubled(2, "Broken"));
    until_copied(folder.path(), &[FRONT, STORY], 2).await;
    world.stop().await;
    let world = World::alone_with(Some(folder.path())).await;
    world.clock.advance(SignedDuration::from_hours(1));
    for path in [FRONT, STORY] {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.text().contains("Broken") && answer.text().contains("class=\"as-of\""), "{path}");
    }
}

#[tokio::test]
async fn a_story_that_ended_a_moment_ago_is_shown_in_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let world = begun_anew_after_a_reading(troubled(1, "Broken"), folder.path()).await;
    let mut page = named("Acme", 2);
    let ended = |at: &str| vec![given::update("upd_2", Phase::Resolved, at, "A new disk.")];
    page.recent_incidents = vec![
        given::incident("inc_1", "Broken", Impact::Major, ended("2026-11-20T23:00:00Z")),
        given::incident("inc_2", "Slow", Impact::Minor, ended("2026-11-10T23:00:00Z")),
    ];
    world.change(page);
    until_copied(folder.path(), &[&WHOLE[..], &[STORY]].concat(), 2).await;
    assert!(!copies(folder.path()).contains_key("/p/demo/incidents/inc_2"));
    world.be_away(true);
    assert!(get(&world, STORY).await.text().contains("A new disk."));
}

#[tokio::test]
async fn of_many_open_stories_the_newest_twenty_are_made_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let world = begun_anew_after_a_reading(named("Acme", 1), folder.path()).await;
    let mut page = troubled(2, "Broken");
    let story = page.open_incidents[0].clone();
    let numbered = |number| Incident { incident_id: format!("inc_{number}"), ..story.clone() };
    page.open_incidents = (1..=25).map(numbered).collect();
    world.change(page);
    until_copied(folder.path(), &WHOLE, 2).await;
    let is_there =
        |number: &i32| copies(folder.path()).contains_key(&format!("/p/demo/incidents/inc_{number}"));
    assert_eq!((1..=25).filter(is_there).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_deleted_is_not_shown_in_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(troubled(1, "Secret"), folder.path()).await;
    hears(&world).await;
    for path in [&WHOLE[..], &[STORY, "/p/demo/feed.json"]].concat() {
        let answer = get(&world, path).await;
        assert!(answer.text().contains("Secret") || path.ends_with("uptime"), "{path}");
    }
    world.change(named("Acme", 2));
    until_copied(folder.path(), &WHOLE, 2).await;
    world.be_away(true);
    for path in WHOLE {
        let answer = get(&world, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.text().contains("Secret"), "{path}");
    }
    let story = get(&world, STORY).await;
    assert!(story.status.is_client_error() || story.status.is_server_error(), "{}", story.text());
}

#[tokio::test]
async fn an_outage_that_begins_with_a_change_leaves_what_was_before_it_for_the_time_being() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(troubled(1, "Broken"), folder.path()).await;
    hears(&world).await;
    assert_eq!(get(&world, STORY).await.status, StatusCode::OK);
    world.change_and_be_away(named("Zenith", 2));
    world.clock.advance(SignedDuration::from_hours(1));
    let aged = |answer: &Answer| is_aged(&world, answer);
    for path in [FRONT, STORY] {
        let answer = until(&world, path, aged).await;
        assert_eq!(
            (answer.status, answer.header("pharos-version").as_str()),
            (StatusCode::OK, "1"),
            "{path}"
        );
    }
    // nobody tells of the change again
    world.be_away(false);
    until_copied(folder.path(), &WHOLE, 2).await;
    world.be_away(true);
    let is_gone = |answer: &Answer| answer.status != StatusCode::OK;
    until(&world, STORY, is_gone).await;
    assert!(get(&world, FRONT).await.text().contains("Zenith"));
}

#[tokio::test]
async fn what_has_not_changed_for_days_is_shown_for_a_day_of_an_outage() {
    let world = World::showing(named("Acme", 1)).await;
    hears(&world).await;
    assert_eq!(get(&world, FRONT).await.status, StatusCode::OK);
    world.clock.advance(SignedDuration::from_hours(49));
    // heard of at the new time
    hears(&world).await;
    world.be_away(true);
    // by then nothing is heard
    until(&world, FRONT, |answer| is_aged(&world, answer)).await;
    for (hours, status) in [(23, StatusCode::OK), (2, StatusCode::SERVICE_UNAVAILABLE)] {
        world.clock.advance(SignedDuration::from_hours(hours));
        assert_eq!(get(&world, FRONT).await.status, status);
    }
}

#[tokio::test]
async fn a_change_that_was_missed_is_made_up_for_once_anything_of_the_page_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::copying(named("Acme", 1), folder.path()).await;
    hears(&world).await;
    world.change_in_a_gap(troubled(2, "Broken"));
    until(&world, FRONT, |answer| answer.header("pharos-version") == "2").await;
    until_copied(folder.path(), &[&WHOLE[..], &[STORY]].concat(), 2).await;
}

#[tokio::test]
async fn a_page_that_nobody_has_read_for_a_day_costs_nothing_and_shows_nothing_old() {
    let folder = tempfile::tempdir().unwrap();
    let world = begun_anew_after_a_reading(troubled(1, "Broken"), folder.path()).await;
    world.clock.advance(SignedDuration::from_hours(25));
    world.change(named("Acme", 2));
    until_it_holds("the copies to be forgotten", || copies(folder.path()).is_empty()).await;
    assert_eq!(world.called(), Vec::<String>::new());
}
