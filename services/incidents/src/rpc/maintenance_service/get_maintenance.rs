//! `MaintenanceService.GetMaintenance`

use kit::{caller::Member, ids::MaintenanceId};
use proto::incidents::v1::{GetMaintenanceRequest, GetMaintenanceResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::maintenances,
};

pub(super) async fn get_maintenance(
    rpc: &Rpc,
    member: &Member,
    request: GetMaintenanceRequest,
) -> Result<GetMaintenanceResponse, Error> {
    let maintenance_id: MaintenanceId = convert::id("maintenance_id", &request.maintenance_id)?;

    let mut tx = read::snapshot(&rpc.db, member.tenant).await?;
    let row = maintenances::find_maintenance(&mut tx, member.tenant, maintenance_id).await?;
    let found = maintenances::load(&mut tx, member.tenant, row.into_iter().collect()).await?;
    tx.commit().await?;

    let maintenance = found.into_iter().next().ok_or(Error::NotFound)?;
    Ok(GetMaintenanceResponse { maintenance: Some(maintenance.into()) })
}
