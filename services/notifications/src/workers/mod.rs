//! What goes on without a call.

mod admitted;
pub(crate) mod check_sending_domains;
mod down;
pub(crate) mod forget_broadcasts;
pub(crate) mod log_writer;
mod outbound;
pub(crate) mod sender;
pub(crate) mod shared;
mod window;

pub(crate) use outbound::{Outbound, Signing};
