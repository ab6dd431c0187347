//! `IncidentService`: a table of contents. Each verb has the file of its name.

pub(crate) mod by_itself;
mod create_incident;
mod delete_incident;
mod discard_update;
mod edit_update;
mod get_incident;
mod list_incidents;
mod list_revisions;
mod post_update;
mod publish_update;
mod update_incident;
pub(crate) mod write;

use kit::caller;
use proto::incidents::v1::{
    CreateIncidentRequest, CreateIncidentResponse, DeleteIncidentRequest, DeleteIncidentResponse,
    DiscardUpdateRequest, DiscardUpdateResponse, EditUpdateRequest, EditUpdateResponse, GetIncidentRequest,
    GetIncidentResponse, ListIncidentsRequest, ListIncidentsResponse, ListRevisionsRequest,
    ListRevisionsResponse, PostUpdateRequest, PostUpdateResponse, PublishUpdateRequest,
    PublishUpdateResponse, UpdateIncidentRequest, UpdateIncidentResponse,
    incident_service_server::IncidentService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl IncidentService for Rpc {
    async fn create_incident(
        &self,
        request: Request<CreateIncidentRequest>,
    ) -> Result<Response<CreateIncidentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_incident::create_incident(self, &member, request).await?))
    }

    async fn update_incident(
        &self,
        request: Request<UpdateIncidentRequest>,
    ) -> Result<Response<UpdateIncidentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_incident::update_incident(self, &member, request).await?))
    }

    async fn delete_incident(
        &self,
        request: Request<DeleteIncidentRequest>,
    ) -> Result<Response<DeleteIncidentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_incident::delete_incident(self, &member, request).await?))
    }

    async fn get_incident(
        &self,
        request: Request<GetIncidentRequest>,
    ) -> Result<Response<GetIncidentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_incident::get_incident(self, &member, request).await?))
    }

    async fn list_incidents(
        &self,
        request: Request<ListIncidentsRequest>,
    ) -> Result<Response<ListIncidentsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_incidents::list_incidents(self, &member, request).await?))
    }

    async fn post_update(
        &self,
        request: Request<PostUpdateRequest>,
    ) -> Result<Response<PostUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(post_update::post_update(self, &member, request).await?))
    }

    async fn edit_update(
        &self,
        request: Request<EditUpdateRequest>,
    ) -> Result<Response<EditUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(edit_update::edit_update(self, &member, request).await?))
    }

    async fn publish_update(
        &self,
        request: Request<PublishUpdateRequest>,
    ) -> Result<Response<PublishUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(publish_update::publish_update(self, &member, request).await?))
    }

    async fn discard_update(
        &self,
        request: Request<DiscardUpdateRequest>,
    ) -> Result<Response<DiscardUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(discard_update::discard_update(self, &member, request).await?))
    }

    async fn list_revisions(
        &self,
        request: Request<ListRevisionsRequest>,
    ) -> Result<Response<ListRevisionsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_revisions::list_revisions(self, &member, request).await?))
    }
}
