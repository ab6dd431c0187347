//! Who hears of what: choices, audiences, and addresses that are not written to any more.

mod choices;
mod feedback;
mod parts;

use kit::{
    Clock,
    ids::{BroadcastId, SubscriberId},
};
use pharos_tests::{Cluster, PageOf, signed};
use proto::{
    incidents::v1::Component,
    internal::v1::{
        Audience, AudiencePart, FeedbackKind, FindSubscriberRequest, PlanAudienceRequest, Range,
        ReadAudienceRequest, Recipient, ReportFeedbackRequest,
        audience_service_client::AudienceServiceClient,
    },
    subscriptions::v1::{
        ConfirmRequest, ListSubscribersRequest, SubscribeRequest, Subscriber,
        subscriber_service_client::SubscriberServiceClient,
        subscription_service_client::SubscriptionServiceClient,
    },
};
use tonic::Status;

fn ids(components: &[&Component]) -> Vec<String> {
    components.iter().map(|component| component.component_id.clone()).collect()
}

/// Asks for the page's mails; the request's `page_id` is filled in.
async fn ask(page: &PageOf, request: SubscribeRequest) -> Result<(), Status> {
    let request = SubscribeRequest { page_id: page.id(), ..request };
    SubscriptionServiceClient::new(page.company.channel.clone()).subscribe(request).await.map(drop)
}

fn of(email: &str, components: &[&Component]) -> SubscribeRequest {
    SubscribeRequest { email: email.to_owned(), component_ids: ids(components), ..Default::default() }
}

/// Asks for the page's mails and confirms by the link in the mail.
async fn confirmed(cluster: &Cluster, page: &PageOf, request: SubscribeRequest) {
    let email = request.email.clone();
    let before = cluster.smtp.mails_to(&email).len();
    ask(page, request).await.unwrap();
    let token = cluster.smtp.mail_to(&email, before).await.token("/c/");
    let mut client = SubscriptionServiceClient::new(cluster.channel());
    client.confirm(ConfirmRequest { token }).await.unwrap();
}

async fn listed(page: &PageOf) -> Vec<Subscriber> {
    let request = ListSubscribersRequest { page_id: page.id(), ..Default::default() };
    let mut client = SubscriberServiceClient::new(page.company.channel.clone());
    client.list_subscribers(signed(page.company.token(), request)).await.unwrap().into_inner().subscribers
}

/// How notifications asks.
struct Asking<'a> {
    cluster: &'a Cluster,
    page: &'a PageOf,
    components: Vec<String>,
}

impl<'a> Asking<'a> {
    /// For the audience of what touches these components.
    fn of(cluster: &'a Cluster, page: &'a PageOf, components: &[&Component]) -> Self {
        Self { cluster, page, components: ids(components) }
    }

    fn client(&self) -> AudienceServiceClient<tonic::transport::Channel> {
        AudienceServiceClient::new(self.cluster.internal_channel("subscriptions"))
    }

    fn sign<T>(&self, request: T) -> tonic::Request<T> {
        signed(&self.cluster.service_token(), request)
    }

    fn tenant_id(&self) -> String {
        self.page.company.tenant().to_string()
    }

    fn audience(&self) -> Option<Audience> {
        let component_ids = self.components.clone();
        Some(Audience { page_id: self.page.id(), pending_subscriber_id: None, component_ids })
    }

    async fn plan(&self, segment_size: i32) -> Result<Vec<Range>, Status> {
        let (tenant_id, audience) = (self.tenant_id(), self.audience());
        let request = self.sign(PlanAudienceRequest { tenant_id, audience, segment_size });
        Ok(self.client().plan_audience(request).await?.into_inner().ranges)
    }

    async fn read(&self, request: ReadAudienceRequest) -> Result<Vec<Recipient>, Status> {
        let (tenant_id, audience) = (self.tenant_id(), self.audience());
        let request = self.sign(ReadAudienceRequest { tenant_id, audience, ..request });
        Ok(self.client().read_audience(request).await?.into_inner().recipients)
    }

    /// The recipients of all ranges of a part.
    async fn read_part(&self, part: AudiencePart) -> Vec<Recipient> {
        let mut recipients = Vec::new();
        for range in self.plan(2).await.unwrap().into_iter().filter(|range| range.part() == part) {
            recipients.extend(self.read(whole(&range)).await.unwrap());
        }
        recipients
    }

    async fn find(&self, email: &str) -> String {
        let (tenant_id, page_id, email) = (self.tenant_id(), self.page.id(), email.to_owned());
        let request = self.sign(FindSubscriberRequest { tenant_id, page_id, email });
        self.client().find_subscriber(request).await.unwrap().into_inner().subscriber_id
    }

    /// What comes back of a broadcast; answers whether the address is suppressed by now.
    async fn report(&self, subscriber_id: &str, kind: FeedbackKind, broadcast: BroadcastId) -> bool {
        let request = self.sign(ReportFeedbackRequest {
            tenant_id: self.tenant_id(),
            subscriber_id: subscriber_id.to_owned(),
            reply: "552 5.2.2 over\0quota".to_owned(),
            kind: kind.into(),
            broadcast_id: broadcast.to_string(),
        });
        self.client().report_feedback(request).await.unwrap().into_inner().suppressed
    }
}

fn whole(range: &Range) -> ReadAudienceRequest {
    ReadAudienceRequest {
        after_subscriber_id: range.after_subscriber_id.clone(),
        last_subscriber_id: range.last_subscriber_id.clone(),
        limit: 1000,
        part: range.part,
        ..Default::default()
    }
}

/// Everybody of a part, at most 1,000.
fn all(part: AudiencePart) -> ReadAudienceRequest {
    let last_subscriber_id = SubscriberId::from_uuid(uuid::Uuid::max()).to_string();
    ReadAudienceRequest { last_subscriber_id, limit: 1000, part: part.into(), ..Default::default() }
}

fn broadcast() -> BroadcastId {
    BroadcastId::new(&Clock::system())
}

fn addresses(recipients: &[Recipient]) -> Vec<&str> {
    let mut addresses = recipients.iter().map(|each| each.email.as_str()).collect::<Vec<_>>();
    addresses.sort_unstable();
    addresses
}
