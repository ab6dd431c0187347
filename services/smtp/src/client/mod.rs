//! The sending side of SMTP.
//!
//! Owns the conversation with a mail relay ([`Connection`]) and where the relays are ([`RelayList`], [`SmtpUrl`]). It knows neither
//! broadcasts nor the database: it gets messages and gives back a [`Report`] for each.
//!
//! Promises:
//! - only `250` after the final dot is [`Verdict::Sent`];
//! - reports come in order, each mail gets one, and a reply is never taken for another mail's: after a timeout,
//!   an I/O error, a reply out of turn or a dropped future the connection refuses to be used again;
//! - nothing hangs: every stage has its limit ([`Timeouts`]);
//! - a refused recipient does not cost the connection.
//!
//! Commands of the next mail leave in one write with the body of the former (RFC 2920, section 3.1): one
//! round trip a mail. A server without PIPELINING is spoken to one command at a time.

mod connection;
mod delivery;
mod fault;
mod message;
mod parameters;
mod relays;
mod reply;
#[cfg(test)]
mod tests;
mod tls;
mod url;

pub use connection::{Connection, OpenError, Timeouts};
pub use delivery::{Envelope, Lost, Report, Step, UNWRITABLE};
pub use fault::{Fault, Stage};
pub use relays::{InvalidRelayList, Relay, RelayList};
pub use reply::{EnhancedStatus, InvalidReply, Reply, Verdict};
pub use url::{InvalidSmtpUrl, SmtpUrl, Tls};
