//! The service's RPCs: a table of contents.

mod convert;
mod get_broadcast;
mod list_broadcasts;
mod list_deliveries;
mod publish_event;

use kit::{Clock, Db, caller, peer::Peer};
use proto::{
    internal::v1::{
        PublishEventRequest, PublishEventResponse, event_service_server::EventService,
        page_directory_service_client::PageDirectoryServiceClient,
    },
    notifications::v1::{
        GetBroadcastRequest, GetBroadcastResponse, ListBroadcastsRequest, ListBroadcastsResponse,
        ListDeliveriesRequest, ListDeliveriesResponse, broadcast_service_server::BroadcastService,
    },
};
use tonic::{Request, Response, Status};

use crate::audience::Audiences;

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) pages: PageDirectoryServiceClient<Peer>,
    pub(crate) audiences: Audiences,
    pub(crate) segment_size: i32,
}

#[tonic::async_trait]
impl EventService for Rpc {
    async fn publish_event(
        &self,
        request: Request<PublishEventRequest>,
    ) -> Result<Response<PublishEventResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(publish_event::publish_event(self, request).await?))
    }
}

#[tonic::async_trait]
impl BroadcastService for Rpc {
    async fn get_broadcast(
        &self,
        request: Request<GetBroadcastRequest>,
    ) -> Result<Response<GetBroadcastResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(get_broadcast::get_broadcast(self, member, request).await?))
    }

    async fn list_broadcasts(
        &self,
        request: Request<ListBroadcastsRequest>,
    ) -> Result<Response<ListBroadcastsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_broadcasts::list_broadcasts(self, member, request).await?))
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_deliveries::list_deliveries(self, member, request).await?))
    }
}
