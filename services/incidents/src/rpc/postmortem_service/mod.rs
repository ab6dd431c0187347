//! `PostmortemService`: a table of contents. Each verb has the file of its name.

mod change;
mod get_postmortem;
mod publish_postmortem;
mod unpublish_postmortem;
mod write_postmortem;

use kit::caller;
use proto::incidents::v1::{
    GetPostmortemRequest, GetPostmortemResponse, PublishPostmortemRequest, PublishPostmortemResponse,
    UnpublishPostmortemRequest, UnpublishPostmortemResponse, WritePostmortemRequest, WritePostmortemResponse,
    postmortem_service_server::PostmortemService,
};
use tonic::{Request, Response, Status};

use self::change::Change;
use super::Rpc;

#[tonic::async_trait]
impl PostmortemService for Rpc {
    async fn write_postmortem(
        &self,
        request: Request<WritePostmortemRequest>,
    ) -> Result<Response<WritePostmortemResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(write_postmortem::write_postmortem(self, &member, request).await?))
    }

    async fn publish_postmortem(
        &self,
        request: Request<PublishPostmortemRequest>,
    ) -> Result<Response<PublishPostmortemResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(publish_postmortem::publish_postmortem(self, &member, request).await?))
    }

    async fn unpublish_postmortem(
        &self,
        request: Request<UnpublishPostmortemRequest>,
    ) -> Result<Response<UnpublishPostmortemResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(unpublish_postmortem::unpublish_postmortem(self, &member, request).await?))
    }

    async fn get_postmortem(
        &self,
        request: Request<GetPostmortemRequest>,
    ) -> Result<Response<GetPostmortemResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_postmortem::get_postmortem(self, &member, request).await?))
    }
}
