//! Sending a broadcast again.

use pharos_tests::{Cluster, PageOf, eventually};
use proto::{
    incidents::v1::Phase,
    notifications::v1::{
        Broadcast, BroadcastKind, ListBroadcastsRequest, Outcome, Progress, ResendBroadcastRequest,
    },
};
use smtp::server::Reply;
use tonic::Status;

use super::{PRECONDITION, deliveries, get, planned, refused};

async fn resend(page: &PageOf, broadcast_id: &str) -> Result<Broadcast, Status> {
    let request = ResendBroadcastRequest { broadcast_id: broadcast_id.to_owned() };
    let reply = page.caller().broadcasts().resend_broadcast(request).await?;
    Ok(reply.into_inner().broadcast.unwrap())
}

#[tokio::test]
async fn who_was_not_reached_or_has_joined_since_is_sent_it_again_and_nobody_twice() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for reader in ["ada", "full", "gone", "late"] {
        page.confirmed(&cluster, &format!("{reader}@example.net")).await;
    }
    cluster.smtp.answer("full@example.net", [Reply::say(552, "5.2.2 mailbox full")]);
    cluster.smtp.answer("gone@example.net", [Reply::say(550, "5.1.1 no such user")]);
    cluster.smtp.answer("late@example.net", [Reply::say(450, "4.2.0 come again")]);
    let incident = page.incident("Slow", &[]).await;
    let update = &incident.first.update_id;
    let id = planned(&page, update).await.broadcast_id;
    let waiting = eventually("one to be put off", || async {
        let progress = get(&page, &id).await.progress.unwrap();
        (progress.deferred == 1 && progress.sent + progress.bounced == 3).then_some(progress)
    });
    let expected = Progress { planned: 4, sent: 1, deferred: 1, bounced: 2, ..Default::default() };
    assert_eq!(waiting.await, expected);
    assert_eq!(refused(&resend(&page, &id).await.unwrap_err()), PRECONDITION, "it still goes on");
    let mut database = cluster.database.connect().await;
    // It is reported once it is written down.
    while !sqlx::query_scalar!(
        "select suppressed from subscriptions.subscriber where email = 'gone@example.net'"
    )
    .fetch_one(&mut database)
    .await
    .unwrap()
    {
        tokio::task::yield_now().await;
    }
    // A day of it is given up in a moment.
    sqlx::query!("update notifications.segment set faults = 3, due_at = now() where state = 'waiting'")
        .execute(&mut database)
        .await
        .unwrap();
    let over = page.completed_broadcast(update).await;
    let expected = Progress { planned: 4, sent: 1, bounced: 2, abandoned: 1, ..Default::default() };
    assert_eq!(over.progress, Some(expected));
    page.confirmed(&cluster, "new@example.net").await;

    let told = |reader: &str| {
        let mails = cluster.smtp.mails_to(&format!("{reader}@example.net"));
        mails.iter().filter(|mail| mail.subject().contains("Slow")).count()
    };
    // The second time there is nobody left.
    for _ in 0..2 {
        let resent = resend(&page, &id).await.unwrap();
        assert!(resent.resent_at.is_some() && resent.completed_at.is_none());
        let over = page.completed_broadcast(update).await;
        let expected = Progress { planned: 4, sent: 4, suppressed: 1, ..Default::default() };
        assert_eq!(over.progress, Some(expected));
        let told = ["ada", "full", "gone", "late", "new"].map(told);
        assert_eq!(told, [1, 1, 0, 1, 1]);
    }
    let log = deliveries(&page, &id, Outcome::Unspecified, 2).await;
    assert_eq!(log.len(), 5);
    let suppressed = deliveries(&page, &id, Outcome::Suppressed, 2).await;
    assert_eq!(suppressed.iter().map(|line| line.attempts).collect::<Vec<_>>(), [0]);
    assert!(suppressed[0].reply.contains("no such user"), "its last words: {suppressed:?}");

    let request = ListBroadcastsRequest { page_id: page.id(), ..Default::default() };
    let all = page.caller().broadcasts().list_broadcasts(request).await.unwrap().into_inner().broadcasts;
    let confirmation = all.iter().find(|broadcast| broadcast.kind() == BroadcastKind::Confirmation).unwrap();
    assert_eq!(refused(&resend(&page, &confirmation.broadcast_id).await.unwrap_err()), PRECONDITION);
    let newer = incident.post(Phase::Resolved, "Over.").await;
    page.completed_broadcast(&newer.update_id).await;
    assert_eq!(refused(&resend(&page, &id).await.unwrap_err()), PRECONDITION, "there is something newer");
}
