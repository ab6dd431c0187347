#![doc = include_str!("../README.md")]

mod config;
mod domain;
mod error;
mod pages;
mod rpc;
mod store;
pub mod workers;

use std::sync::Arc;

use kit::{
    Clock, Db, Host,
    host::{MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    ledger::FORGET_POLL,
    peer::Peer,
};
use proto::{
    incidents::v1::{
        component_service_server::ComponentServiceServer, incident_service_server::IncidentServiceServer,
        status_service_server::StatusServiceServer,
    },
    internal::v1::{
        event_service_client::EventServiceClient, page_directory_service_client::PageDirectoryServiceClient,
    },
};

pub use config::Config;

use crate::{pages::Pages, rpc::Rpc, workers::Relay};

/// The migrations of this binary.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
/// The schema that the service owns.
pub const SCHEMA: &str = "incidents";

/// What the service needs of others.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Its way to its schema.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The page directory, of tenants.
    pub pages: PageDirectoryServiceClient<Peer>,
    /// Who takes events, of notifications.
    pub events: EventServiceClient<Peer>,
}

/// Mounts the service: its RPCs, its workers and its check of readiness.
pub fn mount(host: &mut Host, config: Config, deps: Deps) {
    let Deps { db, clock, pages, events } = deps;
    let rpc = Rpc::new(db.clone(), clock, Pages::new(pages));
    let relay = Relay::new(db.clone(), events);
    let forgetting = db.clone();
    host.grpc(ComponentServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(IncidentServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(StatusServiceServer::new(rpc).max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES))
        .worker("relay_outbox", |stop| workers::relay_outbox(relay, config.relay_concurrency, stop))
        .worker("forget_requests", |stop| {
            kit::worker::run("forget_requests", Arc::default(), FORGET_POLL, stop, move || {
                let db = forgetting.clone();
                async move { store::forget(&db).await }
            })
        })
        .ready(SCHEMA, move || {
            let db = db.clone();
            async move { db.not_ready(&MIGRATOR, SCHEMA).await }
        });
}
