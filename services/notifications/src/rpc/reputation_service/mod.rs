//! `ReputationService`: how a tenant's mails are taken.

mod get_reputation;

use kit::{Clock, Db, caller};
use proto::notifications::v1::{
    GetReputationRequest, GetReputationResponse, reputation_service_server::ReputationService,
};
use tonic::{Request, Response, Status};

/// What the handler works with.
#[derive(Debug, Clone)]
pub(crate) struct ReputationRpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

#[tonic::async_trait]
impl ReputationService for ReputationRpc {
    async fn get_reputation(
        &self,
        request: Request<GetReputationRequest>,
    ) -> Result<Response<GetReputationResponse>, Status> {
        let (member, GetReputationRequest {}) = caller::member(request)?;
        Ok(Response::new(get_reputation::get_reputation(self, member).await?))
    }
}
