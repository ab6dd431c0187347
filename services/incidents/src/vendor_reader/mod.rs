//! Reads vendors' status pages: the only part of the service that speaks to the Internet.
//!
//! Addresses come from tenants, so each is a stranger's: only public addresses are asked, under TLS, without following
//! redirects, and what comes back is bounded in time and in size. An installation may name networks of its own that
//! are asked too, and in the clear.

mod address;
mod fetch;
mod networks;

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use kit::Clock;
use moka::future::Cache;

use crate::domain::{Listing, Unreadable, VendorFormat};

use {fetch::Fetcher, networks::Networks};

/// So many components are remembered, over all pages.
const CAPACITY: u64 = 200_000;
/// A page that fails is read at least this often, unless all pages are read less often, from the contract.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// Why a page was not read, in a sentence for the members who entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    #[error("The page's address is not on the public Internet.")]
    NotPublic,
    #[error("No connection to the page could be made.")]
    NoConnection,
    #[error("The page did not answer within {} s.", fetch::PATIENCE.as_secs())]
    TooSlow,
    #[error("The page redirects to another address, which is not followed; enter that address.")]
    Elsewhere,
    #[error("The page answered with the status {0}.")]
    Status(u16),
    #[error("The page's answer is larger than 1 MiB.")]
    TooLarge,
    #[error("The page's answer broke off.")]
    BrokenOff,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// What a reading came to.
pub(crate) type Reading = Arc<Result<Listing, Unread>>;

/// Reads pages. Cheap to clone; clones share what they remember.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    networks: Networks,
    fetcher: Fetcher,
    /// One reading serves every tenant whose page follows the vendor.
    lately: Cache<(String, VendorFormat), Reading>,
    every: Duration,
}

impl Reader {
    /// A reader that asks these networks too, and each page about this often.
    pub(crate) fn new(networks: Vec<IpNet>, every: Duration) -> Self {
        let networks = Networks::new(networks);
        let lately = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|_, reading: &Reading| {
                let of = |listing: &Listing| listing.components.len() + listing.unreadable.len();
                let components = reading.as_ref().as_ref().map_or(0, of);
                u32::try_from(components).unwrap_or(u32::MAX).saturating_add(1)
            })
            .time_to_live(every / 2)
            .build();
        Self { fetcher: Fetcher::new(&networks), networks, lately, every }
    }

    /// The address of a page as it is kept, if such a page may be read.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, for the field's violation.
    pub(crate) fn parse_address(&self, text: &str) -> Result<String, &'static str> {
        address::parse(text, &self.networks)
    }

    /// Reads a page, or answers what was read of it shortly before. It takes 10 s at most; no transaction may be open.
    pub(crate) async fn read(&self, url: &str, format: VendorFormat) -> Reading {
        let fetcher = self.fetcher.clone();
        let answer = format!("{url}{}", path(format));
        let read = async move {
            let answer = fetcher.fetch(&answer).await;
            Arc::new(answer.and_then(|answer| Ok(Listing::read(format, &answer)?)))
        };
        self.lately.get_with((url.to_owned(), format), read).await
    }

    /// When to read a page again: earlier or later by up to a sixth, so that pages entered together spread.
    ///
    /// While reading it fails, it is left alone for as long as it has failed so far, which doubles the pause each time,
    /// up to 15 minutes: a page that does not answer holds up the reading of others for 10 s.
    pub(crate) fn next_at(&self, clock: &Clock, failing_since: Option<Timestamp>) -> Timestamp {
        let now = clock.now();
        let every = SignedDuration::try_from(self.every).unwrap_or(LONGEST_PAUSE);
        let failing_for = failing_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        let pause = i64::try_from(every.max(failing_for.min(LONGEST_PAUSE)).as_millis()).unwrap_or(i64::MAX);
        let chance = i64::from(clock.uuid().as_bytes()[15]);
        let jitter = pause / 3 * chance / i64::from(u8::MAX) - pause / 6;
        now.saturating_add(SignedDuration::from_millis(pause.saturating_add(jitter)))
            .unwrap_or(Timestamp::MAX)
    }
}

/// Where pages of this kind tell their status.
fn path(format: VendorFormat) -> &'static str {
    match format {
        VendorFormat::Statuspage => "/api/v2/components.json",
        VendorFormat::IncidentIo => "/api/v1/summary",
        VendorFormat::Instatus => "/v2/components.json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_again_within_a_sixth_of_the_time() {
        let clock = Clock::system();
        let reader = Reader::new(Vec::new(), Duration::from_secs(60));
        let start = clock.now();
        for _ in 0..1000 {
            let pause = reader.next_at(&clock, None).duration_since(start);
            assert!(pause >= SignedDuration::from_secs(50));
            assert!(reader.next_at(&clock, None) <= clock.now() + SignedDuration::from_secs(70));
        }
    }

    #[test]
    fn a_page_that_fails_is_read_less_often_the_longer_it_fails() {
        let clock = Clock::system();
        // How long it fails, how long it is then left alone; in seconds.
        for (every, failing, pause) in [
            (60, 0, 60),
            (60, 59, 60),
            (60, 120, 120),
            (60, 480, 480),
            (60, 86_400, 900),
            (3600, 86_400, 3600),
        ] {
            let reader = Reader::new(Vec::new(), Duration::from_secs(every));
            let start = clock.now();
            let next_at = reader.next_at(&clock, Some(start - SignedDuration::from_secs(failing)));
            // A second more, because the clock goes on.
            let (least, most) =
                (SignedDuration::from_secs(pause * 5 / 6), SignedDuration::from_secs(pause * 7 / 6 + 2));
            assert!(
                next_at >= start + least && next_at <= clock.now() + most,
                "{every} {failing}: {next_at}"
            );
        }
    }

    #[test]
    fn why_a_page_was_not_read_is_a_sentence_that_can_be_kept() {
        for unread in [
            Unread::NotPublic,
            Unread::TooSlow,
            Unread::Status(503),
            Unread::Elsewhere,
            Unread::Unreadable(Unreadable::Lacks("in_progress_maintenances")),
        ] {
            let sentence = unread.to_string();
            assert!(sentence.ends_with('.') && sentence.chars().count() <= 300, "{sentence}");
        }
        assert_eq!(Unread::TooSlow.to_string(), "The page did not answer within 10 s.");
    }
}
