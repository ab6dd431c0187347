//! What comes back of mails, and whom it is of.

use pharos_tests::{Cluster, PageOf, eventually};
use proto::{
    internal::v1::{AudiencePart, FeedbackKind, ReportFeedbackRequest},
    subscriptions::v1::{UnsubscribeRequest, subscription_service_client::SubscriptionServiceClient},
};
use tonic::Code;

use super::{Asking, broadcast, listed};

#[tokio::test]
async fn an_address_that_complains_or_is_not_there_is_suppressed_on_all_pages_of_the_tenant_at_once() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, second) = (company.page("acme").await, company.page("second").await);
    let stranger = cluster.company("Other").await.page("other").await;
    for page in [&page, &second, &stranger] {
        page.confirmed(&cluster, "ada@example.net").await;
    }
    page.confirmed(&cluster, "bob@example.net").await;
    let mine = Asking::of(&cluster, &page, &[]);
    let (ada, bob) = (mine.find("Ada@Example.NET").await, mine.find("bob@example.net").await);
    assert!(mine.report(&ada, FeedbackKind::Complaint, broadcast()).await);
    assert!(mine.report(&bob, FeedbackKind::NoSuchAddress, broadcast()).await);
    assert!(mine.report(&bob, FeedbackKind::MailboxFull, broadcast()).await, "it is by now");

    let suppressed = async |page: &PageOf| {
        let read = Asking::of(&cluster, page, &[]).read_part(AudiencePart::Page).await;
        read.iter().map(|each| each.suppressed).collect::<Vec<_>>()
    };
    assert_eq!(suppressed(&page).await, [true, true]);
    assert_eq!(suppressed(&second).await, [true]);
    assert_eq!(suppressed(&stranger).await, [false]);
    let reasons = sqlx::query_scalar!(
        r#"select reason::text || ' ' || reply as "reason!" from subscriptions.suppression order by email"#
    );
    let reasons = reasons.fetch_all(&mut cluster.database.connect().await).await.unwrap();
    assert_eq!(reasons, ["complained 552 5.2.2 over quota", "bounced 552 5.2.2 over quota"]);

    // It is sent no link either, on a page where it is not known.
    let third = company.page("third").await;
    third.subscribe("bob@example.net").await;
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("bob@example.net").len(), 1);

    let nobody = ReportFeedbackRequest {
        tenant_id: stranger.company.tenant().to_string(),
        subscriber_id: ada,
        reply: String::new(),
        kind: FeedbackKind::Complaint.into(),
        broadcast_id: broadcast().to_string(),
    };
    let mut client = mine.client();
    assert_eq!(client.report_feedback(mine.sign(nobody)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_mailbox_that_was_full_for_five_broadcasts_in_fourteen_days_is_suppressed() {
    let mut cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let asking = Asking::of(&cluster, &page, &[]);
    let ada = asking.find("ada@example.net").await;
    let full = async |broadcast| asking.report(&ada, FeedbackKind::MailboxFull, broadcast).await;
    let same = broadcast();
    for _ in 0..6 {
        assert!(!full(same).await, "one broadcast counts once");
    }
    for _ in 0..3 {
        assert!(!full(broadcast()).await);
    }
    // Four are 14 days old: they count no more, and four others do not suffice.
    let mut database = cluster.database.connect().await;
    sqlx::query!("update subscriptions.full_mailbox set reported_at = reported_at - interval '14 days'")
        .execute(&mut database)
        .await
        .unwrap();
    for _ in 0..4 {
        assert!(!full(broadcast()).await);
    }
    // A minute less than 14 days.
    sqlx::query!(
        "update subscriptions.full_mailbox set reported_at = reported_at - interval '13 days 23 hours 59 minutes'
         where reported_at > now() - interval '1 hour'"
    )
    .execute(&mut database)
    .await
    .unwrap();
    assert!(full(broadcast()).await);
    assert!(asking.read_part(AudiencePart::Page).await[0].suppressed);
    assert!(listed(&page).await[0].suppressed);

    // What counts no more is deleted.
    cluster.restart("subscriptions");
    cluster.wait_until_ready().await;
    eventually("the old ones to be deleted", || async {
        let left = sqlx::query_scalar!(r#"select count(*) as "count!" from subscriptions.full_mailbox"#);
        (left.fetch_one(&mut cluster.database.connect().await).await.unwrap() == 5).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_subscriber_is_found_by_its_address_whatever_its_state() {
    let cluster = Cluster::all_in_one().await;
    let company = cluster.company("Acme").await;
    let (page, other) = (company.page("acme").await, company.page("other").await);
    page.confirmed(&cluster, "confirmed@example.net").await;
    page.subscribe("pending@example.net").await;
    page.confirmed(&cluster, "gone@example.net").await;
    let read = Asking::of(&cluster, &page, &[]).read_part(AudiencePart::Page).await;
    let token = read.iter().find(|each| each.email == "gone@example.net").unwrap().token.clone();
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    client.unsubscribe(UnsubscribeRequest { token }).await.unwrap();

    let (on_page, on_other) = (Asking::of(&cluster, &page, &[]), Asking::of(&cluster, &other, &[]));
    for subscriber in listed(&page).await {
        assert_eq!(on_page.find(&subscriber.email).await, subscriber.subscriber_id);
        assert_eq!(on_page.find(&subscriber.email.to_uppercase()).await, subscriber.subscriber_id);
        assert_eq!(on_other.find(&subscriber.email).await, "");
    }
    for unknown in ["nobody@example.net", "nö@example.net", "no address"] {
        assert_eq!(on_page.find(unknown).await, "", "{unknown}");
    }
}
