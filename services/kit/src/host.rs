//! Running any number of services in one process.
//!
//! A service mounts itself: it adds its RPCs, its workers and its check of readiness. The listeners are
//! given, bound, so that port 0 works and addresses are known before anything starts.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{
    body::Body,
    codegen::{Service, http},
    server::NamedService,
    service::RoutesBuilder,
};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    Clock,
    bulk::Bulk,
    gate,
    gate::Gate,
    lane::{Find, Lanes},
    listener::{self, Ready, ShortWay, Side},
};

/// The largest request that a service takes, in bytes: a report of 100,000 characters fits in any script, and a list of
/// 10,000 components too, so that whoever sends one is told which field is too long.
pub const MAX_REQUEST_BYTES: usize = 512 * 1024;
/// The largest request that anyone may send without a token, in bytes.
pub const MAX_PUBLIC_REQUEST_BYTES: usize = 64 * 1024;
/// How often a service's readiness is looked at.
const READINESS_PAUSE: Duration = Duration::from_secs(1);
/// How long workers may take to end their step when the process stops, after the listeners have drained.
const WORKER_GRACE: Duration = Duration::from_secs(4);

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Check = Box<dyn Fn() -> BoxFuture<Option<String>> + Send + Sync>;

/// Why a process does not serve.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A service has an RPC whose contract does not say who may call it.
    #[error("{0} is not served: its contract does not say who may call each of its RPCs")]
    Undeclared(&'static str),
    /// The contracts cannot be described.
    #[error("reflection cannot be built")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The contracts cannot be read.
    #[error("the contracts cannot be read")]
    Contracts(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There are no threads for readers or for work in bulk.
    #[error("the threads for readers and for work in bulk cannot be started")]
    Threads(#[from] std::io::Error),
    /// A worker ended though nobody told it to.
    #[error("the worker {0} ended by itself")]
    WorkerEnded(&'static str),
}

/// Collects what a process serves, then serves it.
pub struct Host {
    stop: CancellationToken,
    routes: RoutesBuilder,
    services: Vec<&'static str>,
    undeclared: Option<&'static str>,
    public: Router,
    short_way: Option<ShortWay>,
    workers: Vec<(&'static str, BoxFuture<()>)>,
    bulk_workers: Vec<(&'static str, BoxFuture<()>)>,
    checks: Vec<(&'static str, Check)>,
    reflection: bool,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("services", &self.services).finish_non_exhaustive()
    }
}

impl Host {
    /// A host that stops when the token is cancelled; with `reflection` it describes its contracts.
    #[must_use]
    pub fn new(stop: CancellationToken, reflection: bool) -> Self {
        Self {
            stop,
            routes: RoutesBuilder::default(),
            services: Vec::new(),
            undeclared: None,
            public: Router::new(),
            short_way: None,
            workers: Vec::new(),
            bulk_workers: Vec::new(),
            checks: Vec::new(),
            reflection,
        }
    }

    /// Adds a gRPC service to the internal listener.
    pub fn grpc<S>(&mut self, service: S) -> &mut Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        let mut rpcs = proto::RPCS.iter().filter(|rpc| rpc.service == S::NAME).peekable();
        if rpcs.peek().is_none() || rpcs.any(|rpc| rpc.access.is_none()) {
            self.undeclared = Some(S::NAME);
        }
        self.services.push(S::NAME);
        self.routes.add_service(service);
        self
    }

    /// Adds routes to the public listener.
    pub fn web(&mut self, routes: Router) -> &mut Self {
        self.public = std::mem::take(&mut self.public).merge(routes);
        self
    }

    /// Answers on the public listener before its routes are asked.
    pub fn web_ready(&mut self, find: Find, ready: Ready) -> &mut Self {
        self.short_way = Some(ShortWay { find, ready, clock: Clock::system() });
        self
    }

    /// Adds a worker. It must end soon after its token is cancelled, and not before.
    pub fn worker<F>(&mut self, name: &'static str, worker: impl FnOnce(CancellationToken) -> F) -> &mut Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.workers.push((name, Box::pin(worker(self.stop.clone()))));
        self
    }

    /// Adds a worker that does much in a row. It runs on threads of its kind, which are less urgent than all others, and
    /// shares no connections with what runs elsewhere: see [`crate::Db::apart`].
    pub fn bulk_worker<F>(
        &mut self,
        name: &'static str,
        worker: impl FnOnce(CancellationToken) -> F,
    ) -> &mut Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.bulk_workers.push((name, Box::pin(worker(self.stop.clone()))));
        self
    }

    /// Adds a check of readiness: it answers why the part of this name cannot work now, or nothing. It is
    /// looked at every second and told by `grpc.health.v1` under that name.
    pub fn ready<F>(&mut self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> &mut Self
    where
        F: Future<Output = Option<String>> + Send + 'static,
    {
        self.checks.push((name, Box::new(move || Box::pin(check()))));
        self
    }

    /// Serves until stopped: not serving at once, requests drained within 10 s, workers ended within 4 s
    /// more. Every gRPC service is behind the gate; the public routes bring their own.
    ///
    /// # Errors
    /// [`HostError`]; nothing has been served then, or a worker ended by itself.
    pub async fn serve(
        mut self,
        internal: Option<(TcpListener, Gate)>,
        public: Option<TcpListener>,
    ) -> Result<(), HostError> {
        if let Some(name) = self.undeclared {
            return Err(HostError::Undeclared(name));
        }
        let (reporter, health) = tonic_health::server::health_reporter();
        self.routes.add_service(health.max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES));
        if self.reflection {
            add_reflection(&mut self.routes, proto::DESCRIPTORS, &self.services)?;
        }
        let grpc = self.routes.routes().prepare().into_axum_router();

        let mut workers = JoinSet::new();
        let mut running = std::collections::HashMap::new();
        for (name, worker) in self.workers {
            running.insert(workers.spawn(worker).id(), name);
        }
        let bulk = (!self.bulk_workers.is_empty()).then(Bulk::start).transpose()?;
        if let Some(bulk) = &bulk {
            for (name, worker) in self.bulk_workers {
                running.insert(workers.spawn_on(worker, bulk.handle()).id(), name);
            }
        }
        let readiness = tokio::spawn(watch_readiness(reporter.clone(), self.checks, self.stop.clone()));

        let mut listeners = JoinSet::new();
        if let Some((internal, gate)) = internal {
            let guarded = grpc.layer(axum::middleware::from_fn_with_state(gate, gate::guard));
            listeners.spawn(listener::serve(internal, guarded, None, Side::Internal, self.stop.clone()));
        }
        if let Some(public) = public {
            let short = self.short_way.map(|short_way| Ok((short_way, Lanes::start()?)));
            let short = short.transpose().map_err(HostError::Threads)?;
            listeners.spawn(listener::serve(public, self.public, short, Side::Public, self.stop.clone()));
        }

        let mut outcome = Ok(());
        tokio::select! {
            () = self.stop.cancelled() => {}
            Some(ended) = workers.join_next_with_id() => {
                let id = ended.as_ref().map_or_else(|fault| fault.id(), |(id, ())| *id);
                let name = running.get(&id).copied().unwrap_or("unknown");
                if let Err(fault) = ended {
                    tracing::error!(worker = name, error = %fault, "a worker failed");
                }
                if !self.stop.is_cancelled() {
                    outcome = Err(HostError::WorkerEnded(name));
                }
                running.remove(&id);
                self.stop.cancel();
            }
        }
        for service in &self.services {
            reporter.set_service_status(service, ServingStatus::NotServing).await;
        }
        while listeners.join_next().await.is_some() {}
        readiness.abort();
        let ended = tokio::time::timeout(WORKER_GRACE, async {
            while let Some(ended) = workers.join_next_with_id().await {
                let id = ended.as_ref().map_or_else(|fault| fault.id(), |(id, ())| *id);
                running.remove(&id);
            }
        });
        if ended.await.is_err() {
            tracing::warn!(workers = ?running.values().collect::<Vec<_>>(), "still running when the process ended");
        }
        outcome
    }
}

/// Reflection for these services, from these descriptors, in both versions: Python's client still asks for
/// the old one.
///
/// # Errors
/// If the contracts cannot be described.
pub fn add_reflection(
    routes: &mut RoutesBuilder,
    descriptors: &'static [u8],
    services: &[&'static str],
) -> Result<(), tonic_reflection::server::Error> {
    let describe = || {
        let builder =
            tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(descriptors);
        services.iter().fold(builder, |builder, service| builder.with_service_name(*service))
    };
    routes.add_service(describe().build_v1()?.max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES));
    routes.add_service(describe().build_v1alpha()?.max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES));
    Ok(())
}

async fn watch_readiness(
    reporter: HealthReporter,
    checks: Vec<(&'static str, Check)>,
    stop: CancellationToken,
) {
    let mut last = vec![None; checks.len()];
    while !stop.is_cancelled() {
        for ((name, check), last) in checks.iter().zip(&mut last) {
            let why = check().await;
            if last.as_ref() == Some(&why) {
                continue;
            }
            match &why {
                None => {
                    tracing::info!(part = name, "ready");
                    reporter.set_service_status(*name, ServingStatus::Serving).await;
                }
                Some(why) => {
                    tracing::warn!(part = name, why, "not ready");
                    reporter.set_service_status(*name, ServingStatus::NotServing).await;
                }
            }
            *last = Some(why);
        }
        stop.run_until_cancelled(tokio::time::sleep(READINESS_PAUSE)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll};

    use super::*;

    /// A service that no contract of ours knows, and so nobody said who may call it.
    #[derive(Clone)]
    struct Undeclared;

    impl NamedService for Undeclared {
        const NAME: &'static str = "pharos.test.v1.UndeclaredService";
    }

    impl Service<http::Request<Body>> for Undeclared {
        type Response = http::Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<http::Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<Body>) -> Self::Future {
            std::future::ready(Ok(http::Response::new(Body::empty())))
        }
    }

    #[tokio::test]
    async fn a_process_with_an_rpc_that_does_not_say_who_may_call_it_does_not_serve() {
        let mut host = Host::new(CancellationToken::new(), false);
        host.grpc(Undeclared);
        assert!(matches!(host.serve(None, None).await, Err(HostError::Undeclared(Undeclared::NAME))));
    }

    #[tokio::test]
    async fn a_worker_that_ends_by_itself_ends_the_process() {
        let mut host = Host::new(CancellationToken::new(), false);
        host.worker("short", |_| async {});
        assert!(matches!(host.serve(None, None).await, Err(HostError::WorkerEnded("short"))));
    }

    #[tokio::test]
    async fn a_host_that_is_told_to_stop_ends_its_workers() {
        let stop = CancellationToken::new();
        let mut host = Host::new(stop.clone(), true);
        host.worker("patient", |stop| async move { stop.cancelled().await });
        stop.cancel();
        assert!(host.serve(None, None).await.is_ok());
    }
}
