//! What the service does by itself.

mod clock;
mod relay_outbox;
mod tell;

pub(crate) use clock::{Clockwork, run_clock};
pub use relay_outbox::{Relay, relay_outbox};
