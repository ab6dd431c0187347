#![doc = include_str!("../README.md")]

mod audience;
mod config;
pub mod dkim;
mod dns;
pub mod domain;
mod error;
mod inbound;
pub mod mail;
mod message_id;
mod relays;
mod rpc;
mod seal;
mod sending_domains;
mod store;
pub mod verp;
mod watch;
mod workers;

use std::{sync::Arc, time::Duration};

use kit::{
    Clock, Db, Host, Secret,
    host::MAX_REQUEST_BYTES,
    peer::Peer,
    worker::{self, Heard},
};
use proto::{
    internal::v1::{
        audience_service_client::AudienceServiceClient, event_service_server::EventServiceServer,
        page_directory_service_client::PageDirectoryServiceClient,
        responder_service_client::ResponderServiceClient,
    },
    notifications::v1::{
        broadcast_service_server::BroadcastServiceServer,
        sending_domain_service_server::SendingDomainServiceServer,
    },
    subscriptions::v1::subscription_service_client::SubscriptionServiceClient,
};
use tokio::{net::TcpListener, sync::Notify};

pub use config::{Config, InboundProtocol};
pub use error::Error;
use workers::{check_sending_domains, forget_broadcasts, log_writer, sender, shared};

/// The schema's history.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
/// The schema that this service owns.
pub const SCHEMA: &str = "notifications";

/// How often due retries, and work whose wake-up was lost, are looked for.
const LOOK_OUT: Duration = Duration::from_secs(1);
/// How often a sender that nobody wakes looks after itself.
const POLL: Duration = Duration::from_secs(10);
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
    /// Who takes readers off a list that ask for it by mail.
    pub subscriptions: SubscriptionServiceClient<Peer>,
    /// Where mails come back, bound; none if the settings name no place.
    pub inbound: Option<TcpListener>,
    /// Which members to remind.
    pub responders: ResponderServiceClient<Peer>,
    /// The mail servers, the preferred one first.
    pub relays: smtp::client::RelayList,
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
    let audiences = audience::Audiences::new(deps.audience, deps.responders);
    let back = inbound::Deps {
        db: &deps.db,
        clock: &deps.clock,
        audiences: audiences.clone(),
        subscriptions: deps.subscriptions,
        listener: deps.inbound,
        secret: &deps.secret,
    };
    inbound::mount(host, &config, back);
    let addresses = mail::Addresses {
        public_url: deps.public_url,
        mail_domain: config.mail_domain,
        bounce_domain: config.bounce_domain,
        feedback_sender: "pharos".to_owned(),
        through_postmark: config.postmark_password.is_some(),
    };
    let limits = relays::Limits { connections: config.connections };
    let relays = relays::Relays::new(&deps.relays, limits, &addresses.mail_domain);
    let senders = relays.places().min(usize::from(config.connections));
    let keys =
        sending_domains::Keys::new(&deps.secret).map_err(|error| bad(("secret", error.to_string())))?;
    let pool = dkim::SigningPool::start(config.dkim_threads)
        .map_err(|error| bad(("dkim_threads", error.to_string())))?;
    let most = u32::from(config.connections) * u32::from(config.flush);
    let signing =
        workers::Signing { own: dkim, keys: keys.clone(), pool, senders: usize::from(config.connections) };
    let out = workers::Outbound::new(relays, most, addresses, &deps.secret, signing);
    let dns = dns::Dns::new(config.dns_server);
    let (db, clock) = (deps.db.clone(), deps.clock.clone());
    let domains = sending_domains::SendingDomains::new(db, clock, dns, keys, &deps.secret);
    let watchers = watch::Hub::new(deps.db.clone());
    let rpc = rpc::Rpc {
        db: deps.db.clone(),
        clock: deps.clock.clone(),
        pages: deps.pages,
        audiences: audiences.clone(),
        watchers: watchers.clone(),
        segment_size: config.segment_size,
    };
    host.grpc(EventServiceServer::new(rpc.clone()).max_decoding_message_size(MAX_EVENT_BYTES))
        .grpc(BroadcastServiceServer::new(rpc).max_decoding_message_size(MAX_REQUEST_BYTES))
        .grpc(SendingDomainServiceServer::new(domains.clone()).max_decoding_message_size(MAX_REQUEST_BYTES));
    host.worker("check_sending_domains", |stop| {
        worker::run("check_sending_domains", Arc::default(), check_sending_domains::POLL, stop, move || {
            check_sending_domains::step(domains.clone())
        })
    });
    host.worker("watch_broadcasts", |stop| watch::follow(watchers, stop));

    let wake = Arc::new(Notify::new());
    let sending = deps.db.apart();
    let (log, writer) = log_writer::log(sending.clone(), deps.clock.clone(), shared::LEASE);
    // Ends with the last sender, not before: what was sent is written down also while the process stops.
    host.bulk_worker("write_log", |_stop| writer.run());
    let shared = Arc::new(shared::Shared::new(
        sending,
        deps.clock.clone(),
        audiences,
        out,
        log,
        config.flush,
        Arc::clone(&wake),
    ));
    for _ in 0..senders {
        let (shared, wake) = (Arc::clone(&shared), Arc::clone(&wake));
        host.bulk_worker("send_segments", move |stop| async move {
            let sender = sender::Sender::new(shared, stop.clone());
            worker::run("send_segments", wake, POLL, stop, || sender.step()).await;
        });
    }
    drop(shared);
    let (db, woken) = (deps.db.clone(), Arc::clone(&wake));
    host.worker("look_out", move |stop| {
        worker::run("look_out", Arc::default(), LOOK_OUT, stop, move || {
            look_out(db.clone(), Arc::clone(&woken))
        })
    });
    let db = deps.db.clone();
    host.worker("forget_broadcasts", move |stop| {
        // Nobody wakes it: what it deletes is long past.
        worker::run("forget_broadcasts", Arc::default(), forget_broadcasts::POLL, stop, move || {
            forget_broadcasts::step(db.clone(), config.keep_days)
        })
    });
    let db = deps.db.clone();
    host.worker("listen_segments", move |stop| async move {
        worker::hear(db, "notifications_segment", stop, |heard| match heard {
            Heard::Began | Heard::Said(_) => wake.notify_one(),
            Heard::Lost => {}
        })
        .await;
    });
    let db = deps.db;
    host.ready("notifications", move || {
        let db = db.clone();
        async move { db.not_ready(&MIGRATOR, SCHEMA).await }
    });
    Ok(())
}

/// Makes ready what has waited long enough, and wakes a sender if there is anything to do, lest a wake-up was lost.
async fn look_out(db: Db, wake: Arc<Notify>) -> sqlx::Result<worker::Step> {
    if store::segments::look_out(db.pool()).await? {
        wake.notify_one();
    }
    Ok(worker::Step::Idle)
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
