//! `BroadcastService.ListDeliveries`.

use kit::{
    caller::Member,
    paging::{self, Cursor},
};
use proto::notifications::v1::{ListDeliveriesRequest, ListDeliveriesResponse};

use super::{Rpc, convert, read};
use crate::{
    domain::RecipientId,
    error::Error,
    store::log::{self, Delivery},
};

const DEFAULT_SIZE: i64 = 100;
/// How many deliveries are looked through for those of one outcome before the caller is asked to come again.
const LOOK_THROUGH: usize = 5_000;

pub(super) async fn list_deliveries(
    rpc: &Rpc,
    caller: Member,
    request: ListDeliveriesRequest,
) -> Result<ListDeliveriesResponse, tonic::Status> {
    let id = read::broadcast_id(&request.broadcast_id)?;
    let outcome = convert::outcome(request.outcome());
    let after = Cursor::parse(&request.page_token)?;
    let after = after.map_or(RecipientId::BEFORE_ALL, |cursor| cursor.id.into());
    let size = paging::size(request.page_size, DEFAULT_SIZE);
    let want = match outcome {
        None => usize::try_from(size).unwrap_or(0) + 1,
        Some(_) => LOOK_THROUGH,
    };

    let read = async {
        let mut tx = rpc.db.tenant(caller.tenant).await?;
        let standing = read::standing(&mut tx, caller.tenant, id).await?;
        let mut rows = log::list(&mut tx, caller.tenant, id, standing.passes, after, want).await?;
        let recipients = rows.iter().map(|row| row.recipient).collect::<Vec<_>>();
        let mut feedback = log::list_feedback(&mut tx, caller.tenant, &[id], &recipients).await?;
        tx.commit().await?;
        for row in &mut rows {
            row.hear(feedback.remove(&(id, row.recipient)).unwrap_or_default());
        }
        Ok::<_, Error>((standing.broadcast.kind, rows))
    };
    let (kind, mut rows) = read.await?;
    let cursor = |row: &Delivery| Cursor { at: 0, id: row.recipient.uuid() };
    let looked_through = rows.last().filter(|_| rows.len() == want).map(cursor);
    if let Some(outcome) = outcome {
        rows.retain(|row| row.outcome == outcome);
    }
    let next_page_token = match (paging::cut(&mut rows, size, cursor), looked_through) {
        (token, Some(looked_through)) if token.is_empty() => looked_through.token(),
        (token, _) => token,
    };
    Ok(ListDeliveriesResponse {
        deliveries: rows.into_iter().map(|row| convert::delivery(id, kind, row)).collect(),
        next_page_token,
    })
}
