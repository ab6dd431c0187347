//! `MaintenanceService.ListMaintenances`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::{MaintenanceId, PageId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{ListMaintenancesRequest, ListMaintenancesResponse};
use uuid::Uuid;

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::maintenances,
};

/// How many maintenances are answered if the request does not say.
const LIST_SIZE: i64 = 25;

pub(super) async fn list_maintenances(
    rpc: &Rpc,
    member: &Member,
    request: ListMaintenancesRequest,
) -> Result<ListMaintenancesResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now())?.unwrap_or((Timestamp::MAX, Uuid::max()));
    let before = (before.0, MaintenanceId::from_uuid(before.1));

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = maintenances::list_maintenances(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| Cursor {
        at: row.scheduled_start_at.as_microsecond(),
        id: row.maintenance_id.uuid(),
    });
    let found = maintenances::load(&mut tx, tenant, rows).await?;
    tx.commit().await?;

    Ok(ListMaintenancesResponse {
        maintenances: found.into_iter().map(Into::into).collect(),
        next_page_token,
    })
}
