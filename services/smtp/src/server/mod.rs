//! The receiving side of SMTP and LMTP.
//!
//! [`SmtpServer`] keeps the conversation and its [`Limits`], and asks a [`Policy`] what to answer where a real mail system
//! has an opinion. The mail catcher, the door for mails that come back and the tests' sink are policies on this one
//! server.
//!
//! Promises:
//! - a message ends at CR LF, dot, CR LF and nowhere else, and one with a CR or LF that is no part of a CR LF is refused
//!   with 550: whatever a server before us took for the end of a message, nobody can smuggle a second one in;
//! - what a policy gets is octet for octet what was sent, without the dots that were doubled;
//! - a peer holds at most one message, one line and one read in memory, and a line that does not come, a
//!   message that comes too slowly and a connection that lasts too long end it;
//! - 250 is said only after the policy has answered it.

mod admission;
mod command;
mod conversation;
mod input;
mod limits;
mod listener;
mod policy;
mod session;
#[cfg(test)]
mod tests;

pub use limits::Limits;
pub use listener::{Protocol, SmtpServer};
pub use policy::{Answer, Envelope, Policy, Received, Reply};
