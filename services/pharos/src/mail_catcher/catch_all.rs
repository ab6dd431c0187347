//! The catcher's policy.
use std::{net::SocketAddr, sync::Arc};

use smtp::server::{Answer, Envelope, Policy, Received, Reply};

use super::store::Store;

/// Accepts every recipient and keeps every message.
pub struct CatchAll(Arc<Store>);

impl CatchAll {
    /// Keeps the messages in `store`.
    pub fn new(store: Arc<Store>) -> Self {
        Self(store)
    }
}

impl Policy for CatchAll {
    fn greeting(&self, _peer: SocketAddr) -> Reply {
        Reply::say(220, "localhost ESMTP Pharos mail catcher")
    }

    fn recipient(&self, _envelope: &Envelope) -> Reply {
        Reply::say(250, "2.1.5 recipient noted")
    }

    async fn message(&self, received: Received) -> Answer {
        let id = self.0.keep(received.envelope, received.data);
        Reply::say(250, format!("2.6.0 kept as {id}")).into()
    }
}
