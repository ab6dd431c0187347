//! `IncidentService.ListIncidents`

use kit::{caller::Member, ids::PageId};
use proto::incidents::v1::{ListIncidentsRequest, ListIncidentsResponse};

use super::{Rpc, convert, read};
use crate::error::Error;

pub(super) async fn list_incidents(
    rpc: &Rpc,
    member: &Member,
    request: ListIncidentsRequest,
) -> Result<ListIncidentsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    rpc.pages.check_is_of(member.tenant, page_id).await?;
    let (incidents, next_page_token) =
        read::incidents(&rpc.db, member.tenant, page_id, request.page_size, &request.page_token).await?;
    Ok(ListIncidentsResponse { incidents, next_page_token })
}
