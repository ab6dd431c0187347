//! `BroadcastService.GetBroadcast`.

use kit::{caller::Member, ids::BroadcastId};
use proto::notifications::v1::{GetBroadcastRequest, GetBroadcastResponse};

use super::{Rpc, convert};
use crate::{
    error::Error,
    store::{broadcasts, segments},
};

pub(super) async fn get_broadcast(
    rpc: &Rpc,
    caller: Member,
    request: GetBroadcastRequest,
) -> Result<GetBroadcastResponse, Error> {
    let id: BroadcastId =
        request.broadcast_id.parse().map_err(|error| Error::invalid("broadcast_id", error))?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let broadcast = broadcasts::find(&mut tx, caller.tenant, id).await?.ok_or(Error::NotFound)?;
    let progress = segments::progress(&mut tx, &[id]).await?.remove(&id).unwrap_or_default();
    tx.commit().await?;

    Ok(GetBroadcastResponse { broadcast: Some(convert::broadcast(&broadcast, progress)) })
}
