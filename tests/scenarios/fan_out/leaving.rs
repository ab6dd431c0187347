//! What people do in the middle of a fan-out.

use std::time::{Duration, Instant};

use pharos_tests::{Crowd, Proxy, Shape};
use proto::{
    incidents::v1::{ComponentStatus, Phase},
    subscriptions::v1::{UnsubscribeRequest, subscription_service_client::SubscriptionServiceClient},
};

use super::Given;

/// After it, whoever has left gets nothing more.
const PROMISED: Duration = Duration::from_secs(5);

#[tokio::test]
async fn who_leaves_in_the_middle_is_handed_nothing_more_than_five_seconds_later() {
    const ALL: usize = 1_200;
    let proxy = Proxy::start().await;
    let mut given = Given::behind(&proxy, Crowd::of(ALL), &[]).await;
    let incident = given.incident().await;
    let first = incident.first.update_id.clone();
    given.telling(&[&first], "before", 0).finish(false).await;
    let everybody = (1..=ALL).map(|number| format!("told{number}@example.net")).collect();
    let leavers = given.seed.some(60, everybody);
    let mails = given.cluster.smtp.mails();
    let tokens = leavers.iter().map(|reader| {
        mails.iter().find(|mail| mail.recipient() == reader).expect("everybody was told").token("/u/")
    });
    let tokens = tokens.collect::<Vec<_>>();

    // Slow enough that most of it goes out more than five seconds later.
    proxy.delay(Duration::from_millis(20));
    let second = incident.post(Phase::Identified, "Found.").await.update_id;
    let updates = [first.as_str(), second.as_str()];
    let telling = given.telling(&updates, "60 unsubscribe in the middle", 0);
    telling.taken(mails.len() + 60).await;
    let mut client = SubscriptionServiceClient::new(given.cluster.channel());
    let mut left_at = Vec::new();
    for token in tokens {
        client.unsubscribe(UnsubscribeRequest { token }).await.unwrap();
        left_at.push(Instant::now());
    }
    telling.finish(false).await;
    telling.check().await;
    let mails = given.cluster.smtp.mails().split_off(mails.len());
    let end = mails.last().unwrap().at;
    assert!(end > left_at[left_at.len() - 1] + PROMISED, "it was over too soon: nothing was tried");
    let mut spared = 0;
    for (reader, left_at) in leavers.iter().zip(left_at) {
        match mails.iter().find(|mail| mail.recipient() == reader) {
            None => spared += 1,
            Some(mail) => {
                let late = mail.at.saturating_duration_since(left_at);
                assert!(late <= PROMISED, "{reader} was handed a mail {late:?} after leaving");
            }
        }
    }
    assert!(spared > 0, "all of them had it before: nothing was tried");
}

#[tokio::test]
async fn a_newer_update_in_the_middle_of_an_older_one_reaches_everybody_and_never_before_it() {
    const ALL: usize = 3_000;
    let given = Given::crowd(Shape::OneProcessEach, Crowd::of(ALL), &[]).await;
    let other = given.cluster.another("notifications", &[]);
    let (api, store) = (given.page.component("API").await, given.page.component("Store").await);
    let choosy = [(&api, 100), (&store, 100)];
    given.page.given_crowd(&given.cluster, Crowd { choosy: &choosy, ..Crowd::default() }, &given.seed).await;
    let incident = given.page.incident("Slow", &[(&api, ComponentStatus::PartialOutage)]).await;
    let first = incident.first.update_id.clone();
    given.telling(&[&first], "newer", 0).taken(ALL / 4).await;
    let second = incident.post(Phase::Identified, "Found.").await.update_id;
    let third = incident.post(Phase::Resolved, "Over.").await.update_id;
    let updates = [first.as_str(), second.as_str(), third.as_str()];
    let telling = given.telling(&updates, "two newer updates in the middle", 0);
    telling.finish(false).await;
    let found = telling.check().await;
    assert_eq!(found.count(2, "sent"), ALL + 100, "those of the page, and those who chose the component");
    assert!(found.count(0, "superseded") > 0, "the older one was over: nothing was tried");
    drop(other);
}
