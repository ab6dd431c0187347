//! Updates of one incident reach a subscriber in order, or not at all.

use std::collections::HashMap;

use pharos_tests::{Cluster, Shape, eventually};
use proto::incidents::v1::Phase;

#[tokio::test]
async fn who_has_not_had_the_older_update_gets_the_newer_one_and_never_the_older_after_it() {
    let cluster =
        Cluster::start_with(Shape::AllInOne, &[("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")]).await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, 1_000).await;

    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(30).await;
    let second = incident.post(Phase::Identified, "Found.").await;
    let third = incident.post(Phase::Resolved, "Over.").await;
    let last = page.completed_broadcast(&third.update_id).await.progress.unwrap();
    cluster.run_until_idle().await;

    assert_eq!(last.sent, 1_000, "everybody hears the end");
    for update in [&incident.first.update_id, &second.update_id] {
        let progress = page.completed_broadcast(update).await.progress.unwrap();
        assert_eq!(progress.sent + progress.superseded, 1_000, "{progress:?}");
    }
    let mut heard: HashMap<String, Vec<u8>> = HashMap::new();
    for mail in cluster.smtp.mails() {
        let phase = match mail.subject().rsplit(' ').next().unwrap() {
            "Investigating" => 1,
            "Identified" => 2,
            "Resolved" => 3,
            other => panic!("{other}"),
        };
        heard.entry(mail.recipient().to_owned()).or_default().push(phase);
    }
    assert_eq!(heard.len(), 1_000);
    for (reader, phases) in heard {
        assert!(phases.is_sorted_by(|one, next| one < next), "{reader} heard {phases:?}");
        assert_eq!(phases.last(), Some(&3), "{reader}");
    }
}

#[tokio::test]
async fn ten_subscribers_do_not_wait_behind_thousands() {
    let cluster =
        Cluster::start_with(Shape::AllInOne, &[("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "100")]).await;
    let big = cluster.company("Big").await.page("big").await;
    big.given_confirmed_subscribers(&cluster, 5_000).await;
    let small = cluster.company("Small").await.page("small").await;
    small.given_confirmed_subscribers(&cluster, 10).await;

    let flood = big.incident("Everything is down", &[]).await;
    cluster.smtp.wait_for(1).await;
    let ours = small.incident("A little slow", &[]).await;
    small.completed_broadcast(&ours.first.update_id).await;
    let behind = big.broadcast(&flood.first.update_id).await.unwrap();
    assert!(behind.completed_at.is_none(), "the flood was over before: {behind:?}");
    eventually("the flood to end", || async {
        big.broadcast(&flood.first.update_id).await.filter(|broadcast| broadcast.completed_at.is_some())
    })
    .await;
}
