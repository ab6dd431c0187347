//! `ComponentService.ListComponentGroups`

use kit::{
    caller::Member,
    ids::{ComponentGroupId, PageId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{ListComponentGroupsRequest, ListComponentGroupsResponse};
use uuid::Uuid;

use crate::{
    error::Error,
    rpc::{
        Rpc, convert,
        read::{self, COMPONENT_LIST_SIZE},
    },
    store::component_groups,
};

pub(super) async fn list_component_groups(
    rpc: &Rpc,
    member: &Member,
    request: ListComponentGroupsRequest,
) -> Result<ListComponentGroupsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, COMPONENT_LIST_SIZE);
    let after = read::cursor(&request.page_token)?.map_or(Uuid::nil(), |cursor| cursor.id);
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let after = ComponentGroupId::from_uuid(after);
    let mut rows =
        component_groups::list_component_groups(&mut tx, member.tenant, page_id, after, size + 1).await?;
    tx.commit().await?;

    let next_page_token =
        paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.component_group_id.uuid() });
    Ok(ListComponentGroupsResponse {
        component_groups: rows.into_iter().map(Into::into).collect(),
        next_page_token,
    })
}
