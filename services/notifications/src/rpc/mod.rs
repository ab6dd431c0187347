//! The service's RPCs: a table of contents.

mod convert;
pub(crate) mod feedback_service;
mod find_deliveries;
mod get_broadcast;
mod list_broadcasts;
mod list_deliveries;
mod pause_broadcast;
mod publish_event;
mod read;
pub(crate) mod reputation_service;
mod resend_broadcast;
mod resume_broadcast;
mod sending_domain_service;
mod watch_broadcast;

use kit::{Clock, Db, caller, peer::Peer};
use proto::{
    internal::v1::{
        PublishEventRequest, PublishEventResponse, event_service_server::EventService,
        page_directory_service_client::PageDirectoryServiceClient,
    },
    notifications::v1::{
        FindDeliveriesRequest, FindDeliveriesResponse, GetBroadcastRequest, GetBroadcastResponse,
        ListBroadcastsRequest, ListBroadcastsResponse, ListDeliveriesRequest, ListDeliveriesResponse,
        PauseBroadcastRequest, PauseBroadcastResponse, ResendBroadcastRequest, ResendBroadcastResponse,
        ResumeBroadcastRequest, ResumeBroadcastResponse, WatchBroadcastRequest,
        broadcast_service_server::BroadcastService,
    },
};
use tonic::{Request, Response, Status};

use crate::{audience::Audiences, watch::Hub};

/// What the handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) pages: PageDirectoryServiceClient<Peer>,
    pub(crate) audiences: Audiences,
    pub(crate) watchers: Hub,
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

    async fn find_deliveries(
        &self,
        request: Request<FindDeliveriesRequest>,
    ) -> Result<Response<FindDeliveriesResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(find_deliveries::find_deliveries(self, member, request).await?))
    }

    async fn pause_broadcast(
        &self,
        request: Request<PauseBroadcastRequest>,
    ) -> Result<Response<PauseBroadcastResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(pause_broadcast::pause_broadcast(self, member, request).await?))
    }

    async fn resume_broadcast(
        &self,
        request: Request<ResumeBroadcastRequest>,
    ) -> Result<Response<ResumeBroadcastResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(resume_broadcast::resume_broadcast(self, member, request).await?))
    }

    async fn resend_broadcast(
        &self,
        request: Request<ResendBroadcastRequest>,
    ) -> Result<Response<ResendBroadcastResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(resend_broadcast::resend_broadcast(self, member, request).await?))
    }

    type WatchBroadcastStream = watch_broadcast::Answers;

    async fn watch_broadcast(
        &self,
        request: Request<WatchBroadcastRequest>,
    ) -> Result<Response<Self::WatchBroadcastStream>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(watch_broadcast::watch_broadcast(self, member, request).await?))
    }
}
