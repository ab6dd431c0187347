//! `BroadcastService.FindDeliveries`.

use kit::{
    caller::Member,
    paging::{self, Cursor},
};
use proto::notifications::v1::{FindDeliveriesRequest, FindDeliveriesResponse};

use super::{Rpc, convert, read};
use crate::{
    error::Error,
    store::{broadcasts, log},
};

const DEFAULT_SIZE: i64 = 25;

pub(super) async fn find_deliveries(
    rpc: &Rpc,
    caller: Member,
    request: FindDeliveriesRequest,
) -> Result<FindDeliveriesResponse, tonic::Status> {
    let before = Cursor::parse(&request.page_token)?;
    let size = paging::size(request.page_size, DEFAULT_SIZE);
    let page = read::own_page(rpc, &caller, request.page_id).await?;
    let Some(recipient) = rpc.audiences.find_subscriber(caller.tenant, page, request.email).await? else {
        return Ok(FindDeliveriesResponse::default());
    };

    let read = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let mut looked_into = broadcasts::list(&mut tx, caller.tenant, page, None, before, size + 1).await?;
        let next_page_token =
            paging::cut(&mut looked_into, size, |row| Cursor { at: 0, id: row.broadcast.uuid() });
        let mut found = log::find(&mut tx, caller.tenant, &looked_into, recipient).await?;
        let ids = found.keys().copied().collect::<Vec<_>>();
        let mut feedback = log::list_feedback(&mut tx, caller.tenant, &ids, &[recipient]).await?;
        tx.commit().await?;
        let deliveries = looked_into.into_iter().filter_map(|row| {
            let mut delivery = found.remove(&row.broadcast)?;
            delivery.hear(feedback.remove(&(row.broadcast, recipient)).unwrap_or_default());
            Some(convert::delivery(row.broadcast, row.kind, delivery))
        });
        Ok::<_, Error>(FindDeliveriesResponse { deliveries: deliveries.collect(), next_page_token })
    };
    Ok(read.await?)
}
