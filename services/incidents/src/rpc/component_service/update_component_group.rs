//! `ComponentService.UpdateComponentGroup`

use kit::{
    caller::Member,
    ids::ComponentGroupId,
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{UpdateComponentGroupRequest, UpdateComponentGroupResponse};

use super::log::{log_group, renamed};
use crate::{
    domain::{AuditAction, ComponentGroup},
    error::Error,
    rpc::{Rpc, convert},
    store::{component_groups, intervals::Recording, pages},
};

pub(super) async fn update_component_group(
    rpc: &Rpc,
    member: &Member,
    request: UpdateComponentGroupRequest,
) -> Result<UpdateComponentGroupResponse, Error> {
    let id: ComponentGroupId = convert::id("component_group_id", &request.component_group_id)?;
    let mask = Mask::parse(request.update_mask, &["name", "description", "position"])?;
    let name = mask.pick("name", || convert::line("name", &request.name))?;
    let description = mask.has("description").then(|| request.description.trim().to_owned());
    let position = mask.has("position").then_some(request.position);

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let found = component_groups::find_component_group(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    let page = found.page_id;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let before = component_groups::find_component_group(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, before.revision)?;
    let mut group = ComponentGroup {
        name: name.unwrap_or_else(|| before.name.clone()),
        description: description.unwrap_or_else(|| before.description.clone()),
        position: position.unwrap_or(before.position),
        ..before.clone()
    };
    if group == before {
        // Not committed: the page has not changed.
        return Ok(UpdateComponentGroupResponse { component_group: Some(before.into()) });
    }
    group.revision += 1;
    component_groups::save_component_group(&mut tx, tenant, &group).await?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let detail = renamed(&before.name, &group.name);
    log_group(&mut tx, by, &group, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(UpdateComponentGroupResponse { component_group: Some(group.into()) })
}
