//! `BroadcastService.PauseBroadcast`.

use kit::caller::Member;
use proto::notifications::v1::{PauseBroadcastRequest, PauseBroadcastResponse};

use super::{Rpc, convert, read};
use crate::{error::Error, store::broadcasts};

pub(super) async fn pause_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: PauseBroadcastRequest,
) -> Result<PauseBroadcastResponse, Error> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let standing = read::locked(&mut tx, caller.tenant, id).await?;
    if standing.broadcast.completed_at.is_some() {
        return Err(Error::Precondition("the broadcast has ended"));
    }
    if !standing.is_paused() {
        broadcasts::pause(&mut tx, caller.tenant, id, rpc.clock.now()).await?;
    }
    let standing = read::standing(&mut tx, caller.tenant, id).await?;
    tx.commit().await?;
    Ok(PauseBroadcastResponse { broadcast: Some(convert::broadcast(&standing)) })
}
