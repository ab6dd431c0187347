//! `StatusHistoryService.SetComponentStatus`

use kit::{caller::Member, ids::ComponentId};
use proto::incidents::v1::{SetComponentStatusRequest, SetComponentStatusResponse};

use super::describe::name;
use crate::{
    domain::{AuditAction, Cause, CauseKind, ComponentStatus, Spell, ended, incidents_of},
    error::Error,
    rpc::{
        Rpc, change,
        component_service::{log::log, parse::check_on_page},
        convert,
    },
    store::{
        components,
        intervals::{self, Recording},
        pages,
    },
};

pub(super) async fn set_component_status(
    rpc: &Rpc,
    member: &Member,
    request: SetComponentStatusRequest,
) -> Result<SetComponentStatusResponse, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;
    let status = convert::parse_component_status("status", request.status())?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let page = components::find_page_of(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let component =
        components::find_component(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    check_on_page(&component)?;
    let open = intervals::list_left_to_members(&mut tx, tenant, component_id).await?;
    let is_said = match open.as_slice() {
        [] => status == ComponentStatus::Operational,
        [said] => said.cause.kind() == CauseKind::Member && said.spell.status == status,
        _ => false,
    };
    if is_said {
        // Not committed: the page has not changed.
        return Ok(SetComponentStatusResponse { component: Some(component.into()) });
    }

    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let now = rpc.clock.now();
    // What follows from the incidents' updates later must end where these end.
    intervals::release(&mut tx, tenant, component_id, &incidents_of(&open), now).await?;
    let mut wanted = ended(&open, now);
    if status != ComponentStatus::Operational {
        wanted.push(Spell { component_id, status, started_at: now, ended_at: None });
    }
    change::correct(&mut tx, by, Cause::Member(member.member), &open, &wanted).await?;
    let component =
        components::find_component(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    log(&mut tx, by, &component, AuditAction::Updated, format!("{} from now on", name(status))).await?;
    tx.commit().await?;

    Ok(SetComponentStatusResponse { component: Some(component.into()) })
}
