//! An edge, and behind it one server that is all four services and writes down who calls what.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{extract::Request, middleware::Next};
use http::{HeaderMap, Uri};
use kit::Host;
use proto::{
    incidents::v1::{
        GetPageResponse, audit_service_server::AuditServiceServer, status_service_server::StatusServiceServer,
    },
    subscriptions::v1::subscription_service_server::SubscriptionServiceServer,
    tenants::v1::account_service_server::AccountServiceServer,
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::services::{Services, Slow, Subscribed};

type Calls = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// An edge with what is behind it. All of it ends with the test.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    calls: Calls,
    pub(crate) subscribed: Subscribed,
    slow: mpsc::UnboundedReceiver<Slow>,
    go_on: CancellationToken,
    pub(crate) health: HealthReporter,
    stop: CancellationToken,
    /// A listener that nobody serves: connections to it are made, and never answered.
    _silent: Option<TcpListener>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    /// With services that show this page.
    pub(crate) async fn showing(page: GetPageResponse) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        let mut world = Self::in_front_of(behind, None, false).await;
        let (slow, told) = mpsc::unbounded_channel();
        world.slow = told;
        let health = health_service(&world.health);
        for name in ["tenants", "incidents", "subscriptions", "notifications"] {
            world.health.set_service_status(name, ServingStatus::Serving).await;
        }
        let subscribed = Arc::clone(&world.subscribed);
        let services = Services { page, subscribed, slow, go_on: world.go_on.clone() };
        let calls = Arc::clone(&world.calls);
        let router = Routes::new(StatusServiceServer::new(services.clone()))
            .add_service(SubscriptionServiceServer::new(services.clone()))
            .add_service(AccountServiceServer::new(services.clone()))
            .add_service(AuditServiceServer::new(services))
            .add_service(health)
            .prepare()
            .into_axum_router()
            .layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let seen = (request.uri().path().to_owned(), request.headers().clone());
                calls.lock().unwrap().push(seen);
                next.run(request)
            }));
        let stop = world.stop.clone();
        tokio::spawn(async move {
            axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        world
    }

    /// With nothing behind it.
    pub(crate) async fn alone() -> Self {
        // nothing listens on a port that only root may bind
        Self::in_front_of(SocketAddr::from(([127, 0, 0, 1], 1)), None, false).await
    }

    /// The same, telling its contracts to whoever asks.
    pub(crate) async fn telling_its_contracts() -> Self {
        Self::in_front_of(SocketAddr::from(([127, 0, 0, 1], 1)), None, true).await
    }

    /// With services that take a connection and never say a word.
    pub(crate) async fn in_silence() -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::in_front_of(silent.local_addr().unwrap(), Some(silent), false).await
    }

    async fn in_front_of(behind: SocketAddr, silent: Option<TcpListener>, reflection: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let uri: Uri = format!("http://{behind}").parse().unwrap();
        let deps = edge::Deps {
            tenants: uri.clone(),
            incidents: uri.clone(),
            subscriptions: uri.clone(),
            notifications: uri,
            feedback: None,
            public_url: "https://status.example.com".into(),
            pages_domain: Some("pages.example".into()),
            reflection,
        };
        let stop = CancellationToken::new();
        let mut host = Host::new(stop.clone(), false);
        edge::mount(&mut host, deps).unwrap();
        tokio::spawn(async move { host.serve(None, Some(listener)).await.unwrap() });
        Self {
            address,
            calls: Calls::default(),
            subscribed: Subscribed::default(),
            slow: mpsc::unbounded_channel().1,
            go_on: CancellationToken::new(),
            health: HealthReporter::new(),
            stop,
            _silent: silent,
        }
    }

    /// What the services were called with, but for health checks.
    pub(crate) fn calls(&self) -> Vec<(String, HeaderMap)> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(path, _)| !path.starts_with("/grpc.health.")).cloned().collect()
    }

    /// The paths of those.
    pub(crate) fn called(&self) -> Vec<String> {
        self.calls().into_iter().map(|(path, _)| path).collect()
    }

    /// How often the services were asked whether they are ready.
    pub(crate) fn looks(&self) -> usize {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(path, _)| path.starts_with("/grpc.health.")).count()
    }

    /// What happens next to a slow call.
    pub(crate) async fn next_of_slow(&mut self) -> Slow {
        self.slow.recv().await.unwrap()
    }

    /// Lets all slow calls end.
    pub(crate) fn go_on(&self) {
        self.go_on.cancel();
    }
}

fn health_service(
    reporter: &HealthReporter,
) -> tonic_health::pb::health_server::HealthServer<tonic_health::server::HealthService> {
    tonic_health::pb::health_server::HealthServer::new(
        tonic_health::server::HealthService::from_health_reporter(reporter.clone()),
    )
}
