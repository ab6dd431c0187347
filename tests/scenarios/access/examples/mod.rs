//! A good request for every RPC.

mod told;

use pharos_tests::mask;
use prost_reflect::prost::Message as _;
use proto::{
    internal::v1 as internal, notifications::v1 as notifications, subscriptions::v1 as subscriptions,
    tenants::v1 as tenants,
};
use tonic::Code;

use super::things::Things;

/// A picture.
const LOGO: &[u8] = include_bytes!("../../branding.png");

/// What those who may call get for the example: past the gate, it is about the request and not the caller.
pub(super) fn admitted(path: &str) -> Code {
    match path.trim_start_matches("/pharos.") {
        // an empty request: who may call learns what it lacks
        "tenants.v1.AccountService/SignUp"
        | "tenants.v1.AccountService/SignIn"
        | "tenants.v1.AccountService/RefreshSession"
        | "tenants.v1.AccountService/SignOut"
        | "subscriptions.v1.SubscriptionService/Confirm"
        | "subscriptions.v1.SubscriptionService/Unsubscribe" => Code::InvalidArgument,
        // with an etag that the thing does not have, so that it is still there for the next caller
        "incidents.v1.ComponentService/DeleteComponent"
        | "incidents.v1.ComponentService/DeleteComponentGroup"
        | "incidents.v1.IncidentService/DeleteIncident"
        | "incidents.v1.MaintenanceService/DeleteMaintenance"
        | "incidents.v1.TemplateService/DeleteTemplate" => Code::Aborted,
        // of an update that is published
        "incidents.v1.IncidentService/DiscardUpdate" => Code::FailedPrecondition,
        // of a broadcast that has ended, and that a later update has overtaken
        "notifications.v1.BroadcastService/PauseBroadcast"
        | "notifications.v1.BroadcastService/ResendBroadcast" => Code::FailedPrecondition,
        // of a logo that the page does not have
        "tenants.v1.PageLogoService/GetPageLogo"
        // before the next call names one
        | "notifications.v1.SendingDomainService/GetSendingDomain" => Code::NotFound,
        // of a subscriber that nobody knows
        "internal.v1.AudienceService/ReportFeedback"
        // of a provider that is not set up
        | "internal.v1.FeedbackService/ReceiveWebhook" => Code::NotFound,
        _ => Code::Ok,
    }
}

/// What another tenant's owner gets to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stranger {
    /// The request names something of tenant A: it is not there for others.
    NotFound,
    /// The request names nothing: the caller's own tenant answers.
    Own,
}

/// A good request for the RPC about tenant A's things, and what a stranger gets for it.
pub(super) fn example(path: &str, things: &Things) -> (Vec<u8>, Stranger) {
    use Stranger::{NotFound, Own};
    let page_id = things.page.id();
    let tenant_id = things.page.company.tenant().to_string();
    let audience = Some(internal::Audience { page_id: page_id.clone(), ..Default::default() });
    let method = path.trim_start_matches("/pharos.");
    match method {
        "tenants.v1.AccountService/SignUp"
        | "tenants.v1.AccountService/SignIn"
        | "tenants.v1.AccountService/RefreshSession"
        | "tenants.v1.AccountService/SignOut"
        | "tenants.v1.AccountService/GetKeySet"
        | "subscriptions.v1.SubscriptionService/Confirm"
        | "subscriptions.v1.SubscriptionService/Unsubscribe" => (Vec::new(), Own),
        "tenants.v1.TenantService/GetTenant" | "tenants.v1.PageService/ListPages" => (Vec::new(), Own),
        "tenants.v1.PageService/CreatePage" => {
            let request = tenants::CreatePageRequest {
                slug: format!("s{}", uuid::Uuid::new_v4().simple()),
                name: "Page".into(),
                locale: "en".into(),
                time_zone: "UTC".into(),
                ..Default::default()
            };
            (request.encode_to_vec(), Own)
        }
        "tenants.v1.PageService/GetPage" => (tenants::GetPageRequest { page_id }.encode_to_vec(), NotFound),
        "tenants.v1.PageService/UpdatePage" => {
            let update_mask = mask(&["branding.accent_color"]);
            let request = tenants::UpdatePageRequest { page_id, update_mask, ..Default::default() };
            (request.encode_to_vec(), NotFound)
        }
        "tenants.v1.PageService/SetPageLogo" => {
            let image = LOGO.to_vec();
            let request = tenants::SetPageLogoRequest { page_id, image, ..Default::default() };
            (request.encode_to_vec(), NotFound)
        }
        "tenants.v1.PageService/DeletePageLogo" => {
            (tenants::DeletePageLogoRequest { page_id }.encode_to_vec(), NotFound)
        }
        "tenants.v1.PageLogoService/GetPageLogo" => {
            (tenants::GetPageLogoRequest { page_id, digest: "0".repeat(64) }.encode_to_vec(), Own)
        }
        "subscriptions.v1.SubscriptionService/Subscribe" => {
            let email = "matrix@example.net".to_owned();
            (subscriptions::SubscribeRequest { page_id, email, ..Default::default() }.encode_to_vec(), Own)
        }
        "subscriptions.v1.SubscriberService/ListSubscribers" => (
            subscriptions::ListSubscribersRequest { page_id, ..Default::default() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/GetBroadcast" => (
            notifications::GetBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/ListBroadcasts" => {
            (notifications::ListBroadcastsRequest { page_id, ..Default::default() }.encode_to_vec(), NotFound)
        }
        "notifications.v1.BroadcastService/ListDeliveries" => {
            let broadcast_id = things.broadcast.clone();
            let request = notifications::ListDeliveriesRequest { broadcast_id, ..Default::default() };
            (request.encode_to_vec(), NotFound)
        }
        "notifications.v1.BroadcastService/FindDeliveries" => {
            let email = "ada@example.net".to_owned();
            let request = notifications::FindDeliveriesRequest { page_id, email, ..Default::default() };
            (request.encode_to_vec(), NotFound)
        }
        "notifications.v1.BroadcastService/WatchBroadcast" => (
            notifications::WatchBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/PauseBroadcast" => (
            notifications::PauseBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/ResumeBroadcast" => (
            notifications::ResumeBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.BroadcastService/ResendBroadcast" => (
            notifications::ResendBroadcastRequest { broadcast_id: things.broadcast.clone() }.encode_to_vec(),
            NotFound,
        ),
        "notifications.v1.ReputationService/GetReputation" => (Vec::new(), Own),
        "notifications.v1.SendingDomainService/GetSendingDomain" => (Vec::new(), NotFound),
        "notifications.v1.SendingDomainService/SetSendingDomain" => {
            let domain = "status.example".to_owned();
            (notifications::SetSendingDomainRequest { domain, ..Default::default() }.encode_to_vec(), Own)
        }
        "notifications.v1.SendingDomainService/VerifySendingDomain"
        | "notifications.v1.SendingDomainService/RemoveSendingDomain" => (Vec::new(), Own),
        "internal.v1.FeedbackService/ReceiveWebhook" => {
            let provider = internal::MailProvider::Postmark.into();
            (internal::ReceiveWebhookRequest { provider, ..Default::default() }.encode_to_vec(), Own)
        }
        "internal.v1.PageDirectoryService/LookUpPage" => {
            let key = Some(internal::look_up_page_request::Key::PageId(page_id));
            (internal::LookUpPageRequest { key }.encode_to_vec(), Own)
        }
        "internal.v1.PageChangeService/WatchPageChanges" => (Vec::new(), Own),
        "internal.v1.EventService/PublishEvent" => {
            // A confirmation of nobody: planned for an audience of none.
            let event = internal::publish_event_request::Event::ConfirmationRequested(
                internal::ConfirmationRequested { subscriber_id: things.subscriber.clone() },
            );
            let request = internal::PublishEventRequest {
                event_id: kit::ids::EventId::new(&kit::Clock::system()).to_string(),
                tenant_id,
                page_id,
                event: Some(event),
            };
            (request.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/PlanAudience" => {
            (internal::PlanAudienceRequest { tenant_id, audience, segment_size: 10 }.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/ReadAudience" => {
            let request = internal::ReadAudienceRequest {
                tenant_id,
                audience,
                last_subscriber_id: things.subscriber.clone(),
                limit: 10,
                part: internal::AudiencePart::Page.into(),
                ..Default::default()
            };
            (request.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/FindSubscriber" => {
            let email = "matrix@example.net".to_owned();
            (internal::FindSubscriberRequest { tenant_id, page_id, email }.encode_to_vec(), Own)
        }
        "internal.v1.AudienceService/ReportFeedback" => {
            let request = internal::ReportFeedbackRequest {
                tenant_id,
                subscriber_id: things.subscriber.clone(),
                reply: "550".into(),
                kind: internal::FeedbackKind::NoSuchAddress.into(),
                broadcast_id: things.broadcast.clone(),
            };
            (request.encode_to_vec(), Own)
        }
        "internal.v1.ResponderService/ListResponders" => {
            let request = internal::ListRespondersRequest { tenant_id, limit: 10, ..Default::default() };
            (request.encode_to_vec(), Own)
        }
        incidents if incidents.starts_with("incidents.v1.") => told::example(incidents, things),
        unknown => panic!("{unknown} has no row: say here who may call it and what a stranger gets"),
    }
}
