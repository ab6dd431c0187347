//! `StatusService`: a table of contents. Each verb has the file of its name.

mod find_public_incident;
mod find_public_maintenance;
mod find_story;
mod get_page;
mod get_uptime;
mod list_history;
mod list_public_incidents;
mod list_public_maintenances;
mod speaks;
mod watch_page;

use kit::caller;
use proto::incidents::v1::{
    FindStoryRequest, FindStoryResponse, GetPageRequest, GetPageResponse, GetUptimeRequest,
    GetUptimeResponse, ListHistoryRequest, ListHistoryResponse, StatusServiceGetIncidentRequest,
    StatusServiceGetIncidentResponse, StatusServiceGetMaintenanceRequest,
    StatusServiceGetMaintenanceResponse, StatusServiceListIncidentsRequest,
    StatusServiceListIncidentsResponse, StatusServiceListMaintenancesRequest,
    StatusServiceListMaintenancesResponse, WatchPageRequest, status_service_server::StatusService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

/// How many incidents or maintenances a public list answers if the request does not say, from the contract.
const PUBLIC_LIST_SIZE: i64 = 50;

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

    async fn get_maintenance(
        &self,
        request: Request<StatusServiceGetMaintenanceRequest>,
    ) -> Result<Response<StatusServiceGetMaintenanceResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(find_public_maintenance::find_public_maintenance(self, request).await?))
    }

    async fn list_incidents(
        &self,
        request: Request<StatusServiceListIncidentsRequest>,
    ) -> Result<Response<StatusServiceListIncidentsResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(list_public_incidents::list_public_incidents(self, request).await?))
    }

    async fn list_maintenances(
        &self,
        request: Request<StatusServiceListMaintenancesRequest>,
    ) -> Result<Response<StatusServiceListMaintenancesResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(list_public_maintenances::list_public_maintenances(self, request).await?))
    }

    async fn find_story(
        &self,
        request: Request<FindStoryRequest>,
    ) -> Result<Response<FindStoryResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(find_story::find_story(self, request).await?))
    }

    async fn get_uptime(
        &self,
        request: Request<GetUptimeRequest>,
    ) -> Result<Response<GetUptimeResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(get_uptime::get_uptime(self, request).await?))
    }

    type WatchPageStream = crate::watch::Versions;

    async fn watch_page(
        &self,
        request: Request<WatchPageRequest>,
    ) -> Result<Response<Self::WatchPageStream>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(watch_page::watch_page(self, request).await?))
    }
}
