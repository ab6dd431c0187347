//! The three services: a table of contents. Each verb has the file of its name.

pub(crate) mod convert;
mod create_component;
mod create_component_group;
mod create_incident;
mod find_public_incident;
mod get_incident;
mod get_page;
mod list_component_groups;
mod list_components;
mod list_history;
mod list_incidents;
mod post_update;
mod read;
mod tell;

use kit::{Clock, Db, caller};
use proto::incidents::v1::{
    CreateComponentGroupRequest, CreateComponentGroupResponse, CreateComponentRequest,
    CreateComponentResponse, CreateIncidentRequest, CreateIncidentResponse, GetIncidentRequest,
    GetIncidentResponse, GetPageRequest, GetPageResponse, ListComponentGroupsRequest,
    ListComponentGroupsResponse, ListComponentsRequest, ListComponentsResponse, ListHistoryRequest,
    ListHistoryResponse, ListIncidentsRequest, ListIncidentsResponse, PostUpdateRequest, PostUpdateResponse,
    StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse,
    component_service_server::ComponentService, incident_service_server::IncidentService,
    status_service_server::StatusService,
};
use tonic::{Request, Response, Status};

use crate::pages::Pages;

/// What the verbs work with.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    db: Db,
    clock: Clock,
    pages: Pages,
}

impl Rpc {
    pub(crate) fn new(db: Db, clock: Clock, pages: Pages) -> Self {
        Self { db, clock, pages }
    }
}

#[tonic::async_trait]
impl ComponentService for Rpc {
    async fn create_component_group(
        &self,
        request: Request<CreateComponentGroupRequest>,
    ) -> Result<Response<CreateComponentGroupResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_component_group::create_component_group(self, &member, request).await?))
    }

    async fn list_component_groups(
        &self,
        request: Request<ListComponentGroupsRequest>,
    ) -> Result<Response<ListComponentGroupsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_component_groups::list_component_groups(self, &member, request).await?))
    }

    async fn create_component(
        &self,
        request: Request<CreateComponentRequest>,
    ) -> Result<Response<CreateComponentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_component::create_component(self, &member, request).await?))
    }

    async fn list_components(
        &self,
        request: Request<ListComponentsRequest>,
    ) -> Result<Response<ListComponentsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_components::list_components(self, &member, request).await?))
    }
}

#[tonic::async_trait]
impl IncidentService for Rpc {
    async fn create_incident(
        &self,
        request: Request<CreateIncidentRequest>,
    ) -> Result<Response<CreateIncidentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_incident::create_incident(self, &member, request).await?))
    }

    async fn post_update(
        &self,
        request: Request<PostUpdateRequest>,
    ) -> Result<Response<PostUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(post_update::post_update(self, &member, request).await?))
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
}

#[tonic::async_trait]
impl StatusService for Rpc {
    async fn get_page(&self, request: Request<GetPageRequest>) -> Result<Response<GetPageResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(get_page::get_page(self, request).await?))
    }

    async fn list_history(
        &self,
        request: Request<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(list_history::list_history(self, request).await?))
    }

    async fn get_incident(
        &self,
        request: Request<StatusServiceGetIncidentRequest>,
    ) -> Result<Response<StatusServiceGetIncidentResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(find_public_incident::find_public_incident(self, request).await?))
    }
}
