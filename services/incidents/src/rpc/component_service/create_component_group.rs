//! `ComponentService.CreateComponentGroup`

use kit::{
    caller::Member,
    ids::{ComponentGroupId, PageId},
};
use proto::incidents::v1::{CreateComponentGroupRequest, CreateComponentGroupResponse};

use super::log::log_group;
use crate::{
    domain::{AuditAction, ComponentGroup, GROUPS_PER_PAGE},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, component_groups, intervals::Recording, pages},
};

pub(super) async fn create_component_group(
    rpc: &Rpc,
    member: &Member,
    request: CreateComponentGroupRequest,
) -> Result<CreateComponentGroupResponse, Error> {
    let key = member.request_key("CreateComponentGroup", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let name = convert::line("name", &request.name)?;
    let description = request.description.trim().to_owned();

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    if component_groups::count_component_groups(&mut tx, tenant, page_id).await? >= i64::from(GROUPS_PER_PAGE)
    {
        return Err(Error::LimitReached { what: "a page", limit: GROUPS_PER_PAGE, of: "component groups" });
    }
    let group = ComponentGroup {
        component_group_id: ComponentGroupId::new(&rpc.clock),
        page_id,
        name,
        description,
        position: request.position,
        revision: 1,
        created_at: rpc.clock.now(),
    };
    component_groups::insert_component_group(&mut tx, tenant, &group).await?;
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    log_group(&mut tx, by, &group, AuditAction::Created, String::new()).await?;
    let reply = CreateComponentGroupResponse { component_group: Some(group.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
