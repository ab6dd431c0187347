//! `StatusService.GetMaintenance`

use std::collections::BTreeSet;

use kit::ids::{MaintenanceId, PageId};
use proto::incidents::v1::{StatusServiceGetMaintenanceRequest, StatusServiceGetMaintenanceResponse};

use super::speaks::maintenance_speaks_of;
use crate::{
    error::Error,
    pages::Key,
    rpc::{Rpc, convert, read},
    store::{components, maintenances},
};

pub(super) async fn find_public_maintenance(
    rpc: &Rpc,
    request: StatusServiceGetMaintenanceRequest,
) -> Result<StatusServiceGetMaintenanceResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let maintenance_id: MaintenanceId = convert::id("maintenance_id", &request.maintenance_id)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let tenant = page.tenant_id;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    // A page shows its own maintenances, and not those of another page of the company.
    let row = maintenances::find_maintenance(&mut tx, tenant, maintenance_id)
        .await?
        .filter(|row| row.page_id == page_id)
        .ok_or(Error::NotFound)?;
    let found = maintenances::load(&mut tx, tenant, vec![row]).await?;
    let maintenance = found.into_iter().next().ok_or(Error::NotFound)?;
    let worked_on = maintenance_speaks_of(&maintenance).collect::<BTreeSet<_>>();
    let (components, component_groups) =
        components::list_named_as_shown(&mut tx, tenant, page_id, worked_on).await?;
    tx.commit().await?;

    Ok(StatusServiceGetMaintenanceResponse {
        maintenance: Some(convert::public_maintenance(maintenance)),
        components: components.into_iter().map(convert::public_component).collect(),
        component_groups: component_groups.into_iter().map(convert::public_component_group).collect(),
    })
}
