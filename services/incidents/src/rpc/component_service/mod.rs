//! `ComponentService`: a table of contents. Each verb has the file of its name.

mod arrange_components;
mod create_component;
mod create_component_group;
mod delete_component;
mod delete_component_group;
mod follow;
mod get_component;
mod list_component_groups;
mod list_components;
pub(super) mod log;
pub(super) mod parse;
mod update_component;
mod update_component_group;

use kit::caller;
use proto::incidents::v1::{
    ArrangeComponentsRequest, ArrangeComponentsResponse, CreateComponentGroupRequest,
    CreateComponentGroupResponse, CreateComponentRequest, CreateComponentResponse,
    DeleteComponentGroupRequest, DeleteComponentGroupResponse, DeleteComponentRequest,
    DeleteComponentResponse, GetComponentRequest, GetComponentResponse, ListComponentGroupsRequest,
    ListComponentGroupsResponse, ListComponentsRequest, ListComponentsResponse, UpdateComponentGroupRequest,
    UpdateComponentGroupResponse, UpdateComponentRequest, UpdateComponentResponse,
    component_service_server::ComponentService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl ComponentService for Rpc {
    async fn create_component(
        &self,
        request: Request<CreateComponentRequest>,
    ) -> Result<Response<CreateComponentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_component::create_component(self, &member, request).await?))
    }

    async fn get_component(
        &self,
        request: Request<GetComponentRequest>,
    ) -> Result<Response<GetComponentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_component::get_component(self, &member, request).await?))
    }

    async fn update_component(
        &self,
        request: Request<UpdateComponentRequest>,
    ) -> Result<Response<UpdateComponentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_component::update_component(self, &member, request).await?))
    }

    async fn delete_component(
        &self,
        request: Request<DeleteComponentRequest>,
    ) -> Result<Response<DeleteComponentResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_component::delete_component(self, &member, request).await?))
    }

    async fn list_components(
        &self,
        request: Request<ListComponentsRequest>,
    ) -> Result<Response<ListComponentsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_components::list_components(self, &member, request).await?))
    }

    async fn arrange_components(
        &self,
        request: Request<ArrangeComponentsRequest>,
    ) -> Result<Response<ArrangeComponentsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(arrange_components::arrange_components(self, &member, request).await?))
    }

    async fn create_component_group(
        &self,
        request: Request<CreateComponentGroupRequest>,
    ) -> Result<Response<CreateComponentGroupResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_component_group::create_component_group(self, &member, request).await?))
    }

    async fn update_component_group(
        &self,
        request: Request<UpdateComponentGroupRequest>,
    ) -> Result<Response<UpdateComponentGroupResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_component_group::update_component_group(self, &member, request).await?))
    }

    async fn delete_component_group(
        &self,
        request: Request<DeleteComponentGroupRequest>,
    ) -> Result<Response<DeleteComponentGroupResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_component_group::delete_component_group(self, &member, request).await?))
    }

    async fn list_component_groups(
        &self,
        request: Request<ListComponentGroupsRequest>,
    ) -> Result<Response<ListComponentGroupsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_component_groups::list_component_groups(self, &member, request).await?))
    }
}
