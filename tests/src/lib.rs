#![doc = include_str!("../README.md")]

mod binary;
mod caller;
mod checker;
mod cluster;
mod company;
mod dns;
mod fake_clock;
mod page;
pub mod postgres;
mod proxy;
mod reader;
mod seeding;
mod smtp_sink;
mod story;
mod valve;
mod web;

pub use binary::{Process, binary};
pub use caller::{Bearer, Caller, Signed, affected, at, mask, seconds_from_now, signed, violated};
pub use checker::{FanOut, Found};
pub use cluster::{Cluster, Shape};
pub use company::Company;
pub use dns::Dns;
pub use fake_clock::FakeClock;
pub use page::PageOf;
pub use proxy::{Proxy, Stage, Trouble};
pub use reader::Watch;
pub use seeding::{Crowd, Seed, crowd};
pub use smtp_sink::{Mail, SmtpSink};
pub use story::{Incident, Maintenance};

/// What a test waits for comes within this time, or the test fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Looks again and again until there is something to see.
///
/// # Panics
/// If there is nothing within [`PATIENCE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
