//! An edge, and behind it one server that is all four services and writes down who calls what.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{extract::Request, middleware::Next};
use http::{HeaderMap, Uri};
use kit::{Clock, Host, Secret, peer, token::ServiceSigner};
use proto::{
    incidents::v1::{
        GetPageResponse, audit_service_server::AuditServiceServer, status_service_server::StatusServiceServer,
    },
    internal::v1::{
        PageChange, WatchPageChangesResponse, page_change_service_client::PageChangeServiceClient,
        page_change_service_server::PageChangeServiceServer,
    },
    subscriptions::v1::subscription_service_server::SubscriptionServiceServer,
    tenants::v1::{
        account_service_server::AccountServiceServer, page_logo_service_server::PageLogoServiceServer,
    },
};
use tokio::{
    net::TcpListener,
    sync::{broadcast, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tonic::{Status, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    given,
    services::{Services, Shown, Slow, Subscribed, Told},
};

type Calls = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// An edge with what is behind it. All of it ends with the test.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    calls: Calls,
    shown: Shown,
    changes: broadcast::Sender<Told>,
    /// The services' time, and the edge's.
    pub(crate) clock: Clock,
    is_away: Arc<AtomicBool>,
    pub(crate) subscribed: Subscribed,
    slow: mpsc::UnboundedReceiver<Slow>,
    go_on: CancellationToken,
    pub(crate) health: HealthReporter,
    stop: CancellationToken,
    edge: Option<JoinHandle<()>>,
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
        Self::with(page, None).await
    }

    /// The same, with an edge that copies what it made to this folder.
    pub(crate) async fn copying(page: GetPageResponse, folder: &Path) -> Self {
        Self::with(page, Some(folder)).await
    }

    async fn with(page: GetPageResponse, folder: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        let mut world = Self::in_front_of(behind, None, false, folder).await;
        let (slow, told) = mpsc::unbounded_channel();
        world.slow = told;
        let health = health_service(&world.health);
        for name in ["tenants", "incidents", "subscriptions", "notifications"] {
            world.health.set_service_status(name, ServingStatus::Serving).await;
        }
        let subscribed = Arc::clone(&world.subscribed);
        *world.shown.lock().unwrap() = page;
        let services = Services {
            page: Arc::clone(&world.shown),
            changes: world.changes.clone(),
            subscribed,
            slow,
            go_on: world.go_on.clone(),
        };
        let (calls, is_away) = (Arc::clone(&world.calls), Arc::clone(&world.is_away));
        let router = Routes::new(StatusServiceServer::new(services.clone()))
            .add_service(SubscriptionServiceServer::new(services.clone()))
            .add_service(AccountServiceServer::new(services.clone()))
            .add_service(PageChangeServiceServer::new(services.clone()))
            .add_service(PageLogoServiceServer::new(services.clone()))
            .add_service(AuditServiceServer::new(services))
            .add_service(health)
            .prepare()
            .into_axum_router()
            .layer(axum::middleware::from_fn(move |request: Request, next: Next| {
                let seen = (request.uri().path().to_owned(), request.headers().clone());
                calls.lock().unwrap().push(seen);
                let is_away = is_away.load(Ordering::SeqCst);
                async move {
                    if is_away {
                        return Status::unavailable("away").into_http();
                    }
                    next.run(request).await
                }
            }));
        let stop = world.stop.clone();
        tokio::spawn(async move {
            axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await.unwrap();
        });
        world
    }

    /// With nothing behind it.
    pub(crate) async fn alone() -> Self {
        Self::alone_with(None).await
    }

    /// The same, with copies in this folder.
    pub(crate) async fn alone_with(folder: Option<&Path>) -> Self {
        // nothing listens on a port that only root may bind
        Self::in_front_of(SocketAddr::from(([127, 0, 0, 1], 1)), None, false, folder).await
    }

    /// The same, telling its contracts to whoever asks.
    pub(crate) async fn telling_its_contracts() -> Self {
        Self::in_front_of(SocketAddr::from(([127, 0, 0, 1], 1)), None, true, None).await
    }

    /// With services that take a connection and never say a word.
    pub(crate) async fn in_silence() -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::in_front_of(silent.local_addr().unwrap(), Some(silent), false, None).await
    }

    async fn in_front_of(
        behind: SocketAddr,
        silent: Option<TcpListener>,
        reflection: bool,
        folder: Option<&Path>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let uri: Uri = format!("http://{behind}").parse().unwrap();
        let clock = Clock::manual(given::NOW.parse().unwrap());
        let deps = edge::Deps {
            tenants: uri.clone(),
            incidents: uri.clone(),
            subscriptions: uri.clone(),
            notifications: uri.clone(),
            feedback: None,
            changes: Some(PageChangeServiceClient::new(peer::connect_for_streams(&uri, signer()))),
            clock: clock.clone(),
            public_url: "https://status.example.com".into(),
            pages_domain: Some("pages.example".into()),
            reflection,
        };
        let stop = CancellationToken::new();
        let mut host = Host::new(stop.clone(), false);
        edge::mount(&mut host, &config(folder), deps).unwrap();
        let edge = tokio::spawn(async move { host.serve(None, Some(listener)).await.unwrap() });
        Self {
            address,
            calls: Calls::default(),
            shown: Shown::default(),
            changes: broadcast::Sender::new(16),
            clock,
            is_away: Arc::default(),
            subscribed: Subscribed::default(),
            slow: mpsc::unbounded_channel().1,
            go_on: CancellationToken::new(),
            health: HealthReporter::new(),
            stop,
            edge: Some(edge),
            _silent: silent,
        }
    }

    /// Shows another page from now on, and tells of it.
    pub(crate) fn change(&self, page: GetPageResponse) {
        let page_id = page.page.as_ref().unwrap().page_id.clone();
        let changes = vec![PageChange { page_id, version: page.version }];
        *self.shown.lock().unwrap() = page;
        // nobody hears it if the edge does not listen yet
        let _heard = self.changes.send(Ok(WatchPageChangesResponse { gap: false, changes }));
    }

    /// Shows another page from now on, while changes cannot be told of.
    pub(crate) fn change_in_a_gap(&self, page: GetPageResponse) {
        *self.shown.lock().unwrap() = page;
        let _heard = self.changes.send(Err(Status::unavailable("away")));
    }

    /// Whether the edge hears of changes.
    pub(crate) fn is_heard(&self) -> bool {
        self.changes.receiver_count() > 0
    }

    /// Tells of another page, and answers nobody who asks for it.
    pub(crate) fn change_and_be_away(&self, page: GetPageResponse) {
        self.is_away.store(true, Ordering::SeqCst);
        self.change(page);
        self.be_away(true);
    }

    /// The services answer no longer, or again.
    pub(crate) fn be_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
        // nobody hears it if the edge does not listen
        let _heard = self.changes.send(Err(Status::unavailable("away")));
    }

    /// Stops everything, and waits until the edge has ended.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.edge.take().unwrap().await.unwrap();
    }

    /// What the services were called with, but for health checks and for hearing of changes.
    pub(crate) fn calls(&self) -> Vec<(String, HeaderMap)> {
        const ASIDE: [&str; 2] = ["/grpc.health.", "/pharos.internal.v1.PageChangeService/"];
        let calls = self.calls.lock().unwrap();
        let is_aside = |path: &str| ASIDE.iter().any(|aside| path.starts_with(aside));
        calls.iter().filter(|(path, _)| !is_aside(path)).cloned().collect()
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

fn signer() -> ServiceSigner {
    ServiceSigner::new(&Secret::new([7; 32]), "edge", Clock::system()).unwrap()
}

fn config(folder: Option<&Path>) -> edge::Config {
    edge::Config {
        memory_mib: 64.try_into().unwrap(),
        folder: folder.map(Path::to_owned),
        folder_mib: 64.try_into().unwrap(),
        other_hosts: String::new(),
    }
}

fn health_service(
    reporter: &HealthReporter,
) -> tonic_health::pb::health_server::HealthServer<tonic_health::server::HealthService> {
    tonic_health::pb::health_server::HealthServer::new(
        tonic_health::server::HealthService::from_health_reporter(reporter.clone()),
    )
}
