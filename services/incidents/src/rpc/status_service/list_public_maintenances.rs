//! `StatusService.ListMaintenances`

use std::collections::BTreeSet;

use jiff::Timestamp;
use kit::{
    ids::{MaintenanceId, PageId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{StatusServiceListMaintenancesRequest, StatusServiceListMaintenancesResponse};
use uuid::Uuid;

use super::{PUBLIC_LIST_SIZE, speaks::maintenance_speaks_of};
use crate::{
    error::Error,
    pages::Key,
    rpc::{Rpc, convert, read},
    store::{components, maintenances},
};

pub(super) async fn list_public_maintenances(
    rpc: &Rpc,
    request: StatusServiceListMaintenancesRequest,
) -> Result<StatusServiceListMaintenancesResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, PUBLIC_LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now())?.unwrap_or((Timestamp::MAX, Uuid::max()));
    let before = (before.0, MaintenanceId::from_uuid(before.1));
    let tenant = rpc.pages.find(Key::Id(page_id)).await?.tenant_id;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = maintenances::list_maintenances(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| Cursor {
        at: row.scheduled_start_at.as_microsecond(),
        id: row.maintenance_id.uuid(),
    });
    let found = maintenances::load(&mut tx, tenant, rows).await?;
    let worked_on = found.iter().flat_map(maintenance_speaks_of).collect::<BTreeSet<_>>();
    let former = components::list_former_components(&mut tx, tenant, page_id, worked_on).await?;
    tx.commit().await?;
    Ok(StatusServiceListMaintenancesResponse {
        maintenances: found.into_iter().map(convert::public_maintenance).collect(),
        next_page_token,
        former_components: former.into_iter().map(convert::public_component).collect(),
    })
}
