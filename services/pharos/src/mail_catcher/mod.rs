//! The local mail catcher of `pharos up`: real SMTP on one side, a page to read the mails on the other.
//!
//! [`smtp::server`] speaks ESMTP and asks a [`Policy`](smtp::server::Policy) what to answer. The catcher's is
//! [`CatchAll`]: accept everything and keep the newest in a [`Store`], which [`router`] shows at `/inbox`. The tests'
//! sink is another policy on the same server, so that a sender meets one and the same conversation here and there.
//!
//! Promise: a mail is answered 250 only once it is in the store, and it is kept octet for octet as it was sent.
//! It asks for no password and speaks no TLS: it belongs on a loopback address.
mod catch_all;
mod inbox;
mod links;
mod mail;
mod store;
#[cfg(test)]
mod tests;

pub use catch_all::CatchAll;
pub use inbox::{JSON_PAGE_MAILS, PAGE_MAILS, router};
pub use mail::{CaughtMail, Mail};
pub use store::{DEFAULT_CAPACITY_MAILS, MAX_KEPT_OCTETS, Store};
