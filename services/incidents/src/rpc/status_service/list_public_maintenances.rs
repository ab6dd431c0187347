//! `StatusService.ListMaintenances`

use std::collections::BTreeSet;

use jiff::Timestamp;
use kit::{ids::PageId, paging};
use proto::incidents::v1::{StatusServiceListMaintenancesRequest, StatusServiceListMaintenancesResponse};

use super::{PUBLIC_LIST_SIZE, speaks::maintenance_speaks_of};
use crate::{
    error::Error,
    pages::Key,
    rpc::{
        Rpc, convert,
        read::{self, Extent},
    },
    store::{components, maintenances},
};

pub(super) async fn list_public_maintenances(
    rpc: &Rpc,
    request: StatusServiceListMaintenancesRequest,
) -> Result<StatusServiceListMaintenancesResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, PUBLIC_LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now(), Timestamp::MAX)?;
    let tenant = rpc.pages.find(Key::Id(page_id)).await?.tenant_id;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = maintenances::list_maintenances(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| read::place(row.moment()));
    let found = read::load_maintenance_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    let worked_on =
        found.iter().flat_map(|excerpt| maintenance_speaks_of(&excerpt.maintenance)).collect::<BTreeSet<_>>();
    let former = components::list_former_components(&mut tx, tenant, page_id, worked_on).await?;
    tx.commit().await?;
    Ok(StatusServiceListMaintenancesResponse {
        maintenances: found.into_iter().map(convert::public_maintenance).collect(),
        next_page_token,
        former_components: former.into_iter().map(convert::public_component).collect(),
    })
}
