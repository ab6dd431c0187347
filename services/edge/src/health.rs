//! Is the edge alive, is everything behind it ready, and is it about to stop.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::IntoResponse};
use http::{StatusCode, header::CACHE_CONTROL};
use moka::future::Cache;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_check_response, health_client::HealthClient},
    server::HealthReporter,
};

use crate::peers::Peers;

/// How long each service may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /healthz`: this process answers.
pub(crate) async fn alive() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], "alive\n")
}

/// How long "ready" is good for everybody who asks.
const FRESH: Duration = Duration::from_secs(1);

/// Whether every service behind the edge is ready, as last seen.
#[derive(Debug, Clone)]
pub(crate) struct Readiness {
    peers: Peers,
    seen: Cache<(), ()>,
}

impl Readiness {
    pub(crate) fn new(peers: &Peers) -> Self {
        Self { peers: peers.clone(), seen: Cache::builder().max_capacity(1).time_to_live(FRESH).build() }
    }

    /// Looks, unless all were ready a moment ago or somebody else is looking right now. That some are not is
    /// never remembered, so that a start is seen at once.
    ///
    /// # Errors
    /// The names of those that are not ready.
    async fn look(&self) -> Result<(), Arc<Vec<&'static str>>> {
        let look = async {
            let [first, second, third, fourth] = self.peers.named();
            let checks = tokio::join!(check(first), check(second), check(third), check(fourth));
            let missing = [checks.0, checks.1, checks.2, checks.3].into_iter().flatten().collect::<Vec<_>>();
            if missing.is_empty() { Ok(()) } else { Err(missing) }
        };
        self.seen.try_get_with((), look).await
    }
}

/// `GET /readyz`: 200 when each service behind the edge says that it is ready, else 503 with the names of
/// those that do not.
pub(crate) async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    let (status, text) = match readiness.look().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join(", "))),
    };
    (status, [(CACHE_CONTROL, "no-store")], text)
}

/// The service's name, if it does not say that it is ready.
async fn check((name, channel): (&'static str, &Channel)) -> Option<&'static str> {
    let mut health = HealthClient::new(channel.clone());
    let answer =
        tokio::time::timeout(PATIENCE, health.check(HealthCheckRequest { service: name.to_owned() }));
    match answer.await {
        Ok(Ok(told)) if told.get_ref().status() == health_check_response::ServingStatus::Serving => None,
        Ok(Ok(_) | Err(_)) | Err(_) => Some(name),
    }
}

/// Tells whoever watches `grpc.health.v1` at once that this process serves no longer.
pub(crate) async fn tell_the_stop(reporter: HealthReporter, stop: CancellationToken) {
    stop.cancelled().await;
    reporter.set_service_status("", ServingStatus::NotServing).await;
}
