//! Is the edge alive, is everything behind it ready, and is it about to stop.

use std::time::Duration;

use axum::{extract::State, response::IntoResponse};
use http::{StatusCode, header::CACHE_CONTROL};
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

/// `GET /readyz`: 200 when each service behind the edge says that it is ready, else 503 with the names of
/// those that do not.
pub(crate) async fn ready(State(peers): State<Peers>) -> impl IntoResponse {
    let [first, second, third, fourth] = peers.named();
    let checks = tokio::join!(check(first), check(second), check(third), check(fourth));
    let missing = [checks.0, checks.1, checks.2, checks.3].into_iter().flatten().collect::<Vec<_>>();
    if missing.is_empty() {
        (StatusCode::OK, [(CACHE_CONTROL, "no-store")], "ready\n".to_owned())
    } else {
        let names = missing.join(", ");
        (StatusCode::SERVICE_UNAVAILABLE, [(CACHE_CONTROL, "no-store")], format!("not ready: {names}\n"))
    }
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
