//! Processes that die, sleep or race in the middle of a fan-out.

use std::process::ExitStatus;

use pharos_tests::{Cluster, Crowd, Process, Proxy, Shape, Stage, Trouble, crowd, eventually, postgres};
use rustix::process::{Pid, Signal, kill_process};
use smtp::server::Reply;

use super::{CONNECTIONS, Given, MOST_DOUBLED};

#[tokio::test]
async fn killing_the_senders_at_one_percent_loses_nobody() {
    killed_when_running(1, "kill -9 of the senders at 1 %").await;
}

#[tokio::test]
async fn killing_the_senders_at_half_loses_nobody() {
    killed_when_running(50, "kill -9 of the senders at 50 %").await;
}

async fn killed_when_running(percent: usize, fault: &str) {
    let all = crowd();
    let mut given = Given::crowd(Shape::OneProcessEach, Crowd::of(all), &[]).await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    given.telling(&updates, fault, MOST_DOUBLED).taken(all * percent / 100).await;
    given.cluster.restart("notifications");
    let telling = given.telling(&updates, fault, MOST_DOUBLED);
    telling.finish(false).await;
    assert_eq!(telling.check().await.count(0, "sent"), all);
}

#[tokio::test]
async fn killing_the_senders_at_ninety_nine_percent_loses_nobody() {
    let (all, fault) = (crowd(), "kill -9 of the senders at 99 %");
    let mut given = Given::crowd(Shape::OneProcessEach, Crowd::of(all), &[]).await;
    // So little is left that the end would come before the kill: from here on no mail is answered.
    given.cluster.smtp.answer_after(Some((all * 99 / 100, Reply::Silence)));
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    given.telling(&updates, fault, MOST_DOUBLED).taken(all * 99 / 100).await;
    eventually("a mail that is not answered", || async { (given.cluster.smtp.refused() > 0).then_some(()) })
        .await;
    given.cluster.process("notifications").kill();
    given.cluster.smtp.answer_after(None);
    given.cluster.restart("notifications");
    let telling = given.telling(&updates, fault, MOST_DOUBLED);
    telling.finish(false).await;
    assert_eq!(telling.check().await.count(0, "sent"), all);
}

#[tokio::test]
async fn killing_postgres_in_the_middle_loses_nobody() {
    let folder = tempfile::Builder::new().prefix("pharos-tests-").tempdir_in("/tmp").unwrap();
    let server = postgres::start_with(folder.path(), true).await.unwrap();
    let database = postgres::Database::create_on(server.socket()).await;
    // Each lot waits for the disk.
    let all = crowd() / 4;
    let given =
        Given::crowd_on(Cluster::start_on(database, Shape::AllInOne, &[]).await, Crowd::of(all)).await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "kill -9 of Postgres at 50 %", MOST_DOUBLED);
    telling.taken(all / 2).await;
    let pid = i32::try_from(server.pid()).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    drop(server);
    let server = postgres::start_with(folder.path(), true).await.unwrap();
    telling.finish(false).await;
    assert_eq!(telling.check().await.count(0, "sent"), all);
    drop(given);
    server.stop().await.unwrap();
}

/// How many connections listen for work.
async fn listeners(cluster: &Cluster) -> i64 {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_stat_activity
           where datname = current_database() and usename = 'pharos_notifications' and query ilike 'listen%'"#
    )
    .fetch_one(&mut cluster.database.connect().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn four_processes_that_race_over_one_broadcast_tell_everybody_once() {
    let all = crowd();
    let given = Given::crowd(Shape::OneProcessEach, Crowd::of(all), &[]).await;
    let of_one = eventually("the first to listen", || async {
        Some(listeners(&given.cluster).await).filter(|n| *n > 0)
    })
    .await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let proxy = Proxy::start().await;
        proxy.lead_to(&given.cluster.smtp.url());
        let process = given.cluster.another("notifications", &[("SMTP_URL", &proxy.url())]);
        others.push((process, proxy));
    }
    eventually("all to listen", || async { (listeners(&given.cluster).await == 4 * of_one).then_some(()) })
        .await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "four processes race", 0);
    telling.finish(false).await;
    assert_eq!(telling.check().await.count(0, "sent"), all);
    let by_others = others.iter().map(|(_, proxy)| proxy.passed()).collect::<Vec<_>>();
    assert!(by_others.iter().all(|sent| *sent > 0), "some did nothing: {by_others:?}");
    assert!(by_others.iter().sum::<usize>() < all, "the first did nothing");
}

#[tokio::test]
async fn a_sender_that_slept_through_its_lease_writes_nothing_more() {
    const ALL: usize = 4_000;
    let mut given = Given::crowd(Shape::OneProcessEach, Crowd::of(ALL), &[]).await;
    let incident = given.incident().await;
    let updates = [incident.first.update_id.as_str()];
    let fault = "SIGSTOP of the senders past their lease";
    given.telling(&updates, fault, MOST_DOUBLED).taken(ALL / 4).await;
    given.cluster.process("notifications").signal(Signal::STOP);
    let leased = leased(&given.cluster).await;
    assert!(!leased.is_empty(), "nothing was in anybody's hands");

    let other = given.cluster.another("notifications", &[]);
    eventually("all to be taken over", || async {
        let now = self::leased(&given.cluster).await;
        leased.iter().all(|lease| !now.contains(lease)).then_some(())
    })
    .await;
    let telling = given.telling(&updates, fault, MOST_DOUBLED);
    telling.finish(false).await;
    let before = telling.check().await;
    // Only now the first goes on, with what it has in its hands; asked to stop, it puts all of that down and ends.
    let first = given.cluster.process("notifications");
    first.signal(Signal::CONT);
    first.signal(Signal::TERM);
    assert!(end_of(first).await.success());
    let after = given.telling(&updates, "SIGCONT after that", MOST_DOUBLED).check().await;
    assert_eq!(after.outcomes, before.outcomes, "it wrote though it was fenced off");
    assert_eq!(after.count(0, "sent"), ALL);
    drop(other);
}

/// How a process that was asked to stop ended.
async fn end_of(process: &mut Process) -> ExitStatus {
    eventually("the process to end", || {
        let ended = process.ended();
        async move { ended }
    })
    .await
}

/// The segments in somebody's hands, each with its lease's epoch.
async fn leased(cluster: &Cluster) -> Vec<(uuid::Uuid, i32)> {
    let rows = sqlx::query!("select segment_id, epoch from notifications.segment where state = 'leased'");
    let rows = rows.fetch_all(&mut cluster.database.connect().await).await.unwrap();
    rows.into_iter().map(|row| (row.segment_id, row.epoch)).collect()
}

#[tokio::test]
async fn a_stop_while_a_server_owes_us_replies_doubles_at_most_what_it_did_not_answer() {
    const ALL: usize = 400;
    let proxy = Proxy::start().await;
    let settings = [("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")];
    let mut given = Given::behind(&proxy, Crowd::of(ALL), &settings).await;
    // One after the other, each connection is left without a reply in the middle of a lot.
    for _ in 0..CONNECTIONS {
        proxy.plan(ALL / 8, Stage::Dot, Trouble::Silence);
    }
    let incident = given.incident().await;
    eventually("silence on all connections", || async {
        (proxy.struck().len() == CONNECTIONS).then_some(())
    })
    .await;
    let process = given.cluster.process("notifications");
    process.signal(Signal::TERM);
    assert!(end_of(process).await.success());
    given.cluster.restart("notifications");
    let updates = [incident.first.update_id.as_str()];
    let telling = given.telling(&updates, "stopped while the server owes us replies", CONNECTIONS);
    telling.finish(false).await;
    assert_eq!(telling.check().await.count(0, "sent"), ALL);
}
