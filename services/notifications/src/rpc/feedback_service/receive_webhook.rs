//! `FeedbackService.ReceiveWebhook`: takes one call of a provider's webhook.

use proto::internal::v1::{ReceiveWebhookRequest, ReceiveWebhookResponse};

use super::FeedbackRpc;
use crate::inbound::webhooks::Refused;

pub(super) async fn receive_webhook(
    rpc: &FeedbackRpc,
    request: ReceiveWebhookRequest,
) -> Result<ReceiveWebhookResponse, Refused> {
    rpc.webhooks.take(request.provider(), &request.authorization, &request.body).await?;
    Ok(ReceiveWebhookResponse {})
}
