#![doc = include_str!("../README.md")]

mod config;
mod domain;
mod error;
mod pages;
mod rpc;
mod store;
mod vendor_reader;
mod watch;
pub mod workers;

use std::{sync::Arc, time::Duration};

use kit::{
    Clock, Db, Host,
    host::{MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    ledger::FORGET_POLL,
    peer::Peer,
};
use proto::{
    incidents::v1::{
        audit_service_server::AuditServiceServer, component_service_server::ComponentServiceServer,
        incident_service_server::IncidentServiceServer, maintenance_service_server::MaintenanceServiceServer,
        postmortem_service_server::PostmortemServiceServer,
        status_history_service_server::StatusHistoryServiceServer,
        status_service_server::StatusServiceServer, template_service_server::TemplateServiceServer,
        uptime_settings_service_server::UptimeSettingsServiceServer,
        vendor_service_server::VendorServiceServer,
    },
    internal::v1::{
        event_service_client::EventServiceClient, page_change_service_server::PageChangeServiceServer,
        page_directory_service_client::PageDirectoryServiceClient,
    },
};

pub use config::Config;

use crate::{
    pages::Pages,
    rpc::Rpc,
    vendor_reader::Reader,
    watch::Hub,
    workers::{Clockwork, Relay},
};

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
    let watchers = Hub::new(db.clone());
    let read_every = Duration::from_secs(config.vendor_read_seconds.get().into());
    let reader = Reader::new(config.vendor_networks, read_every);
    let rpc = Rpc::new(db.clone(), clock.clone(), Pages::new(pages), reader.clone(), watchers.clone());
    let relay = Relay::new(db.clone(), events);
    let clockwork = Clockwork::new(db.clone(), clock, reader);
    let forgetting = db.clone();
    host.grpc(AuditServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(ComponentServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(IncidentServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(MaintenanceServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(PageChangeServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(PostmortemServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(StatusHistoryServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(TemplateServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(UptimeSettingsServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(VendorServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(StatusServiceServer::new(rpc).max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES))
        .worker("relay_outbox", |stop| workers::relay_outbox(relay, config.relay_concurrency, stop))
        .worker("watch_pages", |stop| watch::follow(watchers, stop))
        .worker("clock", |stop| workers::run_clock(clockwork, config.clock_concurrency, stop))
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
