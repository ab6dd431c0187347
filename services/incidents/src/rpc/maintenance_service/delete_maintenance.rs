//! `MaintenanceService.DeleteMaintenance`

use kit::{caller::Member, ids::MaintenanceId, mask::check_etag};
use proto::incidents::v1::{DeleteMaintenanceRequest, DeleteMaintenanceResponse};

use super::write;
use crate::{
    domain::{AuditAction, Cause},
    error::Error,
    rpc::{Rpc, change, convert},
    store::{intervals::Recording, maintenances, pages},
};

pub(super) async fn delete_maintenance(
    rpc: &Rpc,
    member: &Member,
    request: DeleteMaintenanceRequest,
) -> Result<DeleteMaintenanceResponse, Error> {
    let maintenance_id: MaintenanceId = convert::id("maintenance_id", &request.maintenance_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let seen =
        maintenances::find_maintenance(&mut tx, tenant, maintenance_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, seen.page_id, 0).await?;
    let maintenance = write::lock(&mut tx, tenant, maintenance_id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, maintenance.revision)?;
    let story = maintenances::find_story(&mut tx, tenant, maintenance_id).await?;
    let by = Recording { tenant, page: maintenance.page_id, member: Some(member.member), clock: &rpc.clock };
    change::replace_spells(&mut tx, by, Cause::Maintenance(maintenance_id), &[]).await?;
    write::cancel_all(&mut tx, tenant, maintenance_id.uuid()).await?;
    maintenances::save_components(&mut tx, tenant, maintenance_id, &[]).await?;
    maintenances::delete_updates(&mut tx, tenant, maintenance_id).await?;
    maintenances::delete_maintenance(&mut tx, tenant, maintenance_id).await?;
    let detail = format!(
        "{}; {}; {} updates",
        write::planned(&maintenance),
        write::name(maintenance.phase),
        story.updates
    );
    write::log(&mut tx, by, &maintenance, AuditAction::Deleted, detail).await?;
    tx.commit().await?;

    Ok(DeleteMaintenanceResponse {})
}
