//! `IncidentService.ListIncidents`

use jiff::Timestamp;
use kit::{caller::Member, ids::PageId, paging};
use proto::incidents::v1::{ListIncidentsRequest, ListIncidentsResponse};

use crate::{
    error::Error,
    rpc::{
        Rpc, convert,
        read::{self, Extent},
    },
    store::incidents,
};

/// How many incidents are answered if the request does not say.
const LIST_SIZE: i64 = 25;

pub(super) async fn list_incidents(
    rpc: &Rpc,
    member: &Member,
    request: ListIncidentsRequest,
) -> Result<ListIncidentsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now(), Timestamp::MAX)?;
    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = incidents::list_incidents(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| read::place(row.moment()));
    let incidents = read::load_incident_excerpts(&mut tx, tenant, rows, Extent::Bounded).await?;
    tx.commit().await?;
    Ok(ListIncidentsResponse { incidents: incidents.into_iter().map(Into::into).collect(), next_page_token })
}
