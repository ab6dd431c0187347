//! `FeedbackService`: what mail providers tell over HTTP.

mod receive_webhook;

use std::sync::Arc;

use kit::caller;
use proto::internal::v1::{
    ReceiveWebhookRequest, ReceiveWebhookResponse, feedback_service_server::FeedbackService,
};
use tonic::{Request, Response, Status};

use crate::inbound::webhooks::Webhooks;

/// What the handler works with.
#[derive(Debug, Clone)]
pub(crate) struct FeedbackRpc {
    pub(crate) webhooks: Arc<Webhooks>,
}

#[tonic::async_trait]
impl FeedbackService for FeedbackRpc {
    async fn receive_webhook(
        &self,
        request: Request<ReceiveWebhookRequest>,
    ) -> Result<Response<ReceiveWebhookResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(receive_webhook::receive_webhook(self, request).await?))
    }
}
