#![doc = include_str!("../README.md")]

mod door;
mod health;
mod pages;
mod peers;
mod proxy;
mod texts;
mod view;
mod webhooks;

use http::Uri;
use kit::{Host, host::HostError, peer::Peer};
use proto::internal::v1::feedback_service_client::FeedbackServiceClient;

use crate::peers::Peers;

/// What the edge needs: where the services are, and nothing secret but for webhooks.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where tenants listens, such as `http://127.0.0.1:7400`.
    pub tenants: Uri,
    /// Where incidents listens.
    pub incidents: Uri,
    /// Where subscriptions listens.
    pub subscriptions: Uri,
    /// Where notifications listens.
    pub notifications: Uri,
    /// Who takes what mail providers tell; without it there are no webhooks.
    pub feedback: Option<FeedbackServiceClient<Peer>>,
    /// Whether the public contracts are told to whoever asks (gRPC reflection).
    pub reflection: bool,
}

/// Mounts the edge: status pages, gRPC and gRPC-web on the public listener, and the worker that says
/// "not serving" as soon as the process stops. No service has to be there yet.
///
/// # Errors
/// [`HostError::Reflection`] if the contracts cannot be described.
pub fn mount(host: &mut Host, deps: Deps) -> Result<(), HostError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    let rpcs = proxy::router(&deps, health)?;
    let pages = pages::router(Peers::new(&deps));
    host.web(door::router(rpcs, pages.merge(webhooks::router(deps.feedback))));
    host.worker("edge.health", |stop| health::tell_the_stop(reporter, stop));
    Ok(())
}
