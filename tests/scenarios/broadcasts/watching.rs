//! Watching a broadcast.

use pharos_tests::{Cluster, PageOf, Shape};
use proto::notifications::v1::{Broadcast, WatchBroadcastRequest, WatchBroadcastResponse};
use rustix::process::Signal;
use tonic::{Code, Streaming};

use super::{pause, planned, resume};

async fn watch(page: &PageOf, broadcast_id: &str) -> Streaming<WatchBroadcastResponse> {
    let request = WatchBroadcastRequest { broadcast_id: broadcast_id.to_owned() };
    page.caller().broadcasts().watch_broadcast(request).await.unwrap().into_inner()
}

async fn heard(watch: &mut Streaming<WatchBroadcastResponse>) -> Option<Broadcast> {
    let next = tokio::time::timeout(pharos_tests::PATIENCE, watch.message());
    next.await.unwrap().unwrap().map(|response| response.broadcast.unwrap())
}

#[tokio::test]
async fn who_watches_hears_of_each_change_until_the_end() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        page.given_confirmed_subscribers(&cluster, 500).await;
        cluster.smtp.hold();
        let incident = page.incident("Slow", &[]).await;
        let id = planned(&page, &incident.first.update_id).await.broadcast_id;
        let mut watches = [watch(&page, &id).await, watch(&page, &id).await];
        for watch in &mut watches {
            let first = heard(watch).await.unwrap();
            assert_eq!((first.broadcast_id, first.progress.unwrap().sent), (id.clone(), 0));
        }
        pause(&page, &id).await.unwrap();
        for watch in &mut watches {
            assert!(heard(watch).await.unwrap().paused_at.is_some(), "{shape:?}");
        }
        cluster.smtp.release();
        resume(&page, &id).await;
        let over = page.completed_broadcast(&incident.first.update_id).await;
        for watch in &mut watches {
            let mut sent = Vec::new();
            let mut last = None;
            while let Some(broadcast) = heard(watch).await {
                sent.push(broadcast.progress.unwrap().sent);
                last = Some(broadcast);
            }
            assert!(sent.is_sorted(), "{sent:?}");
            assert_eq!(last.as_ref(), Some(&over), "{shape:?}");
        }
        let mut late = watch(&page, &id).await;
        assert_eq!(heard(&mut late).await, Some(over));
        assert_eq!(heard(&mut late).await, None);
    }
}

#[tokio::test]
async fn who_watches_is_told_when_the_process_stops() {
    let mut cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.given_confirmed_subscribers(&cluster, 100).await;
    cluster.smtp.hold();
    let incident = page.incident("Slow", &[]).await;
    let id = planned(&page, &incident.first.update_id).await.broadcast_id;
    let mut watch = watch(&page, &id).await;
    heard(&mut watch).await.unwrap();
    cluster.process("notifications").signal(Signal::TERM);
    let ended = loop {
        match tokio::time::timeout(pharos_tests::PATIENCE, watch.message()).await.unwrap() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it did not end yet"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unavailable);
    cluster.smtp.release();
}
