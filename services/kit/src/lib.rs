#![doc = include_str!("../README.md")]

mod bulk;
pub mod caller;
pub mod clock;
pub mod db;
pub mod deadline;
pub mod gate;
pub mod host;
pub mod ids;
pub mod ledger;
pub mod listener;
pub mod locale;
pub mod markdown;
pub mod paging;
pub mod peer;
pub mod secret;
pub mod status;
pub mod texts;
pub mod time;
pub mod time_zone;
pub mod token;
pub mod worker;

pub use caller::Caller;
pub use clock::Clock;
pub use db::Db;
pub use host::Host;
pub use secret::Secret;
