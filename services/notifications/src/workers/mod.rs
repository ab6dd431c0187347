//! What goes on without a call.

mod lot;
mod outbound;
mod send_segments;

pub(crate) use outbound::Outbound;
pub(crate) use send_segments::Sender;
