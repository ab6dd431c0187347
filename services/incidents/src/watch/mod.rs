//! Watching pages: each reader hears of a page's newest version, however many watch.
//!
//! Promise: who watches hears of every change, or of a later one, within a second while the database can be
//! listened to, and within 15 s otherwise. The database is asked once for a page when its
//! first reader comes, whoever comes after; a change is one message of the database to the process.
//!
//! Who keeps pages reads the changes of all of them, and is told when some may have been missed. These readers never
//! make the database be asked.

mod feed;
mod hub;
mod versions;

pub(crate) use feed::Changes;
pub(crate) use hub::{Hub, follow};
pub(crate) use versions::Versions;
