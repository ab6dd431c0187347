//! What the mail server says decides how a delivery ends.

use pharos_tests::{Cluster, eventually, signed};
use proto::{
    incidents::v1::Phase,
    notifications::v1::{
        Delivery, ListDeliveriesRequest, Outcome, broadcast_service_client::BroadcastServiceClient,
    },
};
use smtp::server::Reply;

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
async fn a_refusal_over_our_reputation_pauses_that_provider_and_suppresses_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    page.confirmed(&cluster, "grace@example.org").await;
    cluster.smtp.answer("ada@example.net", [Reply::say(554, "5.7.1 your network is not welcome")]);
    let incident = page.incident("Slow", &[]).await;
    let one_of_two = async |update: &str| {
        eventually("one to have it, and the other to be put off", || async {
            let progress = page.broadcast(update).await?.progress?;
            (progress.deferred == 1 && progress.sent == 1).then_some(progress)
        })
        .await
    };
    one_of_two(&incident.first.update_id).await;
    let second = incident.post(Phase::Resolved, "Over.").await;
    let progress = one_of_two(&second.update_id).await;
    assert_eq!((progress.bounced, progress.suppressed), (0, 0));
}

#[tokio::test]
async fn a_server_that_leaves_over_one_recipient_holds_nobody_else_up() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for reader in ["ada", "bad", "grace"] {
        page.confirmed(&cluster, &format!("{reader}@example.net")).await;
    }
    let leaving = (0..20).map(|_| Reply::say(421, "4.7.28 not this one"));
    cluster.smtp.answer("bad@example.net", leaving);
    let incident = page.incident("Slow", &[]).await;
    let progress = eventually("the others to be told", || async {
        let progress = page.broadcast(&incident.first.update_id).await?.progress?;
        (progress.sent == 2 && progress.deferred == 1).then_some(progress)
    });
    assert_eq!(progress.await.bounced, 0);
}

#[tokio::test]
async fn who_leaves_before_the_next_try_has_an_outcome_and_gets_no_mail() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "busy@example.net").await;
    let first = page.incident("Slow", &[]).await;
    page.completed_broadcast(&first.first.update_id).await;
    let token = cluster.smtp.mail_to("busy@example.net", 1).await.token("/u/");

    cluster.smtp.answer("busy@example.net", [Reply::say(451, "4.3.0 try again later")]);
    let second = page.incident("Slow again", &[]).await;
    eventually("the deferral", || async {
        (page.broadcast(&second.first.update_id).await?.progress?.deferred == 1).then_some(())
    })
    .await;
    let mut client = proto::subscriptions::v1::subscription_service_client::SubscriptionServiceClient::new(
        cluster.channel(),
    );
    client.unsubscribe(proto::subscriptions::v1::UnsubscribeRequest { token }).await.unwrap();
    let mut database = cluster.database.connect().await;
    sqlx::query!(
        "update notifications.segment set due_at = due_at - interval '72 seconds' where done_at is null"
    )
    .execute(&mut database)
    .await
    .unwrap();
    let over = page.completed_broadcast(&second.first.update_id).await;
    let progress = over.progress.unwrap();
    assert_eq!((progress.sent, progress.deferred, progress.suppressed), (0, 0, 1));
    let log = deliveries(&page, &over.broadcast_id).await;
    assert_eq!(log[0].outcome(), Outcome::Suppressed);
    assert!(log[0].reply.starts_with("451"), "what the server said stays: {}", log[0].reply);
    assert_eq!(cluster.smtp.mails_to("busy@example.net").len(), 2);
}

#[tokio::test]
async fn an_update_that_was_put_off_is_not_sent_after_a_newer_one() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "busy@example.net").await;
    cluster.smtp.answer("busy@example.net", [Reply::say(451, "4.3.0 try again later")]);
    let incident = page.incident("Slow", &[]).await;
    eventually("the deferral", || async {
        (page.broadcast(&incident.first.update_id).await?.progress?.deferred == 1).then_some(())
    })
    .await;
    let newer = incident.post(Phase::Resolved, "Over.").await;
    page.completed_broadcast(&newer.update_id).await;
    let older = page.completed_broadcast(&incident.first.update_id).await.progress.unwrap();
    assert_eq!((older.sent, older.superseded, older.deferred), (0, 1, 0));
    let subjects = cluster
        .smtp
        .mails_to("busy@example.net")
        .iter()
        .skip(1)
        .map(|mail| mail.subject())
        .collect::<Vec<_>>();
    assert_eq!(subjects, ["[Acme status] Slow: Resolved"]);
}

#[tokio::test]
async fn a_page_whose_time_zone_nobody_knows_is_told_of_in_utc() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let mut database = cluster.database.connect().await;
    sqlx::query!("update tenants.page set time_zone = 'Mars/Olympus_Mons' where slug = 'acme'")
        .execute(&mut database)
        .await
        .unwrap();
    let incident = page.incident("Slow", &[]).await;
    let progress = page.completed_broadcast(&incident.first.update_id).await.progress.unwrap();
    assert_eq!((progress.sent, progress.abandoned), (1, 0));
    let mail = cluster.smtp.mail_to("ada@example.net", 1).await;
    assert!(mail.text().contains(" UTC"), "{}", mail.text());
}

#[tokio::test]
async fn who_unsubscribes_while_the_mail_server_is_slow_gets_nothing_more() {
    let cluster =
        Cluster::start_with(pharos_tests::Shape::AllInOne, &[("PHAROS__NOTIFICATIONS__CONNECTIONS", "1")])
            .await;
    let page = cluster.company("Acme").await.page("acme").await;
    let readers = ["a@example.net", "b@example.net", "c@example.net"];
    for reader in readers {
        page.confirmed(&cluster, reader).await;
    }
    let first = page.incident("Slow", &[]).await;
    page.completed_broadcast(&first.first.update_id).await;
    let before = cluster.smtp.accepted();

    cluster.smtp.hold();
    let second = page.incident("Slow again", &[]).await;
    let mut database = cluster.database.connect().await;
    let mut client = proto::subscriptions::v1::subscription_service_client::SubscriptionServiceClient::new(
        cluster.channel(),
    );
    let lease = async |database: &mut sqlx::PgConnection| {
        sqlx::query_scalar!(
            "select extract(epoch from max(leased_until))::float8 from notifications.segment where done_at is null"
        )
        .fetch_one(database)
        .await
        .unwrap()
    };
    let deadline = tokio::time::Instant::now() + pharos_tests::PATIENCE;
    let mut at_first = None;
    while at_first.is_none() {
        assert!(tokio::time::Instant::now() < deadline, "nobody takes the segment");
        at_first = lease(&mut database).await;
    }
    for reader in readers {
        let token = cluster.smtp.mail_to(reader, 1).await.token("/u/");
        client.unsubscribe(proto::subscriptions::v1::UnsubscribeRequest { token }).await.unwrap();
    }
    // The sender has waited so long that it prolonged its lease: what it read is too old by then.
    while lease(&mut database).await == at_first {
        assert!(tokio::time::Instant::now() < deadline, "the lease is not prolonged");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    cluster.smtp.release();
    page.completed_broadcast(&second.first.update_id).await;
    assert_eq!(cluster.smtp.accepted(), before, "somebody was mailed after leaving");
}

async fn deliveries(page: &pharos_tests::PageOf, broadcast: &str) -> Vec<Delivery> {
    let request = ListDeliveriesRequest { broadcast_id: broadcast.to_owned(), ..Default::default() };
    let mut client = BroadcastServiceClient::new(page.company.channel.clone());
    client.list_deliveries(signed(page.company.token(), request)).await.unwrap().into_inner().deliveries
}
