//! `MaintenanceService`: a table of contents. Each verb has the file of its name.

pub(crate) mod by_itself;
mod create_maintenance;
mod delete_maintenance;
mod get_maintenance;
mod list_maintenances;
mod post_maintenance_update;
mod update_maintenance;
mod write;

use kit::caller;
use proto::incidents::v1::{
    CreateMaintenanceRequest, CreateMaintenanceResponse, DeleteMaintenanceRequest, DeleteMaintenanceResponse,
    GetMaintenanceRequest, GetMaintenanceResponse, ListMaintenancesRequest, ListMaintenancesResponse,
    PostMaintenanceUpdateRequest, PostMaintenanceUpdateResponse, UpdateMaintenanceRequest,
    UpdateMaintenanceResponse, maintenance_service_server::MaintenanceService,
};
use tonic::{Request, Response, Status};

use crate::rpc::Rpc;

#[tonic::async_trait]
impl MaintenanceService for Rpc {
    async fn create_maintenance(
        &self,
        request: Request<CreateMaintenanceRequest>,
    ) -> Result<Response<CreateMaintenanceResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_maintenance::create_maintenance(self, &member, request).await?))
    }

    async fn update_maintenance(
        &self,
        request: Request<UpdateMaintenanceRequest>,
    ) -> Result<Response<UpdateMaintenanceResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_maintenance::update_maintenance(self, &member, request).await?))
    }

    async fn post_maintenance_update(
        &self,
        request: Request<PostMaintenanceUpdateRequest>,
    ) -> Result<Response<PostMaintenanceUpdateResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(post_maintenance_update::post_maintenance_update(self, &member, request).await?))
    }

    async fn delete_maintenance(
        &self,
        request: Request<DeleteMaintenanceRequest>,
    ) -> Result<Response<DeleteMaintenanceResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_maintenance::delete_maintenance(self, &member, request).await?))
    }

    async fn get_maintenance(
        &self,
        request: Request<GetMaintenanceRequest>,
    ) -> Result<Response<GetMaintenanceResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_maintenance::get_maintenance(self, &member, request).await?))
    }

    async fn list_maintenances(
        &self,
        request: Request<ListMaintenancesRequest>,
    ) -> Result<Response<ListMaintenancesResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_maintenances::list_maintenances(self, &member, request).await?))
    }
}
