//! What the service does by itself.

mod relay_outbox;

pub use relay_outbox::{Relay, relay_outbox};
