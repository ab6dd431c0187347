//! `ComponentService.DeleteComponentGroup`

use kit::{caller::Member, ids::ComponentGroupId, mask::check_etag};
use proto::incidents::v1::{DeleteComponentGroupRequest, DeleteComponentGroupResponse};

use super::log::log_group;
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert},
    store::{component_groups, intervals::Recording, pages},
};

pub(super) async fn delete_component_group(
    rpc: &Rpc,
    member: &Member,
    request: DeleteComponentGroupRequest,
) -> Result<DeleteComponentGroupResponse, Error> {
    let id: ComponentGroupId = convert::id("component_group_id", &request.component_group_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let found = component_groups::find_component_group(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    let page = found.page_id;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let group = component_groups::find_component_group(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, group.revision)?;
    component_groups::empty_component_group(&mut tx, tenant, page, id).await?;
    component_groups::delete_component_group(&mut tx, tenant, id).await?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    log_group(&mut tx, by, &group, AuditAction::Deleted, String::new()).await?;
    tx.commit().await?;

    Ok(DeleteComponentGroupResponse {})
}
