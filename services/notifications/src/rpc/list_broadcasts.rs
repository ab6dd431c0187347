//! `BroadcastService.ListBroadcasts`.

use kit::{
    caller::Member,
    ids::UpdateId,
    paging::{self, Cursor},
};
use proto::notifications::v1::{ListBroadcastsRequest, ListBroadcastsResponse};

use super::{Rpc, convert, read};
use crate::{error::Error, store::broadcasts};

const DEFAULT_SIZE: i64 = 25;

pub(super) async fn list_broadcasts(
    rpc: &Rpc,
    caller: Member,
    request: ListBroadcastsRequest,
) -> Result<ListBroadcastsResponse, tonic::Status> {
    let update = request
        .update_id
        .as_deref()
        .map(str::parse::<UpdateId>)
        .transpose()
        .map_err(|error| Error::invalid("update_id", error))?;
    let before = Cursor::parse(&request.page_token)?;
    let size = paging::size(request.page_size, DEFAULT_SIZE);
    let page = read::own_page(rpc, &caller, request.page_id).await?;

    let read = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let mut rows = broadcasts::list(&mut tx, caller.tenant, page, update, before, size + 1).await?;
        let next_page_token = paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.broadcast.uuid() });
        let ids = rows.into_iter().map(|row| row.broadcast).collect::<Vec<_>>();
        let standings = broadcasts::find_all(&mut tx, caller.tenant, &ids).await?;
        tx.commit().await?;
        Ok::<_, Error>((standings, next_page_token))
    };
    let (standings, next_page_token) = read.await?;
    let broadcasts = standings.iter().map(convert::broadcast).collect();
    Ok(ListBroadcastsResponse { broadcasts, next_page_token })
}
