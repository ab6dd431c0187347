#![doc = include_str!("../README.md")]

mod audience;
mod config;
pub mod domain;
mod error;
pub mod mail;
mod rpc;
pub mod smtp;
mod store;
mod workers;

use std::{sync::Arc, time::Duration};

use kit::{Clock, Db, Host, Secret, host::MAX_REQUEST_BYTES, peer::Peer, worker};
use proto::{
    internal::v1::{
        audience_service_client::AudienceServiceClient, event_service_server::EventServiceServer,
        page_directory_service_client::PageDirectoryServiceClient,
        responder_service_client::ResponderServiceClient,
    },
    notifications::v1::broadcast_service_server::BroadcastServiceServer,
};
use tokio::sync::Notify;

pub use config::Config;
pub use error::Error;

/// The schema's history.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
/// The schema that this service owns.
pub const SCHEMA: &str = "notifications";

/// How often due retries, and work whose wake-up was lost, are looked for.
const POLL: Duration = Duration::from_secs(1);
/// An update's text and two thousand components' names in the widest characters; a postmortem is shorter.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// What the service works with.
#[derive(Debug)]
pub struct Deps {
    /// Its schema.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Whose a page is.
    pub pages: PageDirectoryServiceClient<Peer>,
    /// Which subscribers to write to.
    pub audience: AudienceServiceClient<Peer>,
    /// Which members to remind.
    pub responders: ResponderServiceClient<Peer>,
    /// The mail server.
    pub relay: smtp::SmtpUrl,
    /// What senders' addresses are signed with.
    pub secret: Secret,
    /// What the world calls the edge.
    pub public_url: String,
}

/// Mounts the notifications service: its RPCs, and a sender for each connection.
///
/// # Errors
/// The setting that cannot be used, and what is wrong with it.
pub fn mount(host: &mut Host, config: Config, deps: Deps) -> Result<(), BadConfig> {
    let bad = |(key, problem)| BadConfig { key, problem };
    config.check().map_err(bad)?;
    let dkim = config.dkim().map_err(bad)?;
    let addresses = mail::Addresses {
        public_url: deps.public_url,
        mail_domain: config.mail_domain,
        bounce_domain: config.bounce_domain,
        feedback_sender: "pharos".to_owned(),
    };
    let out = Arc::new(workers::Outbound::new(deps.relay, addresses, &deps.secret, dkim));
    let audiences = audience::Audiences::new(deps.audience, deps.responders);
    let rpc = rpc::Rpc {
        db: deps.db.clone(),
        clock: deps.clock.clone(),
        pages: deps.pages,
        audiences: audiences.clone(),
        segment_size: config.segment_size,
    };
    host.grpc(EventServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_EVENT_BYTES))
        .grpc(BroadcastServiceServer::new(rpc).max_decoding_message_size(MAX_REQUEST_BYTES));

    let wake = Arc::new(Notify::new());
    for _ in 0..config.connections {
        let (db, clock, audiences) = (deps.db.clone(), deps.clock.clone(), audiences.clone());
        let (out, wake, flush) = (Arc::clone(&out), Arc::clone(&wake), config.flush);
        host.worker("send_segments", move |stop| async move {
            let sender = workers::Sender::new(db, clock, audiences, out, flush, stop.clone());
            worker::run("send_segments", wake, POLL, stop, || sender.step()).await;
        });
    }
    let db = deps.db.clone();
    host.worker("listen_segments", move |stop| worker::listen(db, "notifications_segment", wake, stop));
    let db = deps.db;
    host.ready("notifications", move || {
        let db = db.clone();
        async move { db.not_ready(&MIGRATOR, SCHEMA).await }
    });
    Ok(())
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("notifications.{key}: {problem}")]
pub struct BadConfig {
    /// The key.
    pub key: &'static str,
    /// What is wrong with it.
    pub problem: String,
}
