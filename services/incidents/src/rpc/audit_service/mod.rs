//! `AuditService`: a table of contents. Each verb has the file of its name.

mod list_audit_entries;

use kit::caller;
use proto::incidents::v1::{
    ListAuditEntriesRequest, ListAuditEntriesResponse, audit_service_server::AuditService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl AuditService for Rpc {
    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_audit_entries::list_audit_entries(self, &member, request).await?))
    }
}
