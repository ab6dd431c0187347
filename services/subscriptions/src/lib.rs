#![doc = include_str!("../README.md")]

mod components;
mod config;
mod directory;
mod domain;
mod error;
mod in_hand;
mod rpc;
mod store;
pub mod workers;

use std::sync::Arc;

use kit::{
    Clock, Db, Host,
    host::{MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    peer::Peer,
    worker,
};
use proto::{
    incidents::v1::status_service_client::StatusServiceClient,
    internal::v1::{
        audience_service_server::AudienceServiceServer, event_service_client::EventServiceClient,
        page_directory_service_client::PageDirectoryServiceClient,
    },
    subscriptions::v1::{
        subscriber_service_server::SubscriberServiceServer,
        subscription_service_server::SubscriptionServiceServer,
    },
};
use tokio::sync::Notify;

pub use config::Config;
use workers::{
    forget_full_mailboxes::ForgetFullMailboxes, forget_pending::ForgetPending, forget_quotas::ForgetQuotas,
    relay_outbox::RelayOutbox,
};

/// The schema that this service owns.
pub const SCHEMA: &str = "subscriptions";

/// The schema's history.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the service needs from around it.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Its schema, as the role `pharos_subscriptions`.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Whose a page is; tenants answers.
    pub pages: PageDirectoryServiceClient<Peer>,
    /// What components a page has; incidents answers.
    pub status: StatusServiceClient<Peer>,
    /// Who sends the mails with the link to confirm; notifications answers.
    pub events: EventServiceClient<Peer>,
}

/// Mounts the service: its RPCs, its workers, its readiness.
pub fn mount(host: &mut Host, config: Config, deps: Deps) {
    let Deps { db, clock, pages, status, events } = deps;
    let rpc = rpc::Rpc::new(&config, db.clone(), clock.clone(), pages, status);
    host.grpc(
        SubscriptionServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES),
    )
    .grpc(SubscriberServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_REQUEST_BYTES))
    .grpc(AudienceServiceServer::new(rpc).max_decoding_message_size(MAX_REQUEST_BYTES));

    let wake = Arc::new(Notify::new());
    host.worker("listen_outbox", |stop| {
        worker::listen(db.clone(), workers::relay_outbox::CHANNEL, Arc::clone(&wake), stop)
    });
    let relay = RelayOutbox::new(db.clone(), clock.clone(), events);
    for _ in 0..workers::relay_outbox::RELAYS {
        let relay = relay.clone();
        host.worker("relay_outbox", |stop| {
            worker::run("relay_outbox", Arc::clone(&wake), workers::relay_outbox::POLL, stop, move || {
                let relay = relay.clone();
                async move { relay.step().await }
            })
        });
    }
    let forget = ForgetPending::new(db.clone(), clock.clone());
    host.worker("forget_pending", |stop| {
        // Nobody wakes it: what it looks at is 7 days old.
        worker::run("forget_pending", Arc::default(), workers::forget_pending::POLL, stop, move || {
            let forget = forget.clone();
            async move { forget.step().await }
        })
    });
    let forget = ForgetFullMailboxes::new(db.clone(), clock.clone());
    host.worker("forget_full_mailboxes", |stop| {
        // Nobody wakes it: what it deletes is 14 days old.
        let poll = workers::forget_full_mailboxes::POLL;
        worker::run("forget_full_mailboxes", Arc::default(), poll, stop, move || {
            let forget = forget.clone();
            async move { forget.step().await }
        })
    });
    let forget = ForgetQuotas::new(db.clone(), clock);
    host.worker("forget_quotas", |stop| {
        // Nobody wakes it: what it deletes is a day old.
        worker::run("forget_quotas", Arc::default(), workers::forget_quotas::POLL, stop, move || {
            let forget = forget.clone();
            async move { forget.step().await }
        })
    });

    host.ready("subscriptions", move || {
        let db = db.clone();
        async move { db.not_ready(&MIGRATOR, SCHEMA).await }
    });
}
