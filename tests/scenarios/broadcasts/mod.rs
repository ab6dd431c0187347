//! What members see of a broadcast, and what they can do about it.

mod deliveries;
mod pausing;
mod resending;
mod watching;

use pharos_tests::{PageOf, eventually};
use proto::{
    common::v1::ErrorReason,
    notifications::v1::{
        Broadcast, Delivery, GetBroadcastRequest, ListDeliveriesRequest, Outcome, PauseBroadcastRequest,
        ResumeBroadcastRequest,
    },
};
use tonic::{Code, Status};

const PRECONDITION: (Code, Option<ErrorReason>) =
    (Code::FailedPrecondition, Some(ErrorReason::FailedPrecondition));

fn refused(status: &Status) -> (Code, Option<ErrorReason>) {
    (status.code(), kit::status::reason(status))
}

async fn planned(page: &PageOf, update: &str) -> Broadcast {
    eventually("the broadcast to be planned", || page.broadcast(update)).await
}

async fn get(page: &PageOf, broadcast_id: &str) -> Broadcast {
    let request = GetBroadcastRequest { broadcast_id: broadcast_id.to_owned() };
    page.caller().broadcasts().get_broadcast(request).await.unwrap().into_inner().broadcast.unwrap()
}

async fn pause(page: &PageOf, broadcast_id: &str) -> Result<Broadcast, Status> {
    let request = PauseBroadcastRequest { broadcast_id: broadcast_id.to_owned() };
    let reply = page.caller().broadcasts().pause_broadcast(request).await?;
    Ok(reply.into_inner().broadcast.unwrap())
}

async fn resume(page: &PageOf, broadcast_id: &str) -> Broadcast {
    let request = ResumeBroadcastRequest { broadcast_id: broadcast_id.to_owned() };
    page.caller().broadcasts().resume_broadcast(request).await.unwrap().into_inner().broadcast.unwrap()
}

/// The whole log, so many at a time.
async fn deliveries(page: &PageOf, broadcast_id: &str, outcome: Outcome, page_size: i32) -> Vec<Delivery> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let broadcast_id = broadcast_id.to_owned();
        let request = ListDeliveriesRequest { broadcast_id, page_size, page_token, outcome: outcome.into() };
        let reply = page.caller().broadcasts().list_deliveries(request).await.unwrap().into_inner();
        assert!(reply.deliveries.len() <= usize::try_from(page_size).unwrap());
        all.extend(reply.deliveries);
        if reply.next_page_token.is_empty() {
            return all;
        }
        page_token = reply.next_page_token;
    }
}
