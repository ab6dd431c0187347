//! Composing mails.
//!
//! A mail is composed once for a language and a time zone ([`Composer::template`]),
//! with slots where it is personal, and then spliced for each recipient
//! ([`Template::splice`]): that copies bytes and does nothing else. What members wrote is cleaned here once more,
//! wherever it came from: no name, title or text can begin a header of its own.
//!
//! A mail holds nothing remote, nothing that tells who read it, and no link that goes
//! round by us.

mod body;
mod clean;
mod composer;
mod content;
mod message;
mod story;
mod template;
#[cfg(test)]
mod tests;
mod text;

pub use composer::{Addresses, Composer};
pub use content::{Page, Sender};
pub use template::{Personal, Template, UnfitRecipient};
