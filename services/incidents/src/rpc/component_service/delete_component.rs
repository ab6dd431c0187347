//! `ComponentService.DeleteComponent`

use kit::{caller::Member, ids::ComponentId, mask::check_etag};
use proto::incidents::v1::{DeleteComponentRequest, DeleteComponentResponse};

use super::log::log;
use crate::{
    domain::{AuditAction, Cause, ended, incidents_of},
    error::Error,
    rpc::{Rpc, change, convert},
    store::{
        components,
        intervals::{self, Recording},
        pages,
    },
};

pub(super) async fn delete_component(
    rpc: &Rpc,
    member: &Member,
    request: DeleteComponentRequest,
) -> Result<DeleteComponentResponse, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let page = components::find_page_of(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let component =
        components::find_component(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    if component.deleted_at.is_some() {
        // Not committed: the page has not changed.
        return Ok(DeleteComponentResponse {});
    }
    check_etag(&request.etag, component.revision)?;

    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let now = rpc.clock.now();
    let open = intervals::list_open(&mut tx, tenant, component_id).await?;
    intervals::release(&mut tx, tenant, component_id, &incidents_of(&open), now).await?;
    change::correct(&mut tx, by, Cause::Member(member.member), &open, &ended(&open, now)).await?;
    components::delete_component(&mut tx, tenant, component_id, now).await?;
    log(&mut tx, by, &component, AuditAction::Deleted, String::new()).await?;
    tx.commit().await?;

    Ok(DeleteComponentResponse {})
}
