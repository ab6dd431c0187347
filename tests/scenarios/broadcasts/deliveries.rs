//! The log: what became of each mail.

use std::collections::{HashMap, HashSet};

use pharos_tests::{Cluster, Crowd, PageOf, Seed, Shape, eventually};
use proto::{
    incidents::v1::ComponentStatus,
    notifications::v1::{Delivery, FeedbackKind, FindDeliveriesRequest, Outcome},
};
use smtp::server::Reply;

use super::{deliveries, get, planned};

async fn find(page: &PageOf, email: &str) -> Vec<Delivery> {
    let request = FindDeliveriesRequest { page_id: page.id(), email: email.to_owned(), ..Default::default() };
    page.caller().broadcasts().find_deliveries(request).await.unwrap().into_inner().deliveries
}

#[tokio::test]
async fn a_delivery_is_found_by_its_address_with_the_servers_own_words() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, 60).await;
    page.confirmed(&cluster, "full@example.net").await;
    cluster.smtp.answer("full@example.net", [Reply::say(552, "5.2.2 no room for this one")]);
    let incident = page.incident("Slow", &[]).await;
    let over = page.completed_broadcast(&incident.first.update_id).await;

    // Its confirmation is a mail to it too.
    let found = find(&page, "Full@Example.net").await;
    let outcomes = found.iter().map(Delivery::outcome).collect::<Vec<_>>();
    assert_eq!(outcomes, [Outcome::Bounced, Outcome::Sent]);
    assert_eq!(found[0].broadcast_id, over.broadcast_id);
    assert_eq!(found[0].attempts, 1);
    assert!(found[0].reply.contains("no room for this one"), "{found:?}");
    assert_eq!(find(&page, "nobody@example.net").await, []);

    let [reader] = find(&page, "reader7@example.net").await.try_into().unwrap();
    assert_eq!(reader.outcome(), Outcome::Sent);
    // It came back, and its reader complained: two that know nothing of each other.
    sqlx::query!(
        "insert into notifications.feedback
             (tenant_id, broadcast_id, recipient_id, kind, status, diagnostic, received_at)
         select $1, $2, subscriber_id, kind::notifications.feedback_kind, '5.1.1', 'it was ' || kind,
                now() + make_interval(secs => place)
         from subscriptions.subscriber, unnest(array ['complained', 'returned']) with ordinality as back (kind, place)
         where tenant_id = $1 and email = 'reader7@example.net'",
        page.company.tenant().uuid(),
        over.broadcast_id.parse::<kit::ids::BroadcastId>().unwrap().uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    let [reader] = find(&page, "reader7@example.net").await.try_into().unwrap();
    assert_eq!((reader.outcome(), reader.reply.as_str()), (Outcome::Bounced, "it was returned"));
    let kinds = reader.feedback.iter().map(|feedback| feedback.kind()).collect::<Vec<_>>();
    assert_eq!(kinds, [FeedbackKind::Complained, FeedbackKind::Returned]);
    let progress = get(&page, &over.broadcast_id).await.progress.unwrap();
    assert_eq!((progress.sent, progress.bounced, progress.complained), (59, 2, 1));

    let bounced = deliveries(&page, &over.broadcast_id, Outcome::Bounced, 1).await;
    assert_eq!(bounced.len(), 2);
    assert!(bounced.contains(&reader));
    let log = deliveries(&page, &over.broadcast_id, Outcome::Unspecified, 7).await;
    assert_eq!(log.len(), 61);
    assert!(log.is_sorted_by(|one, next| one.subscriber_id < next.subscriber_id));
    let by_id = log.iter().map(|line| (line.subscriber_id.as_str(), line)).collect::<HashMap<_, _>>();
    assert_eq!(by_id[found[0].subscriber_id.as_str()], &found[0]);
}

#[tokio::test]
async fn the_log_is_whole_where_those_of_the_page_and_those_who_chose_components_are_mixed() {
    const TOLD: usize = 150;
    const CHOOSY: usize = 9;
    let settings = [("PHAROS__NOTIFICATIONS__FLUSH", "3"), ("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "40")];
    let cluster = Cluster::start_with(Shape::AllInOne, &settings).await;
    let page = cluster.company("Acme").await.page("acme").await;
    let api = page.component("API").await;
    let choosy = [(&api, CHOOSY)];
    let crowd = Crowd { told: TOLD, choosy: &choosy, ..Crowd::default() };
    page.given_crowd(&cluster, crowd, &Seed::new()).await;
    let put_off = ["told1", "told2", "choosy0x1"].map(|name| format!("{name}@example.net"));
    for reader in &put_off {
        cluster
            .smtp
            .answer(reader, [Reply::say(450, "4.2.0 come again"), Reply::say(450, "4.2.0 and again")]);
    }
    let incident = page.incident("Slow", &[(&api, ComponentStatus::MajorOutage)]).await;
    let id = planned(&page, &incident.first.update_id).await.broadcast_id;
    // Once more at once, then not for a while.
    eventually("three to be put off twice", || async {
        let mut database = cluster.database.connect().await;
        sqlx::query!(
            "update notifications.segment set due_at = now() where state = 'waiting' and generation = 2"
        )
        .execute(&mut database)
        .await
        .unwrap();
        let waiting = sqlx::query_scalar!(
            r#"select coalesce(sum(planned), 0) as "count!" from notifications.segment
               where state = 'waiting' and generation = 3"#
        );
        (waiting.fetch_one(&mut database).await.unwrap() == 3).then_some(())
    })
    .await;
    let sent = TOLD + CHOOSY - put_off.len();
    eventually("all others to have it", || async {
        let progress = get(&page, &id).await.progress.unwrap();
        assert!(progress.deferred <= 3, "{progress:?}");
        (progress.sent == i64::try_from(sent).unwrap() && progress.deferred == 3).then_some(())
    })
    .await;

    for page_size in [1, 7, 1000] {
        let log = deliveries(&page, &id, Outcome::Unspecified, page_size).await;
        assert_eq!(log.len(), TOLD + CHOOSY);
        assert!(log.is_sorted_by(|one, next| one.subscriber_id < next.subscriber_id));
    }
    let waiting = deliveries(&page, &id, Outcome::Deferred, 2).await;
    let mut found = HashSet::new();
    let told = (1..=TOLD).map(|number| format!("told{number}@example.net"));
    for reader in told.chain((1..=CHOOSY).map(|number| format!("choosy0x{number}@example.net"))) {
        let [delivery] = find(&page, &reader).await.try_into().unwrap();
        if put_off.contains(&reader) {
            assert_eq!((delivery.outcome(), delivery.attempts), (Outcome::Deferred, 2), "{reader}");
            assert!(waiting.contains(&delivery) && delivery.reply.contains("and again"), "{delivery:?}");
        } else {
            assert_eq!((delivery.outcome(), delivery.attempts), (Outcome::Sent, 1), "{reader}");
        }
        found.insert(delivery.subscriber_id);
    }
    assert_eq!(found.len(), TOLD + CHOOSY);
    assert_eq!(waiting.len(), put_off.len());
}
