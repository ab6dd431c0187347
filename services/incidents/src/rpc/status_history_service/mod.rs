//! `StatusHistoryService`: a table of contents. Each verb has the file of its name.

mod describe;
mod list_status_intervals;
mod record_status_interval;
mod retract_status_interval;
mod set_component_status;

use kit::caller;
use proto::incidents::v1::{
    ListStatusIntervalsRequest, ListStatusIntervalsResponse, RecordStatusIntervalRequest,
    RecordStatusIntervalResponse, RetractStatusIntervalRequest, RetractStatusIntervalResponse,
    SetComponentStatusRequest, SetComponentStatusResponse,
    status_history_service_server::StatusHistoryService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl StatusHistoryService for Rpc {
    async fn set_component_status(
        &self,
        request: Request<SetComponentStatusRequest>,
    ) -> Result<Response<SetComponentStatusResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(set_component_status::set_component_status(self, &member, request).await?))
    }

    async fn record_status_interval(
        &self,
        request: Request<RecordStatusIntervalRequest>,
    ) -> Result<Response<RecordStatusIntervalResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(record_status_interval::record_status_interval(self, &member, request).await?))
    }

    async fn retract_status_interval(
        &self,
        request: Request<RetractStatusIntervalRequest>,
    ) -> Result<Response<RetractStatusIntervalResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(retract_status_interval::retract_status_interval(self, &member, request).await?))
    }

    async fn list_status_intervals(
        &self,
        request: Request<ListStatusIntervalsRequest>,
    ) -> Result<Response<ListStatusIntervalsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_status_intervals::list_status_intervals(self, &member, request).await?))
    }
}
