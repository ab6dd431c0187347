//! `BroadcastService.ListBroadcasts`.

use kit::{
    caller::Member,
    ids::{PageId, UpdateId},
    paging::{self, Cursor},
};
use proto::{
    internal::v1::{LookUpPageRequest, look_up_page_request::Key},
    notifications::v1::{ListBroadcastsRequest, ListBroadcastsResponse},
};

use super::{Rpc, convert};
use crate::{
    error::Error,
    store::{broadcasts, segments},
};

const DEFAULT_SIZE: i64 = 25;

pub(super) async fn list_broadcasts(
    rpc: &Rpc,
    caller: Member,
    request: ListBroadcastsRequest,
) -> Result<ListBroadcastsResponse, tonic::Status> {
    let page: PageId = request.page_id.parse().map_err(|error| Error::invalid("page_id", error))?;
    let update = request
        .update_id
        .as_deref()
        .map(str::parse::<UpdateId>)
        .transpose()
        .map_err(|error| Error::invalid("update_id", error))?;
    let before = Cursor::parse(&request.page_token)?;
    let size = paging::size(request.page_size, DEFAULT_SIZE);

    // Without it, a page of nobody and one without broadcasts would look the same.
    let look_up = LookUpPageRequest { key: Some(Key::PageId(request.page_id)) };
    let entry = rpc.pages.clone().look_up_page(look_up).await.map_err(Error::from)?.into_inner().page;
    if entry.is_none_or(|entry| entry.tenant_id != caller.tenant.to_string()) {
        return Err(Error::NotFound.into());
    }

    let read = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let rows = broadcasts::list(&mut tx, caller.tenant, page, update, before, size + 1).await?;
        let ids = rows.iter().map(|row| row.broadcast).collect::<Vec<_>>();
        let progress = segments::progress(&mut tx, &ids).await?;
        tx.commit().await?;
        Ok::<_, Error>((rows, progress))
    };
    let (mut rows, progress) = read.await?;
    let next_page_token = paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.broadcast.uuid() });
    let broadcasts = rows
        .iter()
        .map(|row| convert::broadcast(row, progress.get(&row.broadcast).copied().unwrap_or_default()))
        .collect();
    Ok(ListBroadcastsResponse { broadcasts, next_page_token })
}
