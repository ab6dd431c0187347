//! `BroadcastService.ListDeliveries`.

use kit::{
    caller::Member,
    ids::BroadcastId,
    paging::{self, Cursor},
};
use proto::notifications::v1::{ListDeliveriesRequest, ListDeliveriesResponse};

use super::{Rpc, convert};
use crate::{
    error::Error,
    store::{broadcasts, deliveries},
};

const DEFAULT_SIZE: i64 = 100;

pub(super) async fn list_deliveries(
    rpc: &Rpc,
    caller: Member,
    request: ListDeliveriesRequest,
) -> Result<ListDeliveriesResponse, tonic::Status> {
    let id: BroadcastId =
        request.broadcast_id.parse().map_err(|error| Error::invalid("broadcast_id", error))?;
    let after = Cursor::parse(&request.page_token)?;
    let size = paging::size(request.page_size, DEFAULT_SIZE);

    let read = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let broadcast = broadcasts::find(&mut tx, caller.tenant, id).await?.ok_or(Error::NotFound)?;
        let rows = deliveries::list(&mut tx, caller.tenant, id, after, size + 1).await?;
        tx.commit().await?;
        Ok::<_, Error>((broadcast.kind, rows))
    };
    let (kind, mut rows) = read.await?;
    let next_page_token = paging::cut(&mut rows, size, |row| Cursor { at: 0, id: row.recipient.uuid() });
    Ok(ListDeliveriesResponse {
        deliveries: rows.into_iter().map(|row| convert::delivery(kind, row)).collect(),
        next_page_token,
    })
}
