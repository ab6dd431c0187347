//! `StatusHistoryService.RetractStatusInterval`

use kit::{caller::Member, ids::StatusIntervalId};
use proto::incidents::v1::{RetractStatusIntervalRequest, RetractStatusIntervalResponse};

use super::describe::describe;
use crate::{
    domain::{AuditAction, Cause},
    error::Error,
    rpc::{Rpc, change, component_service::log::log, convert},
    store::{
        components,
        intervals::{self, Recording},
        pages,
    },
};

pub(super) async fn retract_status_interval(
    rpc: &Rpc,
    member: &Member,
    request: RetractStatusIntervalRequest,
) -> Result<RetractStatusIntervalResponse, Error> {
    let id: StatusIntervalId = convert::id("status_interval_id", &request.status_interval_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let found = intervals::find_interval(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    match found.cause {
        Cause::Member(_) | Cause::Vendor(_) => {}
        Cause::Incident(_) => return Err(Error::Precondition("an incident gave it: correct the incident")),
        Cause::Maintenance(_) => {
            return Err(Error::Precondition("a maintenance gave it: correct the maintenance"));
        }
    }
    let component = found.spell.component_id;
    let page = components::find_page_of(&mut tx, tenant, component).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let before = intervals::find_interval(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    if before.retracted_at.is_some() {
        // Not committed: the page has not changed.
        return Ok(RetractStatusIntervalResponse { status_interval: Some(before.into()) });
    }
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    change::correct(&mut tx, by, before.cause, std::slice::from_ref(&before), &[]).await?;
    let interval = intervals::find_interval(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    let component = components::find_component(&mut tx, tenant, component).await?.ok_or(Error::NotFound)?;
    let detail = format!("was not {}", describe(&interval.spell));
    log(&mut tx, by, &component, AuditAction::Retracted, detail).await?;
    tx.commit().await?;

    Ok(RetractStatusIntervalResponse { status_interval: Some(interval.into()) })
}
