//! `StatusHistoryService.ListStatusIntervals`

use jiff::Timestamp;
use kit::{caller::Member, ids::ComponentId, paging};
use proto::incidents::v1::{ListStatusIntervalsRequest, ListStatusIntervalsResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::{components, intervals},
};

/// How many intervals are answered if the request does not say.
const LIST_SIZE: i64 = 100;

pub(super) async fn list_status_intervals(
    rpc: &Rpc,
    member: &Member,
    request: ListStatusIntervalsRequest,
) -> Result<ListStatusIntervalsResponse, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;
    let size = paging::size(request.page_size, LIST_SIZE);
    let before = read::moment(&request.page_token, rpc.clock.now(), Timestamp::MAX)?;

    let tenant = member.tenant;
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    components::find_page_of(&mut tx, tenant, component_id).await?.ok_or(Error::NotFound)?;
    let with_retracted = request.with_retracted;
    let mut found =
        intervals::list_intervals(&mut tx, tenant, component_id, with_retracted, before, size + 1).await?;
    tx.commit().await?;

    let next_page_token = paging::cut(&mut found, size, |interval| {
        read::place((interval.spell.started_at, interval.status_interval_id.uuid()))
    });
    Ok(ListStatusIntervalsResponse {
        status_intervals: found.into_iter().map(Into::into).collect(),
        next_page_token,
    })
}
