//! `SubscriptionService.Confirm`

use proto::subscriptions::v1::{ConfirmRequest, ConfirmResponse};

use super::Rpc;
use crate::{
    domain::CONFIRMATION_LIFETIME,
    error::Error,
    store::{subscriber_components, subscribers},
};

pub(super) async fn confirm(rpc: &Rpc, request: ConfirmRequest) -> Result<ConfirmResponse, Error> {
    let told = rpc.tokens.read_confirm(&request.token).ok_or(Error::NotFound)?;
    let now = rpc.clock.now();
    let earliest = now - CONFIRMATION_LIFETIME;

    let mut tx = rpc.db.tenant(told.tenant).await?;
    let confirmed = subscribers::confirm(&mut tx, told.tenant, told.subscriber, told.round, earliest, now)
        .await?
        .ok_or(Error::NotFound)?;
    subscriber_components::add(&mut tx, told.tenant, told.subscriber, &confirmed.component_ids).await?;
    tx.commit().await?;

    Ok(ConfirmResponse { page_id: confirmed.page_id.to_string() })
}
