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
        Component, ComponentGroup, CreateComponentGroupRequest, CreateComponentGroupResponse,
        CreateComponentRequest, CreateComponentResponse, GetPageRequest, GetPageResponse,
        ListComponentGroupsRequest, ListComponentGroupsResponse, ListComponentsRequest,
        ListComponentsResponse, ListHistoryRequest, ListHistoryResponse, StatusServiceGetIncidentRequest,
        StatusServiceGetIncidentResponse,
        component_service_server::{ComponentService, ComponentServiceServer},
        get_page_request,
        status_service_server::{StatusService, StatusServiceServer},
    },
    subscriptions::v1::{
        ConfirmRequest, ConfirmResponse, SubscribeRequest, SubscribeResponse, UnsubscribeRequest,
        UnsubscribeResponse,
        subscription_service_server::{SubscriptionService, SubscriptionServiceServer},
    },
    tenants::v1::{
        GetKeySetRequest, GetKeySetResponse, RefreshSessionRequest, RefreshSessionResponse, SignInRequest,
        SignInResponse, SignOutRequest, SignOutResponse, SignUpRequest, SignUpResponse,
        account_service_server::{AccountService, AccountServiceServer},
    },
};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;
use tonic::{Request as Call, Response, Status, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::given::PAGE_ID;

/// A token that the services know; they know no other.
pub(crate) const GOOD_TOKEN: &str = "t0ken";

/// The key set that the services tell.
pub(crate) const JWKS: &str = r#"{"keys":[]}"#;

type Calls = Arc<Mutex<Vec<(String, HeaderMap)>>>;

#[derive(Clone)]
struct Services {
    page: GetPageResponse,
    slow: mpsc::UnboundedSender<Slow>,
    go_on: CancellationToken,
}

/// What became of a slow call (those are `SignOut`'s).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    Began,
    Ended,
    /// The handler was dropped before its end.
    CutOff,
}

struct Running {
    told: mpsc::UnboundedSender<Slow>,
    outcome: Slow,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone_with_the_test = self.told.send(self.outcome);
    }
}

fn refuse_unless(good: bool) -> Result<(), Status> {
    if good { Ok(()) } else { Err(kit::status::not_found()) }
}

#[tonic::async_trait]
impl StatusService for Services {
    async fn get_page(&self, call: Call<GetPageRequest>) -> Result<Response<GetPageResponse>, Status> {
        let wanted = call.into_inner().page;
        refuse_unless(wanted == Some(get_page_request::Page::Slug("demo".into())))?;
        Ok(Response::new(self.page.clone()))
    }

    async fn list_history(
        &self,
        call: Call<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        let asked = call.into_inner();
        refuse_unless(asked.page_id == PAGE_ID)?;
        let (incidents, next_page_token) = match asked.page_token.as_str() {
            "" => (self.page.open_incidents.clone(), "a/b&c".to_owned()),
            "a/b&c" => (self.page.recent_incidents.clone(), String::new()),
            _ => return Err(kit::status::invalid_field("page_token", "is none of ours")),
        };
        Ok(Response::new(ListHistoryResponse { incidents, next_page_token }))
    }

    async fn get_incident(
        &self,
        call: Call<StatusServiceGetIncidentRequest>,
    ) -> Result<Response<StatusServiceGetIncidentResponse>, Status> {
        let asked = call.into_inner();
        let all = self.page.open_incidents.iter().chain(&self.page.recent_incidents);
        let incident = all.into_iter().find(|each| each.incident_id == asked.incident_id).cloned();
        refuse_unless(incident.is_some())?;
        Ok(Response::new(StatusServiceGetIncidentResponse { incident }))
    }
}

#[tonic::async_trait]
impl SubscriptionService for Services {
    async fn subscribe(&self, call: Call<SubscribeRequest>) -> Result<Response<SubscribeResponse>, Status> {
        if call.get_ref().email.contains('@') {
            Ok(Response::new(SubscribeResponse {}))
        } else {
            Err(kit::status::invalid_field("email", "must be an address"))
        }
    }

    async fn confirm(&self, call: Call<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        refuse_unless(call.get_ref().token == GOOD_TOKEN)?;
        Ok(Response::new(ConfirmResponse { page_id: PAGE_ID.into() }))
    }

    async fn unsubscribe(
        &self,
        call: Call<UnsubscribeRequest>,
    ) -> Result<Response<UnsubscribeResponse>, Status> {
        refuse_unless(call.get_ref().token == GOOD_TOKEN)?;
        Ok(Response::new(UnsubscribeResponse { page_id: PAGE_ID.into() }))
    }
}

#[tonic::async_trait]
impl AccountService for Services {
    async fn sign_up(&self, _: Call<SignUpRequest>) -> Result<Response<SignUpResponse>, Status> {
        Ok(Response::new(SignUpResponse::default()))
    }

    async fn sign_in(&self, _: Call<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        Ok(Response::new(SignInResponse::default()))
    }

    async fn refresh_session(
        &self,
        _: Call<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        Ok(Response::new(RefreshSessionResponse::default()))
    }

    async fn sign_out(&self, _: Call<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        let mut running = Running { told: self.slow.clone(), outcome: Slow::CutOff };
        self.slow.send(Slow::Began).unwrap();
        self.go_on.cancelled().await;
        running.outcome = Slow::Ended;
        Ok(Response::new(SignOutResponse {}))
    }

    async fn get_key_set(&self, _: Call<GetKeySetRequest>) -> Result<Response<GetKeySetResponse>, Status> {
        Ok(Response::new(GetKeySetResponse { jwks: JWKS.into() }))
    }
}

#[tonic::async_trait]
impl ComponentService for Services {
    async fn create_component_group(
        &self,
        call: Call<CreateComponentGroupRequest>,
    ) -> Result<Response<CreateComponentGroupResponse>, Status> {
        let group = ComponentGroup { name: call.into_inner().name, ..ComponentGroup::default() };
        Ok(Response::new(CreateComponentGroupResponse { component_group: Some(group) }))
    }

    async fn list_component_groups(
        &self,
        _: Call<ListComponentGroupsRequest>,
    ) -> Result<Response<ListComponentGroupsResponse>, Status> {
        Ok(Response::new(ListComponentGroupsResponse::default()))
    }

    async fn create_component(
        &self,
        call: Call<CreateComponentRequest>,
    ) -> Result<Response<CreateComponentResponse>, Status> {
        let component = Component { name: call.into_inner().name, ..Component::default() };
        Ok(Response::new(CreateComponentResponse { component: Some(component) }))
    }

    async fn list_components(
        &self,
        _: Call<ListComponentsRequest>,
    ) -> Result<Response<ListComponentsResponse>, Status> {
        Ok(Response::new(ListComponentsResponse::default()))
    }
}

/// An edge with what is behind it. All of it ends with the test.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    calls: Calls,
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
        let services = Services { page, slow, go_on: world.go_on.clone() };
        let calls = Arc::clone(&world.calls);
        let router = Routes::new(StatusServiceServer::new(services.clone()))
            .add_service(SubscriptionServiceServer::new(services.clone()))
            .add_service(AccountServiceServer::new(services.clone()))
            .add_service(ComponentServiceServer::new(services))
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
            reflection,
        };
        let stop = CancellationToken::new();
        let mut host = Host::new(stop.clone(), false);
        edge::mount(&mut host, deps).unwrap();
        tokio::spawn(async move { host.serve(None, Some(listener)).await.unwrap() });
        Self {
            address,
            calls: Calls::default(),
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
