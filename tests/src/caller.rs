//! Somebody who calls the public API with a token.

use prost_types::{FieldMask, Timestamp};
use proto::{
    incidents::v1::{
        AffectedComponent, Component, ComponentStatus, audit_service_client::AuditServiceClient,
        component_service_client::ComponentServiceClient, incident_service_client::IncidentServiceClient,
        maintenance_service_client::MaintenanceServiceClient,
        postmortem_service_client::PostmortemServiceClient,
        status_history_service_client::StatusHistoryServiceClient,
        template_service_client::TemplateServiceClient,
        uptime_settings_service_client::UptimeSettingsServiceClient,
        vendor_service_client::VendorServiceClient,
    },
    notifications::v1::{
        broadcast_service_client::BroadcastServiceClient,
        sending_domain_service_client::SendingDomainServiceClient,
    },
    tenants::v1::page_service_client::PageServiceClient,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_types::StatusExt as _;

/// A request with a bearer token.
///
/// # Panics
/// If the token cannot stand in a header.
pub fn signed<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", bearer(token));
    request
}

fn bearer(token: &str) -> MetadataValue<Ascii> {
    format!("Bearer {token}").parse().expect("a header")
}

/// A channel whose every request carries the caller's token.
pub type Signed = InterceptedService<Channel, Bearer>;

/// Puts a token on every request.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Somebody who calls the public API with a token: every client signs what it sends.
#[derive(Debug, Clone)]
pub struct Caller {
    channel: Channel,
    bearer: Bearer,
}

impl Caller {
    /// Who has this token.
    ///
    /// # Panics
    /// If the token cannot stand in a header.
    #[must_use]
    pub fn new(channel: Channel, token: &str) -> Self {
        Self { channel, bearer: Bearer(bearer(token)) }
    }

    fn signed(&self) -> Signed {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// Pages.
    #[must_use]
    pub fn pages(&self) -> PageServiceClient<Signed> {
        PageServiceClient::new(self.signed())
    }

    /// Components and groups.
    #[must_use]
    pub fn components(&self) -> ComponentServiceClient<Signed> {
        ComponentServiceClient::new(self.signed())
    }

    /// How components are and were.
    #[must_use]
    pub fn status_history(&self) -> StatusHistoryServiceClient<Signed> {
        StatusHistoryServiceClient::new(self.signed())
    }

    /// Incidents and their updates.
    #[must_use]
    pub fn incidents(&self) -> IncidentServiceClient<Signed> {
        IncidentServiceClient::new(self.signed())
    }

    /// Reports after incidents.
    #[must_use]
    pub fn postmortems(&self) -> PostmortemServiceClient<Signed> {
        PostmortemServiceClient::new(self.signed())
    }

    /// Planned work.
    #[must_use]
    pub fn maintenances(&self) -> MaintenanceServiceClient<Signed> {
        MaintenanceServiceClient::new(self.signed())
    }

    /// Prepared texts.
    #[must_use]
    pub fn templates(&self) -> TemplateServiceClient<Signed> {
        TemplateServiceClient::new(self.signed())
    }

    /// Vendors whose pages are read.
    #[must_use]
    pub fn vendors(&self) -> VendorServiceClient<Signed> {
        VendorServiceClient::new(self.signed())
    }

    /// How uptime is counted.
    #[must_use]
    pub fn uptime_settings(&self) -> UptimeSettingsServiceClient<Signed> {
        UptimeSettingsServiceClient::new(self.signed())
    }

    /// Who changed what.
    #[must_use]
    pub fn audit(&self) -> AuditServiceClient<Signed> {
        AuditServiceClient::new(self.signed())
    }

    /// Who was told.
    #[must_use]
    pub fn broadcasts(&self) -> BroadcastServiceClient<Signed> {
        BroadcastServiceClient::new(self.signed())
    }

    /// The domain that mails come from.
    #[must_use]
    pub fn sending_domains(&self) -> SendingDomainServiceClient<Signed> {
        SendingDomainServiceClient::new(self.signed())
    }
}

/// A time as requests carry it, from RFC 3339.
///
/// # Panics
/// If it is no time.
#[must_use]
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// Now and so many seconds, or less if there are fewer than none; to the second, as the machine's clock has it.
///
/// # Panics
/// If the clock stands before 1970.
#[must_use]
pub fn seconds_from_now(seconds: i64) -> Timestamp {
    Timestamp { seconds: kit::Clock::system().now().as_second() + seconds, nanos: 0 }
}

/// An `update_mask` of these paths.
#[must_use]
pub fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

/// Components, each with the status that an update gives it.
#[must_use]
pub fn affected(components: &[(&Component, ComponentStatus)]) -> Vec<AffectedComponent> {
    components
        .iter()
        .map(|(component, status)| AffectedComponent {
            component_id: component.component_id.clone(),
            status: (*status).into(),
        })
        .collect()
}

/// The fields that a refusal names, in its order.
#[must_use]
pub fn violated(refused: &Status) -> Vec<String> {
    let details = refused.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
