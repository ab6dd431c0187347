//! `ComponentService.ListComponents`

use kit::{
    caller::Member,
    ids::{ComponentId, PageId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{ListComponentsRequest, ListComponentsResponse};
use uuid::Uuid;

use crate::{
    error::Error,
    rpc::{
        Rpc, convert,
        read::{self, COMPONENT_LIST_SIZE},
    },
    store::components,
};

pub(super) async fn list_components(
    rpc: &Rpc,
    member: &Member,
    request: ListComponentsRequest,
) -> Result<ListComponentsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, COMPONENT_LIST_SIZE);
    let after = read::cursor(&request.page_token)?.map_or(Uuid::nil(), |cursor| cursor.id);
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let after = ComponentId::from_uuid(after);
    let mut rows = components::list_components(&mut tx, member.tenant, page_id, after, size + 1).await?;
    tx.commit().await?;

    let next_page_token = paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.component_id.uuid() });
    Ok(ListComponentsResponse { components: rows.into_iter().map(Into::into).collect(), next_page_token })
}
