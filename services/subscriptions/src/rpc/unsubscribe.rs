//! `SubscriptionService.Unsubscribe`

use proto::subscriptions::v1::{UnsubscribeRequest, UnsubscribeResponse};

use super::Rpc;
use crate::{
    error::Error,
    store::{subscriber_components, subscribers},
};

pub(super) async fn unsubscribe(
    rpc: &Rpc,
    request: UnsubscribeRequest,
) -> Result<UnsubscribeResponse, Error> {
    let told = rpc.tokens.read_unsubscribe(&request.token).ok_or(Error::NotFound)?;
    let now = rpc.clock.now();

    let mut tx = rpc.db.tenant(told.tenant).await?;
    let left =
        subscribers::unsubscribe(&mut tx, told.tenant, told.subscriber, now).await?.ok_or(Error::NotFound)?;
    subscriber_components::remove(&mut tx, told.tenant, told.subscriber, &left.component_ids).await?;
    tx.commit().await?;

    Ok(UnsubscribeResponse { page_id: left.page_id.to_string() })
}
