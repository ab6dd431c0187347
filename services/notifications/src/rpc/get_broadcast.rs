//! `BroadcastService.GetBroadcast`.

use kit::caller::Member;
use proto::notifications::v1::{GetBroadcastRequest, GetBroadcastResponse};

use super::{Rpc, convert, read};
use crate::error::Error;

pub(super) async fn get_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: GetBroadcastRequest,
) -> Result<GetBroadcastResponse, Error> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let standing = read::standing(&mut tx, caller.tenant, id).await?;
    tx.commit().await?;
    Ok(GetBroadcastResponse { broadcast: Some(convert::broadcast(&standing)) })
}
