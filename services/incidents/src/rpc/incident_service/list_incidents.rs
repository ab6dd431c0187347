//! `IncidentService.ListIncidents`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::{IncidentId, PageId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{ListIncidentsRequest, ListIncidentsResponse};
use uuid::Uuid;

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
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
    let before = match read::cursor(&request.page_token)? {
        None => (Timestamp::MAX, IncidentId::from_uuid(Uuid::max())),
        Some(cursor) => {
            let started_at = Timestamp::from_microsecond(cursor.at).map_err(|_| {
                Error::invalid("page_token", "must be a `next_page_token` of an earlier answer")
            })?;
            (started_at, IncidentId::from_uuid(cursor.id))
        }
    };
    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let mut rows = incidents::list_incidents(&mut tx, tenant, page_id, before, size + 1).await?;
    let next_page_token = paging::cut(&mut rows, size, |row| Cursor {
        at: row.started_at.as_microsecond(),
        id: row.incident_id.uuid(),
    });
    let incidents = read::load(&mut tx, tenant, rows).await?;
    tx.commit().await?;
    Ok(ListIncidentsResponse { incidents: incidents.into_iter().map(Into::into).collect(), next_page_token })
}
