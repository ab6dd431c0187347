//! Hours and days that pass, or seem to, in the middle of a fan-out.

use pharos_tests::{Crowd, FakeClock, Proxy, Shape, eventually};
use smtp::server::Reply;

use super::Given;

const ALL: usize = 1_000;
const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn after_two_hours_without_a_mail_server_everybody_is_told_once() {
    let (clock, proxy) = (FakeClock::new(), Proxy::start().await);
    let (settings, url) = (clock.settings(), proxy.url());
    let mut settings = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>();
    settings.push(("SMTP_URL", &url));
    let given = Given::crowd(Shape::AllInOne, Crowd::of(ALL), &settings).await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let mut database = given.cluster.database.connect().await;
    for hours in 0..=2 {
        clock.move_to(hours * 60 * 60);
        // What waits for a time waits for the database's clock, which is everybody's on this machine: what is due moves
        // in its place. No sender has a lease while the server is away.
        sqlx::query!(
            "update notifications.segment set due_at = due_at - interval '1 hour' where state = 'waiting'"
        )
        .execute(&mut database)
        .await
        .unwrap();
        let before = proxy.turned_away();
        eventually("another try", || async { (proxy.turned_away() > before).then_some(()) }).await;
    }
    assert_eq!(given.cluster.smtp.accepted(), 0);
    proxy.lead_to(&given.cluster.smtp.url());
    let telling = given.telling(&updates, "relay away for two hours", 0);
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

/// The clock of the process jumps in the middle, and stays there to the end.
async fn jumps(seconds: i64, fault: &str) {
    let clock = FakeClock::new();
    let settings = clock.settings();
    let settings = settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>();
    let mut given = Given::crowd(Shape::AllInOne, Crowd::of(ALL), &settings).await;
    let everybody = (1..=ALL).map(|number| format!("told{number}@example.net")).collect();
    for reader in given.seed.some(50, everybody) {
        // What says nothing of the provider slows nobody else down.
        let later = Reply::say(451, "4.7.1 greylisted, come back later");
        given.cluster.smtp.answer(&reader, [later.clone(), later]);
    }
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, fault, 0);
    telling.taken(ALL / 3).await;
    clock.move_to(seconds);
    telling.finish(true).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_ahead_loses_nobody_and_gives_nobody_up() {
    jumps(DAY, "clock jumps a day ahead").await;
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_back_loses_nobody_and_doubles_nobody() {
    jumps(-DAY, "clock jumps a day back").await;
}
