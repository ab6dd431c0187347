//! What the mail server says decides how a delivery ends.

use pharos::mail_catcher::Reply;
use pharos_tests::{Cluster, eventually, signed};
use proto::{
    incidents::v1::Phase,
    notifications::v1::{
        Delivery, ListDeliveriesRequest, Outcome, broadcast_service_client::BroadcastServiceClient,
    },
};

#[tokio::test]
async fn an_address_refused_for_good_bounces_once_and_is_never_tried_again() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    page.confirmed(&cluster, "dead@example.net").await;
    cluster.smtp.answer("dead@example.net", [Reply::say(550, "5.1.1 no such mailbox")]);

    let incident = page.incident("Slow", &[]).await;
    let first = page.completed_broadcast(&incident.first.update_id).await;
    let progress = first.progress.unwrap();
    assert_eq!((progress.sent, progress.bounced), (1, 1));
    let second = incident.post(Phase::Resolved, "Over.").await;
    let second = page.completed_broadcast(&second.update_id).await;
    let progress = second.progress.unwrap();
    assert_eq!((progress.sent, progress.suppressed), (1, 1));

    let log = deliveries(&page, &first.broadcast_id).await;
    let bounced = log.iter().find(|delivery| delivery.outcome() == Outcome::Bounced).unwrap();
    assert_eq!(bounced.attempts, 1);
    assert!(bounced.reply.starts_with("550 5.1.1"), "{}", bounced.reply);
}

#[tokio::test]
async fn a_transient_refusal_is_tried_again_later_and_then_counts_as_sent() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "busy@example.net").await;
    cluster.smtp.answer("busy@example.net", [Reply::say(451, "4.3.0 try again later")]);

    let incident = page.incident("Slow", &[]).await;
    let deferred = eventually("the deferral", || async {
        page.broadcast(&incident.first.update_id)
            .await
            .filter(|broadcast| broadcast.progress.is_some_and(|progress| progress.deferred == 1))
    })
    .await;
    assert!(deferred.completed_at.is_none());
    // A minute later, as the database sees it.
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "update notifications.segment set due_at = due_at - interval '72 seconds' where done_at is null"
    )
    .execute(&mut database)
    .await
    .unwrap();
    let over = page.completed_broadcast(&incident.first.update_id).await;
    let progress = over.progress.unwrap();
    assert_eq!((progress.sent, progress.deferred), (1, 0));
    assert_eq!(deliveries(&page, &over.broadcast_id).await[0].attempts, 2);
    assert_eq!(cluster.smtp.mails_to("busy@example.net").len(), 2, "the confirmation and the update");
}

#[tokio::test]
async fn a_refusal_over_our_reputation_suppresses_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    cluster.smtp.answer("ada@example.net", [Reply::say(554, "5.7.1 your network is not welcome")]);
    let incident = page.incident("Slow", &[]).await;
    eventually("the deferral", || async {
        let broadcast = page.broadcast(&incident.first.update_id).await?;
        (broadcast.progress?.deferred == 1).then_some(())
    })
    .await;
    let second = incident.post(Phase::Resolved, "Over.").await;
    let progress = page.completed_broadcast(&second.update_id).await.progress.unwrap();
    assert_eq!((progress.sent, progress.suppressed), (1, 0));
}

async fn deliveries(page: &pharos_tests::PageOf, broadcast: &str) -> Vec<Delivery> {
    let request = ListDeliveriesRequest { broadcast_id: broadcast.to_owned(), ..Default::default() };
    let mut client = BroadcastServiceClient::new(page.company.channel.clone());
    client.list_deliveries(signed(page.company.token(), request)).await.unwrap().into_inner().deliveries
}
