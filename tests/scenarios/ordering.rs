//! Updates of one incident reach a subscriber in order, or not at all; and nobody waits behind a crowd.

use std::collections::HashMap;

use pharos_tests::{Cluster, Shape, eventually, signed};
use proto::incidents::v1::{Phase, PostUpdateRequest, incident_service_client::IncidentServiceClient};

#[tokio::test]
async fn who_has_not_had_the_older_update_gets_the_newer_one_and_never_the_older_after_it() {
    let cluster =
        Cluster::start_with(Shape::AllInOne, &[("PHAROS__NOTIFICATIONS__SEGMENT_SIZE", "50")]).await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, 1_000).await;

    let incident = page.incident("Slow", &[]).await;
    cluster.smtp.wait_for(30).await;
    // In the middle of the first, before anybody behind had it, the other two are planned.
    cluster.smtp.hold();
    let second = incident.post(Phase::Identified, "Found.").await;
    eventually("the second to be planned", || page.broadcast(&second.update_id)).await;
    let third = incident.post(Phase::Resolved, "Over.").await;
    eventually("the third to be planned", || page.broadcast(&third.update_id)).await;
    cluster.smtp.release();
    let last = page.completed_broadcast(&third.update_id).await.progress.unwrap();
    cluster.run_until_idle().await;

    assert_eq!(last.sent, 1_000, "everybody hears the end");
    for update in [&incident.first.update_id, &second.update_id] {
        let progress = page.completed_broadcast(update).await.progress.unwrap();
        assert_eq!(progress.sent + progress.superseded, 1_000, "{progress:?}");
        assert!(progress.superseded > 500, "{progress:?}");
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
    let cluster = Cluster::all_in_one().await;
    let big = cluster.company("Big").await.page("big").await;
    big.given_confirmed_subscribers(&cluster, 9_000).await;
    let small = cluster.company("Small").await.page("small").await;
    small.given_confirmed_subscribers(&cluster, 10).await;

    let flood = big.incident("Everything is down", &[]).await;
    cluster.smtp.wait_for(10).await;
    cluster.smtp.hold();
    let ours = small.incident("A little slow", &[]).await;
    eventually("the small one to be planned", || small.broadcast(&ours.first.update_id)).await;
    let before = cluster.smtp.accepted();
    cluster.smtp.release();
    small.completed_broadcast(&ours.first.update_id).await;
    big.completed_broadcast(&flood.first.update_id).await;

    let mails = cluster.smtp.mails();
    let last_of_ours = mails.iter().rposition(|mail| mail.subject().contains("A little slow")).unwrap();
    // Four connections with a segment of 500 each; while one takes ours up and sends it, the others may begin another.
    let behind = last_of_ours - before;
    assert!(behind < 2 * 4 * 500, "{behind} mails went out before");
    assert!(mails.len() - last_of_ours > 2_000, "the flood was over: nothing was tried");
}

#[tokio::test]
async fn a_back_dated_update_is_told_on_the_page_and_mailed_to_nobody() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.confirmed(&cluster, "ada@example.net").await;
    let incident = page.incident("Slow", &[]).await;
    let resolved = incident.post(Phase::Resolved, "Over.").await;
    page.completed_broadcast(&resolved.update_id).await;
    let before = cluster.smtp.accepted();

    let yesterday = resolved.displayed_at.unwrap().seconds - 86_400;
    let request = PostUpdateRequest {
        incident_id: incident.incident_id.clone(),
        phase: Phase::Identified.into(),
        body: "Found yesterday.".into(),
        displayed_at: Some(prost_types::Timestamp { seconds: yesterday, nanos: 0 }),
        ..Default::default()
    };
    let mut client = IncidentServiceClient::new(cluster.channel());
    let posted = client.post_update(signed(page.company.token(), request)).await.unwrap().into_inner();
    assert!(posted.update.unwrap().silent);
    assert_eq!(posted.incident.unwrap().phase(), Phase::Resolved, "a back-dated update never wins");
    cluster.run_until_idle().await;
    assert_eq!(cluster.smtp.accepted(), before);
    let (_, html) = cluster.get(&format!("/p/acme/incidents/{}", incident.incident_id)).await;
    assert!(html.contains("Found yesterday."));
}
