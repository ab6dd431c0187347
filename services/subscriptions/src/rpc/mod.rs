//! The service's RPCs: a table of contents. The work is in the file of each RPC's name.

mod confirm;
mod convert;
mod find_subscriber;
mod list_subscribers;
mod plan_audience;
mod read_audience;
mod report_feedback;
mod subscribe;
mod unsubscribe;

use kit::{Clock, Db, Secret, caller, peer::Peer};
use proto::{
    incidents::v1::status_service_client::StatusServiceClient,
    internal::v1::{
        FindSubscriberRequest, FindSubscriberResponse, PlanAudienceRequest, PlanAudienceResponse,
        ReadAudienceRequest, ReadAudienceResponse, ReportFeedbackRequest, ReportFeedbackResponse,
        audience_service_server::AudienceService, page_directory_service_client::PageDirectoryServiceClient,
    },
    subscriptions::v1::{
        ConfirmRequest, ConfirmResponse, ListSubscribersRequest, ListSubscribersResponse, SubscribeRequest,
        SubscribeResponse, UnsubscribeRequest, UnsubscribeResponse,
        subscriber_service_server::SubscriberService, subscription_service_server::SubscriptionService,
    },
};
use tonic::{Request, Response, Status};

use crate::{
    components::Components,
    config::Config,
    directory::Directory,
    domain::{Email, Tokens},
    in_hand::InHand,
    store::address_quota::AddressMac,
};

/// What handlers work with.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    db: Db,
    clock: Clock,
    directory: Directory,
    components: Components,
    tokens: Tokens,
    /// Makes of an address what the quota over all tenants knows it by.
    address_key: Secret,
    /// The addresses that are being subscribed.
    in_hand: InHand,
}

impl Rpc {
    pub(crate) fn new(
        config: &Config,
        db: Db,
        clock: Clock,
        pages: PageDirectoryServiceClient<Peer>,
        status: StatusServiceClient<Peer>,
    ) -> Self {
        Self {
            db,
            clock,
            directory: Directory::new(pages),
            components: Components::new(status),
            tokens: Tokens::new(&config.secret),
            address_key: config.secret.derive("subscriptions: address quota"),
            in_hand: InHand::default(),
        }
    }

    /// What the quota over all tenants knows the address by.
    fn address(&self, email: &Email) -> AddressMac {
        self.address_key.mac(&[email.as_str().as_bytes()])
    }
}

#[tonic::async_trait]
impl SubscriptionService for Rpc {
    async fn subscribe(
        &self,
        request: Request<SubscribeRequest>,
    ) -> Result<Response<SubscribeResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(subscribe::subscribe(self, request).await?))
    }

    async fn confirm(&self, request: Request<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(confirm::confirm(self, request).await?))
    }

    async fn unsubscribe(
        &self,
        request: Request<UnsubscribeRequest>,
    ) -> Result<Response<UnsubscribeResponse>, Status> {
        let request = caller::anyone(request)?;
        Ok(Response::new(unsubscribe::unsubscribe(self, request).await?))
    }
}

#[tonic::async_trait]
impl SubscriberService for Rpc {
    async fn list_subscribers(
        &self,
        request: Request<ListSubscribersRequest>,
    ) -> Result<Response<ListSubscribersResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_subscribers::list_subscribers(self, &member, request).await?))
    }
}

#[tonic::async_trait]
impl AudienceService for Rpc {
    async fn plan_audience(
        &self,
        request: Request<PlanAudienceRequest>,
    ) -> Result<Response<PlanAudienceResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(plan_audience::plan_audience(self, request).await?))
    }

    async fn read_audience(
        &self,
        request: Request<ReadAudienceRequest>,
    ) -> Result<Response<ReadAudienceResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(read_audience::read_audience(self, request).await?))
    }

    async fn find_subscriber(
        &self,
        request: Request<FindSubscriberRequest>,
    ) -> Result<Response<FindSubscriberResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(find_subscriber::find_subscriber(self, request).await?))
    }

    async fn report_feedback(
        &self,
        request: Request<ReportFeedbackRequest>,
    ) -> Result<Response<ReportFeedbackResponse>, Status> {
        let request = caller::service(request)?;
        Ok(Response::new(report_feedback::report_feedback(self, request).await?))
    }
}
