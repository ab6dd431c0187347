//! What comes back of mails: reports and complaints over SMTP or LMTP, what providers tell over HTTP, requests to
//! unsubscribe by mail, and the brake that follows from complaints.
//!
//! A mail that comes back is believed only if it names a delivery whose MAC is ours (the envelope sender, or the
//! recipient's hash in the Message-ID). Nothing is acknowledged before it is worked off.

pub(crate) mod brake;
mod came_back;
mod door;
mod report;
mod settings;
mod taker;
pub(crate) mod webhooks;

use std::{sync::Arc, time::Duration};

use kit::{Clock, Db, Host, Secret, host::MAX_REQUEST_BYTES, peer::Peer, worker};
use proto::{
    internal::v1::feedback_service_server::FeedbackServiceServer,
    notifications::v1::reputation_service_server::ReputationServiceServer,
    subscriptions::v1::subscription_service_client::SubscriptionServiceClient,
};
use tokio::net::TcpListener;

pub(crate) use settings::{Addresses, check};

use crate::{
    audience::Audiences,
    config::Config,
    inbound::{door::Door, taker::Taker, webhooks::Webhooks},
    rpc::{feedback_service::FeedbackRpc, reputation_service::ReputationRpc},
};

/// How often complaints are counted anew: as days pass they count no more.
const RECOUNT: Duration = Duration::from_secs(600);

/// What it works with.
pub(crate) struct Deps<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a Clock,
    pub(crate) audiences: Audiences,
    pub(crate) subscriptions: SubscriptionServiceClient<Peer>,
    /// Where mails come back, bound.
    pub(crate) listener: Option<TcpListener>,
    pub(crate) secret: &'a Secret,
}

/// Mounts the RPCs, the door for mails if it has a listener, and the worker that counts complaints anew.
pub(crate) fn mount(host: &mut Host, config: &Config, deps: Deps<'_>) {
    let Deps { db, clock, audiences, subscriptions, listener, secret } = deps;
    let addresses =
        Addresses { mail_domain: config.mail_domain.clone(), bounce_domain: config.bounce_domain.clone() };
    let taker =
        Arc::new(Taker::new(db.clone(), clock.clone(), audiences, subscriptions, secret, addresses.clone()));
    let webhooks = Arc::new(Webhooks::new(Arc::clone(&taker), clock.clone(), settings::keys(config)));
    let reputation = ReputationRpc { db: db.clone(), clock: clock.clone() };
    host.grpc(
        FeedbackServiceServer::new(FeedbackRpc { webhooks }).max_decoding_message_size(MAX_REQUEST_BYTES),
    )
    .grpc(ReputationServiceServer::new(reputation).max_decoding_message_size(MAX_REQUEST_BYTES));
    if let Some(listener) = listener {
        let (door, protocol) = (Door::new(taker, addresses.bounce_domain), config.inbound_protocol.into());
        host.worker("take_returned_mails", move |stop| door.serve(listener, protocol, stop));
    }
    let (db, clock) = (db.clone(), clock.clone());
    host.worker("recount_complaints", move |stop| {
        worker::run("recount_complaints", Arc::default(), RECOUNT, stop, move || {
            brake::recount_all(db.clone(), clock.clone())
        })
    });
}
