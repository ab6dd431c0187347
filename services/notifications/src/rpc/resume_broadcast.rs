//! `BroadcastService.ResumeBroadcast`.

use kit::caller::Member;
use proto::notifications::v1::{ResumeBroadcastRequest, ResumeBroadcastResponse};

use super::{Rpc, convert, read};
use crate::{
    error::Error,
    store::{broadcasts, segments},
};

pub(super) async fn resume_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: ResumeBroadcastRequest,
) -> Result<ResumeBroadcastResponse, Error> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let standing = read::locked(&mut tx, caller.tenant, id).await?;
    if standing.is_paused() {
        broadcasts::resume(&mut tx, caller.tenant, id).await?;
        segments::wake(&mut tx).await?;
    }
    let standing = read::standing(&mut tx, caller.tenant, id).await?;
    tx.commit().await?;
    Ok(ResumeBroadcastResponse { broadcast: Some(convert::broadcast(&standing)) })
}
