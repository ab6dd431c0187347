#![doc = include_str!("../README.md")]

mod door;
mod formats;
mod health;
mod hosts;
mod pages;
mod peers;
mod proxy;
mod texts;
mod view;
mod webhooks;
mod wire;

use http::Uri;
use kit::{Host, host::HostError, peer::Peer};
use proto::internal::v1::feedback_service_client::FeedbackServiceClient;

use crate::{hosts::PagesDomain, peers::Peers};

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
    /// What the world calls the edge, without a slash at the end: `https://status.example.com`.
    pub public_url: String,
    /// The domain whose subdomains are pages; without one, pages are at `/p/{slug}` alone.
    pub pages_domain: Option<String>,
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
    let pages = pages::router(Peers::new(&deps), &deps.public_url);
    let domain = deps.pages_domain.as_deref().map(|domain| PagesDomain::new(domain, &deps.public_url));
    host.web(door::router(rpcs, pages.merge(webhooks::router(deps.feedback)), domain));
    host.worker("edge.health", |stop| health::tell_the_stop(reporter, stop));
    Ok(())
}
