//! Many who write at once.

use kit::status::reason;
use pharos_tests::{Cluster, Incident};
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{IncidentUpdate, Phase, PostUpdateRequest},
    notifications::v1::ListBroadcastsRequest,
};

/// Posts from sixteen at once; what was accepted.
async fn sixteen_post(incident: &Incident, etag: &str, round: usize) -> Vec<IncidentUpdate> {
    let calls = (0..16).map(|number| {
        let (caller, request) = (
            incident.page.caller(),
            PostUpdateRequest {
                incident_id: incident.incident_id.clone(),
                phase: if number % 5 == 0 { Phase::Resolved } else { Phase::Monitoring }.into(),
                body: format!("{round}.{number}"),
                etag: etag.to_owned(),
                ..Default::default()
            },
        );
        tokio::spawn(async move { caller.incidents().post_update(request).await })
    });
    let mut accepted = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(reply) => accepted.push(reply.into_inner().update.unwrap()),
            Err(refused) => assert_eq!(reason(&refused), Some(ErrorReason::EtagMismatch), "{refused}"),
        }
    }
    accepted
}

#[tokio::test]
async fn sixteen_who_write_at_once_leave_one_chain() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let incident = page.incident("Busy", &[]).await;
    for round in 0..3 {
        let etag = incident.get().await.incident.unwrap().etag;
        let accepted = sixteen_post(&incident, &etag, round).await;
        assert_eq!(accepted.len(), 1, "one of those who saw the same wins");
    }
    let before = incident.get().await.incident.unwrap();
    let accepted = sixteen_post(&incident, "", 3).await;
    assert_eq!(accepted.len(), 16);

    let after = incident.get().await.incident.unwrap();
    let etag = |etag: &str| etag.parse::<i64>().unwrap();
    assert_eq!(etag(&after.etag), etag(&before.etag) + 16);
    assert_eq!(after.updates.len(), 1 + 3 + 16);
    let times =
        after.updates.iter().map(|update| update.displayed_at.unwrap()).map(|at| (at.seconds, at.nanos));
    let mut times = times.collect::<Vec<_>>();
    times.reverse();
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    assert_eq!(after.phase(), after.updates[0].phase());
    assert_eq!(after.resolved_at.is_some(), after.phase() == Phase::Resolved);

    // The order of the story is the order in which the updates were committed, and so handed on.
    cluster.run_until_idle().await;
    let request = ListBroadcastsRequest { page_id: page.id(), page_size: 100, ..Default::default() };
    let broadcasts =
        page.caller().broadcasts().list_broadcasts(request).await.unwrap().into_inner().broadcasts;
    let handed_on = broadcasts.into_iter().map(|broadcast| broadcast.update_id).collect::<Vec<_>>();
    let told = after.updates.into_iter().map(|update| update.update_id).collect::<Vec<_>>();
    assert_eq!(handed_on, told);
}
