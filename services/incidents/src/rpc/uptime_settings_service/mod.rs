//! `UptimeSettingsService`: a table of contents. Each verb has the file of its name.

mod get_uptime_weights;
mod update_uptime_weights;

use kit::caller;
use proto::incidents::v1::{
    GetUptimeWeightsRequest, GetUptimeWeightsResponse, UpdateUptimeWeightsRequest,
    UpdateUptimeWeightsResponse, uptime_settings_service_server::UptimeSettingsService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl UptimeSettingsService for Rpc {
    async fn get_uptime_weights(
        &self,
        request: Request<GetUptimeWeightsRequest>,
    ) -> Result<Response<GetUptimeWeightsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_uptime_weights::get_uptime_weights(self, &member, request).await?))
    }

    async fn update_uptime_weights(
        &self,
        request: Request<UpdateUptimeWeightsRequest>,
    ) -> Result<Response<UpdateUptimeWeightsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(update_uptime_weights::update_uptime_weights(self, &member, request).await?))
    }
}
