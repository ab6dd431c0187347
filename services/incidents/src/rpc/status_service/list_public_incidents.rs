//! `StatusService.ListIncidents`

use std::collections::BTreeSet;

use jiff::Timestamp;
use kit::{ids::PageId, paging};
use proto::incidents::v1::{StatusServiceListIncidentsRequest, StatusServiceListIncidentsResponse};

use super::{PUBLIC_LIST_SIZE, speaks::incident_speaks_of};
use crate::{
    error::Error,
    pages::Key,
    rpc::{
        Rpc, convert,
        read::{self, Extent},
    },
    store::{components, incidents},
};

pub(super) async fn list_public_incidents(
    rpc: &Rpc,
    request: StatusServiceListIncidentsRequest,
) -> Result<StatusServiceListIncidentsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, PUBLIC_LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now(), Timestamp::MAX)?;
    let tenant = rpc.pages.find(Key::Id(page_id)).await?.tenant_id;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = incidents::list_public_incidents(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| read::place(row.moment()));
    let found = read::load_incident_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    let spoken_of = found.iter().flat_map(|excerpt| incident_speaks_of(&excerpt.incident));
    let spoken_of = spoken_of.collect::<BTreeSet<_>>();
    let former = components::list_former_components(&mut tx, tenant, page_id, spoken_of).await?;
    tx.commit().await?;
    Ok(StatusServiceListIncidentsResponse {
        incidents: found.into_iter().map(convert::public_incident).collect(),
        next_page_token,
        former_components: former.into_iter().map(convert::public_component).collect(),
    })
}
