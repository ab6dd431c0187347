//! The services behind the edge, and asking them for what a page shows.

use std::time::Duration;

use kit::peer;
use proto::{
    incidents::v1::status_service_client::StatusServiceClient,
    subscriptions::v1::subscription_service_client::SubscriptionServiceClient,
    tenants::v1::{
        account_service_client::AccountServiceClient, page_logo_service_client::PageLogoServiceClient,
    },
};
use tonic::{Code, Request, Response, Status, transport::Channel};

use crate::Deps;

/// How long a reader waits for a service before the page says that it cannot be shown.
const PATIENCE: Duration = Duration::from_secs(5);

/// The front of a page with 50 open incidents of many updates is far beyond tonic's 4 MiB.
const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// The services behind the edge. Cheap to clone; connected when first needed.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    pub(crate) tenants: Channel,
    pub(crate) incidents: Channel,
    pub(crate) subscriptions: Channel,
    pub(crate) notifications: Channel,
}

/// Why a page cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no such thing.
    NotFound,
    /// A service does not answer, or not as it should.
    Away,
}

impl Peers {
    pub(crate) fn new(deps: &Deps) -> Self {
        Self {
            tenants: peer::channel(&deps.tenants),
            incidents: peer::channel(&deps.incidents),
            subscriptions: peer::channel(&deps.subscriptions),
            notifications: peer::channel(&deps.notifications),
        }
    }

    /// All four, by the name under which each tells whether it is ready.
    pub(crate) fn named(&self) -> [(&'static str, &Channel); 4] {
        [
            ("tenants", &self.tenants),
            ("incidents", &self.incidents),
            ("subscriptions", &self.subscriptions),
            ("notifications", &self.notifications),
        ]
    }

    pub(crate) fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.tenants.clone())
    }

    pub(crate) fn page_logos(&self) -> PageLogoServiceClient<Channel> {
        PageLogoServiceClient::new(self.tenants.clone())
    }

    pub(crate) fn status(&self) -> StatusServiceClient<Channel> {
        StatusServiceClient::new(self.incidents.clone()).max_decoding_message_size(MAX_PAGE_BYTES)
    }

    pub(crate) fn subscribers(&self) -> SubscriptionServiceClient<Channel> {
        SubscriptionServiceClient::new(self.subscriptions.clone())
    }
}

/// A request that the service knows to be too late for after [`PATIENCE`].
pub(crate) fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// The answer to a call, waited for no longer than [`PATIENCE`].
pub(crate) async fn ask<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answered) => answered.map(Response::into_inner),
        // the timeout on the request bounds only the beginning of an answer
        Err(_) => Err(Status::deadline_exceeded("the answer did not come to its end in time")),
    }
}

impl From<Status> for Fault {
    /// What a page makes of a refusal. A path segment that breaks the contract's rule names nothing, so
    /// `INVALID_ARGUMENT` is "not found" too; where a person typed the argument, look before converting.
    fn from(status: Status) -> Self {
        match status.code() {
            Code::NotFound | Code::InvalidArgument => Self::NotFound,
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::DeadlineExceeded
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
            | Code::Unauthenticated => {
                tracing::warn!(error = &status as &dyn std::error::Error, "a service did not answer a page");
                Self::Away
            }
        }
    }
}
