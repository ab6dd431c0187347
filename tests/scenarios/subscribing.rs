//! Coming on a page's list, and off it.

use pharos_tests::{Cluster, signed};
use proto::subscriptions::v1::{
    ConfirmRequest, ListSubscribersRequest, SubscribeRequest, SubscriberState, UnsubscribeRequest,
    subscriber_service_client::SubscriberServiceClient,
    subscription_service_client::SubscriptionServiceClient,
};
use tonic::Code;

use crate::telling::post;

#[tokio::test]
async fn the_answer_is_the_same_whatever_the_state_of_the_address() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "confirmed@example.net").await;
    page.subscribe("pending@example.net").await;
    page.confirmed(&cluster, "gone@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let token = cluster.smtp.mail_to("gone@example.net", 1).await.token("/u/");
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    client.unsubscribe(UnsubscribeRequest { token }).await.unwrap();

    let mut answers = Vec::new();
    for address in ["new", "pending", "confirmed", "gone"] {
        let email = format!("{address}@example.net");
        let request = SubscribeRequest { page_id: page.id(), email, ..Default::default() };
        let answer = client.subscribe(request).await.unwrap();
        let mut headers = answer.metadata().clone().into_headers();
        headers.remove("date");
        answers.push((format!("{headers:?}"), answer.into_inner()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    cluster.run_until_idle().await;
    // Nobody but the new one got a mail for it: a confirmation is sent at most once in 24 hours.
    assert_eq!(cluster.smtp.mails_to("new@example.net").len(), 1);
    assert_eq!(cluster.smtp.mails_to("pending@example.net").len(), 1);
    assert_eq!(cluster.smtp.mails_to("gone@example.net").len(), 2);
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing_and_posting_to_it_twice_is_harmless() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.subscribe("ada@example.net").await;
    let confirm = cluster.smtp.mail_to("ada@example.net", 0).await.token("/c/");

    assert_eq!(cluster.get(&format!("/c/{confirm}")).await.0, 200);
    assert_eq!(state(&cluster, &page).await, SubscriberState::Pending);
    for _ in 0..2 {
        assert_eq!(post(&cluster, &format!("/c/{confirm}"), "").await.0, 200);
        assert_eq!(state(&cluster, &page).await, SubscriberState::Confirmed);
    }

    let incident = page.incident("Slow", &[]).await;
    page.completed_broadcast(&incident.first.update_id).await;
    let leave = cluster.smtp.mail_to("ada@example.net", 1).await.token("/u/");
    assert_eq!(cluster.get(&format!("/u/{leave}")).await.0, 200);
    assert_eq!(state(&cluster, &page).await, SubscriberState::Confirmed);
    for _ in 0..2 {
        assert_eq!(post(&cluster, &format!("/u/{leave}"), "List-Unsubscribe=One-Click").await.0, 200);
        assert_eq!(state(&cluster, &page).await, SubscriberState::Unsubscribed);
    }
    // A link from before cannot bring back somebody who left.
    assert_eq!(post(&cluster, &format!("/c/{confirm}"), "").await.0, 404);
    assert_eq!(state(&cluster, &page).await, SubscriberState::Unsubscribed);
}

#[tokio::test]
async fn a_token_that_was_made_up_or_altered_is_not_found() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.subscribe("ada@example.net").await;
    let good = cluster.smtp.mail_to("ada@example.net", 0).await.token("/c/");
    let altered =
        if good.ends_with('A') { good.replace('A', "B") } else { format!("{}A", &good[..good.len() - 1]) };
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    for token in [altered, "x".repeat(66), "%%%".to_owned()] {
        let refused = client.confirm(ConfirmRequest { token: token.clone() }).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{token}");
        let refused = client.unsubscribe(UnsubscribeRequest { token }).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
    }
    // A token to confirm does not unsubscribe.
    let refused = client.unsubscribe(UnsubscribeRequest { token: good }).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn nothing_that_the_requester_typed_is_in_the_confirmation_but_the_address_on_the_envelope() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.subscribe("Buy.Pills+now@example.net").await;
    let mail = cluster.smtp.mail_to("buy.pills+now@example.net", 0).await;
    let (_, body) = mail.raw.split_once("\r\n\r\n").unwrap();
    assert!(!body.to_lowercase().contains("pills"), "{body}");
}

#[tokio::test]
async fn an_address_gets_three_confirmations_a_day_over_all_companies_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    for (count, slug) in ["one", "two", "three", "four"].into_iter().enumerate() {
        let page = cluster.company(slug).await.page(slug).await;
        page.subscribe("ada@example.net").await;
        cluster.run_until_idle().await;
        assert_eq!(cluster.smtp.mails_to("ada@example.net").len(), (count + 1).min(3), "{slug}");
    }
}

#[tokio::test]
async fn a_thousand_newcomers_an_hour_come_on_a_page_and_no_more() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let page_id: kit::ids::PageId = page.id().parse().unwrap();
    sqlx::query!(
        "insert into subscriptions.subscriber
             (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at)
         select $1, gen_random_uuid(), $2, 'n' || number || '@example.net', 'en', 'pending', 1, now()
         from generate_series(1, 999) number",
        page.company.tenant().uuid(),
        page_id.uuid(),
    )
    .execute(&mut cluster.database.connect().await)
    .await
    .unwrap();
    page.subscribe("in-time@example.net").await;
    page.subscribe("late@example.net").await;
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("in-time@example.net").len(), 1);
    assert!(cluster.smtp.mails_to("late@example.net").is_empty());

    // More than an hour later, as the database sees it.
    sqlx::query!("update subscriptions.subscriber set created_at = created_at - interval '61 minutes'")
        .execute(&mut cluster.database.connect().await)
        .await
        .unwrap();
    page.subscribe("late@example.net").await;
    cluster.smtp.mail_to("late@example.net", 0).await;
}

#[tokio::test]
async fn every_request_leaves_the_same_trace_whatever_the_state_of_the_address() {
    let mut cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "confirmed@example.net").await;
    page.subscribe("pending@example.net").await;
    cluster.run_until_idle().await;
    // Nobody takes the events away while they are counted.
    cluster.process("notifications").signal(rustix::process::Signal::STOP);
    let mut listener = sqlx::postgres::PgListener::connect_with(
        &sqlx::postgres::PgPoolOptions::new().connect_with(cluster.database.owner()).await.unwrap(),
    )
    .await
    .unwrap();
    listener.listen("subscriptions_outbox").await.unwrap();
    for reader in ["new", "pending", "confirmed"] {
        page.subscribe(&format!("{reader}@example.net")).await;
        listener.recv().await.unwrap();
    }
    cluster.process("notifications").signal(rustix::process::Signal::CONT);
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.mails_to("new@example.net").len(), 1);
    assert_eq!(cluster.smtp.mails_to("pending@example.net").len(), 1);
    assert_eq!(cluster.smtp.mails_to("confirmed@example.net").len(), 1);
}

async fn state(cluster: &Cluster, page: &pharos_tests::PageOf) -> SubscriberState {
    let request = ListSubscribersRequest { page_id: page.id(), ..Default::default() };
    let mut client = SubscriberServiceClient::new(cluster.channel());
    let listed = client.list_subscribers(signed(page.company.token(), request)).await.unwrap().into_inner();
    listed.subscribers[0].state()
}
