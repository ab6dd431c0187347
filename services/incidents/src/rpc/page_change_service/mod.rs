//! `PageChangeService`: a table of contents. Each verb has the file of its name.

mod watch_page_changes;

use kit::caller;
use proto::internal::v1::{WatchPageChangesRequest, page_change_service_server::PageChangeService};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl PageChangeService for Rpc {
    type WatchPageChangesStream = crate::watch::Changes;

    async fn watch_page_changes(
        &self,
        request: Request<WatchPageChangesRequest>,
    ) -> Result<Response<Self::WatchPageChangesStream>, Status> {
        let WatchPageChangesRequest {} = caller::service(request)?;
        Ok(Response::new(watch_page_changes::watch_page_changes(self)))
    }
}
