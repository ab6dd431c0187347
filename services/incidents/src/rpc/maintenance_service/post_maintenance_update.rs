//! `MaintenanceService.PostMaintenanceUpdate`

use kit::{caller::Member, ids::MaintenanceId, mask::check_etag};
use proto::incidents::v1::{Maintenance, PostMaintenanceUpdateRequest, PostMaintenanceUpdateResponse};

use super::write;
use crate::{
    domain::{AuditAction, MaintenanceUpdate},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, intervals::Recording, maintenances, pages},
};

pub(super) async fn post_maintenance_update(
    rpc: &Rpc,
    member: &Member,
    request: PostMaintenanceUpdateRequest,
) -> Result<PostMaintenanceUpdateResponse, Error> {
    let key = member.request_key("PostMaintenanceUpdate", &request.request_id, &request);
    let maintenance_id: MaintenanceId = convert::id("maintenance_id", &request.maintenance_id)?;
    let phase = convert::parse_maintenance_phase(request.phase())?;
    let body = convert::text("body", request.body)?;
    let silent = request.notify == Some(false);

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let seen =
        maintenances::find_maintenance(&mut tx, tenant, maintenance_id).await?.ok_or(Error::NotFound)?;
    let position = pages::advance_page(&mut tx, tenant, seen.page_id, i64::from(!silent)).await?;
    let mut maintenance = write::lock(&mut tx, tenant, maintenance_id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, maintenance.revision)?;
    if !maintenance.phase.leads_to(phase) {
        return Err(Error::Precondition(
            "the maintenance cannot go there: it is begun, verified and completed in this order, and cancelled \
             until it is completed",
        ));
    }
    let story = write::check_not_full(&mut tx, tenant, maintenance_id).await?;
    let told = write::new_update(&rpc.clock, phase, Some(story.latest_at), None, silent);
    let told = MaintenanceUpdate { body, ..told };
    let by = Recording { tenant, page: maintenance.page_id, member: Some(member.member), clock: &rpc.clock };
    write::insert_told(&mut tx, by, maintenance_id, &told, position).await?;
    let has_moved_on = maintenance.phase != phase;
    maintenance.tell(told.clone());
    maintenance.revision = maintenances::save_maintenance(&mut tx, tenant, &maintenance).await?;
    if has_moved_on {
        write::record(&mut tx, by, &maintenance).await?;
        write::put_down(&mut tx, by, &maintenance).await?;
    }
    write::log(&mut tx, by, &maintenance, AuditAction::Told, write::name(phase).to_owned()).await?;
    // Kept for safe retries, so it must not grow with the story.
    let maintenance = Maintenance { updates: Vec::new(), ..maintenance.into() };
    let reply = PostMaintenanceUpdateResponse { maintenance: Some(maintenance), update: Some(told.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
