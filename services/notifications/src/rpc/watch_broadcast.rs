//! `BroadcastService.WatchBroadcast`.

use std::pin::Pin;

use kit::{caller::Member, status};
use proto::{
    common::v1::ErrorReason,
    notifications::v1::{WatchBroadcastRequest, WatchBroadcastResponse},
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Status};

use super::{Rpc, convert, read};
use crate::error::Error;

/// What a watcher hears.
pub(super) type Answers = Pin<Box<dyn Stream<Item = Result<WatchBroadcastResponse, Status>> + Send>>;

pub(super) async fn watch_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: WatchBroadcastRequest,
) -> Result<Answers, Status> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let look = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let standing = read::standing(&mut tx, caller.tenant, id).await?;
        tx.commit().await?;
        Ok::<_, Error>(standing)
    };
    let changes = rpc.watchers.watch(caller.tenant, look.await?);
    let changes = changes.ok_or_else(|| {
        let message = "too many broadcasts are watched at once; try again, or ask for this one now and then";
        status::refusal(Code::ResourceExhausted, ErrorReason::Overloaded, message)
    })?;
    Ok(Box::pin(
        changes.map(|standing| Ok(WatchBroadcastResponse { broadcast: Some(convert::broadcast(&standing)) })),
    ))
}
