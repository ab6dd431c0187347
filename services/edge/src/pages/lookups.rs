//! Looking up which pages there are, so that a flood of made-up addresses is none for the services.
//!
//! That there is no page at a place is remembered for a second. Of places that are not known to have one, a few are looked
//! up at once, so that the calls that incidents takes (`kit::gate::MAX_CALLS`) are left to pages that exist.

use std::{hash::Hash, sync::Arc, time::Duration};

use kit::deadline;
use moka::sync::Cache;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout},
};

use super::slug::Slug;
use crate::peers::Fault;

/// How long it is remembered that something is not there: what is new is there so soon.
const MISSING: Duration = Duration::from_secs(1);
/// Of how many that is remembered.
const MAX_MISSING: u64 = 10_000;
/// How many places are known to have a page. Nobody fills this by asking.
const MAX_KNOWN: u64 = 100_000;
/// How many of the others are looked up at once: a quarter of what incidents takes.
const AT_ONCE: usize = 64;
/// How long one of them waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found not to be there a moment ago. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Missing<K: Hash + Eq + Send + Sync + 'static>(Cache<K, Instant>);

impl<K: Hash + Eq + Send + Sync + 'static> Missing<K> {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_MISSING).time_to_live(MISSING).build())
    }

    /// Whether it was not there a moment ago.
    pub(super) fn has(&self, key: &K) -> bool {
        self.0.get(key).is_some_and(|asked| asked.elapsed() < MISSING)
    }

    /// Notes that it is not there, by an answer to what was asked then: what is made later may not be seen by it.
    pub(super) fn note(&self, key: K, asked: Instant) {
        self.0.insert(key, asked);
    }
}

/// What is known of which pages there are. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Lookups {
    known: Cache<Slug, ()>,
    missing: Missing<Slug>,
    turns: Arc<Semaphore>,
}

impl Lookups {
    pub(super) fn new() -> Self {
        Self {
            known: Cache::new(MAX_KNOWN),
            missing: Missing::new(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// What `look` finds at a place, unless there was nothing a moment ago.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if there is no page; [`Fault::Away`] if that cannot be told, or too many places are being looked
    /// up that are not known to have one.
    pub(super) async fn find<T>(
        &self,
        slug: &Slug,
        look: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        if self.missing.has(slug) {
            return Err(Fault::NotFound);
        }
        let is_known = self.known.get(slug).is_some();
        let _turn = if is_known { None } else { Some(self.turn().await?) };
        let asked = Instant::now();
        let found = look.await;
        match &found {
            Ok(_) if is_known => {}
            Ok(_) => self.known.insert(slug.clone(), ()),
            Err(Fault::NotFound) => {
                self.known.invalidate(slug);
                self.missing.note(slug.clone(), asked);
            }
            Err(Fault::Away) => {}
        }
        found
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Fault> {
        let turn = timeout(PATIENCE.min(deadline::remaining()), self.turns.acquire()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            tracing::debug!("too many places are looked up at which there may be no page");
            Fault::Away
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::ready,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::advance;

    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::try_from(text.to_owned()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn that_there_is_no_page_is_asked_once_a_second() {
        let (lookups, asked) = (Lookups::new(), AtomicUsize::new(0));
        let look = async || {
            asked.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(Fault::NotFound)
        };
        for (millis, calls) in [(0, 1), (1, 1), (998, 1), (1, 2), (999, 2)] {
            advance(Duration::from_millis(millis)).await;
            assert_eq!(lookups.find(&slug("nope"), look()).await, Err(Fault::NotFound));
            assert_eq!(asked.load(Ordering::Relaxed), calls, "after {millis} ms more");
        }
        assert_eq!(lookups.find(&slug("other"), ready(Ok(7))).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_is_counted_from_the_question_and_not_from_its_answer() {
        let lookups = Lookups::new();
        let slow = async {
            advance(MISSING).await;
            Err::<(), _>(Fault::NotFound)
        };
        assert_eq!(lookups.find(&slug("new"), slow).await, Err(Fault::NotFound));
        assert_eq!(lookups.find(&slug("new"), ready(Ok(7))).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn that_it_could_not_be_asked_is_not_remembered() {
        let lookups = Lookups::new();
        assert_eq!(lookups.find(&slug("demo"), ready(Err::<(), _>(Fault::Away))).await, Err(Fault::Away));
        assert_eq!(lookups.find(&slug("demo"), ready(Ok(7))).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_places_are_made_up_pages_that_are_known_wait_for_none_of_them() {
        let lookups = Lookups::new();
        assert_eq!(lookups.find(&slug("demo"), ready(Ok(1))).await, Ok(1));
        let others = lookups.turns.acquire_many(u32::try_from(AT_ONCE).unwrap() - 1).await.unwrap();
        assert_eq!(lookups.find(&slug("new"), ready(Ok(2))).await, Ok(2));
        let last = lookups.turns.acquire().await.unwrap();
        assert_eq!(lookups.find(&slug("made-up"), ready(Ok(3))).await, Err(Fault::Away));
        let began = Instant::now();
        assert_eq!(lookups.find(&slug("demo"), ready(Ok(4))).await, Ok(4));
        assert_eq!(lookups.find(&slug("new"), ready(Ok(5))).await, Ok(5));
        assert_eq!(began.elapsed(), Duration::ZERO);
        drop((others, last));
        assert_eq!(lookups.find(&slug("made-up"), ready(Ok(6))).await, Ok(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_is_gone_is_known_no_longer() {
        let lookups = Lookups::new();
        assert_eq!(lookups.find(&slug("demo"), ready(Ok(1))).await, Ok(1));
        let gone = lookups.find(&slug("demo"), ready(Err::<(), _>(Fault::NotFound))).await;
        assert_eq!(gone, Err(Fault::NotFound));
        advance(MISSING).await;
        let _others = lookups.turns.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        assert_eq!(lookups.find(&slug("demo"), ready(Ok(2))).await, Err(Fault::Away));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_less_time_waits_for_no_turn_beyond_it() {
        let lookups = Lookups::new();
        let _others = lookups.turns.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        let began = Instant::now();
        let (slug, look) = (slug("demo"), ready(Ok(1)));
        let hurried = deadline::within(Duration::from_secs(1), lookups.find(&slug, look)).await;
        assert_eq!(hurried, Err(Fault::Away));
        assert!(began.elapsed() <= Duration::from_secs(1));
    }
}
