//! `MaintenanceService.ListMaintenances`

use jiff::Timestamp;
use kit::{caller::Member, ids::PageId, paging};
use proto::incidents::v1::{ListMaintenancesRequest, ListMaintenancesResponse};

use crate::{
    error::Error,
    rpc::{
        Rpc, convert,
        read::{self, Extent},
    },
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
    let before = read::moment(&request.page_token, rpc.clock.now(), Timestamp::MAX)?;

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = maintenances::list_maintenances(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| read::place(row.moment()));
    let found = read::load_maintenance_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    tx.commit().await?;

    Ok(ListMaintenancesResponse {
        maintenances: found.into_iter().map(Into::into).collect(),
        next_page_token,
    })
}
