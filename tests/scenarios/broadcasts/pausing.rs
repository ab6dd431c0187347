//! Keeping a broadcast from going on.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use pharos_tests::{Cluster, Mail, eventually};

use super::{PRECONDITION, get, pause, planned, refused, resume};

/// A pause holds within this time.
const PROMISED: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_broadcast_that_is_paused_in_the_middle_stands_still_and_goes_on_where_it_was() {
    const ALL: usize = 2_000;
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, i32::try_from(ALL).unwrap()).await;
    let other = cluster.company("Other").await.page("other").await;
    other.given_confirmed_subscribers(&cluster, 100).await;

    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(200).await;
    cluster.smtp.hold();
    let id = planned(&page, &incident.first.update_id).await.broadcast_id;
    let paused = pause(&page, &id).await.unwrap();
    let paused_at = Instant::now();
    assert!(paused.paused_at.is_some() && paused.completed_at.is_none());
    assert_eq!(pause(&page, &id).await.unwrap().paused_at, paused.paused_at, "a second one changes nothing");
    cluster.smtp.release();

    let mut database = cluster.database.connect().await;
    let mut held = async || {
        let held = sqlx::query_scalar!(
            r#"select count(*) as "count!" from notifications.segment where state = 'leased'"#
        );
        held.fetch_one(&mut database).await.unwrap()
    };
    while held().await > 0 {
        assert!(paused_at.elapsed() < pharos_tests::PATIENCE, "a sender does not put its segment down");
        tokio::task::yield_now().await;
    }
    let until_then = cluster.smtp.accepted();
    assert!(until_then < ALL, "it was over: nothing was tried");
    for mail in cluster.smtp.mails() {
        assert!(mail.at <= paused_at + PROMISED, "a mail was handed over late: {}", mail.recipient());
    }
    // The senders are at work all the same, for others.
    let elsewhere = other.incident("Elsewhere", &[]).await;
    other.completed_broadcast(&elsewhere.first.update_id).await;
    assert_eq!(cluster.smtp.accepted(), until_then + 100);
    let standing = get(&page, &id).await;
    assert_eq!(standing.progress.unwrap().sent, i64::try_from(until_then).unwrap());
    assert_eq!((standing.paused_at, standing.completed_at), (paused.paused_at, None));

    assert_eq!(resume(&page, &id).await.paused_at, None);
    assert_eq!(resume(&page, &id).await.paused_at, None, "one that is not paused is left as it is");
    let over = page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(over.progress.unwrap().sent, i64::try_from(ALL).unwrap());
    let mails = cluster.smtp.mails();
    let told = mails.iter().filter(|mail| mail.subject().contains("Slow")).map(|mail| mail.recipient());
    let told = told.collect::<Vec<_>>();
    assert_eq!(told.len(), ALL);
    assert_eq!(told.into_iter().collect::<HashSet<_>>().len(), ALL, "somebody had it twice, another never");
    assert_eq!(refused(&pause(&page, &id).await.unwrap_err()), PRECONDITION);
}

#[tokio::test]
async fn a_broadcast_stays_paused_when_its_senders_die() {
    const ALL: usize = 300;
    let mut cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, i32::try_from(ALL).unwrap()).await;
    let other = cluster.company("Other").await.page("other").await;
    other.given_confirmed_subscribers(&cluster, 10).await;
    cluster.smtp.hold();
    let incident = page.incident("Slow", &[]).await;
    let id = planned(&page, &incident.first.update_id).await.broadcast_id;
    let mut database = cluster.database.connect().await;
    let leased = eventually("a sender to take it up", || async {
        let mut database = cluster.database.connect().await;
        let leased = sqlx::query_scalar!(
            r#"select count(*) as "count!" from notifications.segment where state = 'leased'"#
        );
        Some(leased.fetch_one(&mut database).await.unwrap()).filter(|leased| *leased > 0)
    });
    leased.await;
    pause(&page, &id).await.unwrap();
    cluster.process("notifications").kill();
    cluster.smtp.release();
    sqlx::query!("update notifications.segment set leased_until = now() where state = 'leased'")
        .execute(&mut database)
        .await
        .unwrap();
    let before = cluster.smtp.accepted();
    cluster.restart("notifications");
    cluster.wait_until_ready().await;
    let elsewhere = other.incident("Elsewhere", &[]).await;
    other.completed_broadcast(&elsewhere.first.update_id).await;
    let of_it = |mails: &[Mail]| mails.iter().filter(|mail| mail.subject().contains("Slow")).count();
    assert_eq!(of_it(&cluster.smtp.mails()), before, "nobody resumed it");
    resume(&page, &id).await;
    let over = page.completed_broadcast(&incident.first.update_id).await;
    assert_eq!(over.progress.unwrap().sent, i64::try_from(ALL).unwrap());
}
