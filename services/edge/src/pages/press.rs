//! Where pages are made: beside the threads that everything else runs on, and a few at a time.
//!
//! Markdown, templates and hashes are work for a processor. A page of tens of MiB takes seconds of it, in which a
//! thread of the runtime would answer nobody else.

use std::{
    collections::HashMap,
    num::NonZero,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread::available_parallelism,
};

use kit::deadline;
use tokio::sync::Semaphore;

use crate::peers::Fault;

/// Pages made at once for each processor. More would not be done sooner, and each holds its page in memory.
const PLACES_PER_PROCESSOR: usize = 2;

/// The places at which pages are made. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Press {
    places: Arc<Semaphore>,
    /// So many of them at most are for one page, whose documents may be long and many.
    most: usize,
    by_page: Arc<Mutex<HashMap<Box<str>, Weak<Semaphore>>>>,
}

/// The places that one page may have.
#[derive(Debug)]
pub(super) struct PagePress {
    places: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

impl Press {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self::with(PLACES_PER_PROCESSOR * processors)
    }

    fn with(places: usize) -> Self {
        let most = (places / 2).max(1);
        Self { places: Arc::new(Semaphore::new(places)), most, by_page: Arc::default() }
    }

    /// Half of the places, for the page at this place: whatever is asked of it, others find room.
    pub(super) fn of(&self, slug: &str) -> PagePress {
        let mut by_page = self.by_page.lock().unwrap_or_else(PoisonError::into_inner);
        let own = by_page.get(slug).and_then(Weak::upgrade).unwrap_or_else(|| {
            // those of which nothing is made any longer
            if by_page.len() == by_page.capacity() {
                by_page.retain(|_, own| own.strong_count() > 0);
            }
            let own = Arc::new(Semaphore::new(self.most));
            by_page.insert(slug.into(), Arc::downgrade(&own));
            own
        });
        PagePress { places: Arc::clone(&self.places), own }
    }
}

impl PagePress {
    /// Does work for the page at one of its places.
    ///
    /// # Errors
    /// [`Fault::Away`] if it panics, or has found no place within the time that is left for it. What was begun is done
    /// to its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        // its own first: what waits for that is in nobody else's way
        let place = async {
            let own = Arc::clone(&self.own).acquire_owned().await;
            (own, Arc::clone(&self.places).acquire_owned().await)
        };
        let Ok(place) = tokio::time::timeout(deadline::remaining(), place).await else {
            tracing::warn!("a page found no place to be made at in time");
            return Err(Fault::Away);
        };
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|fault| {
            tracing::error!(error = %fault, "a page failed by a fault of ours");
            Fault::Away
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    /// On a runtime of one thread, which a page made on it would hold for ever.
    #[tokio::test]
    async fn a_page_that_takes_long_holds_up_nobody_but_those_without_a_place() {
        let press = Press::with(1);
        let (go_on, gone_on) = mpsc::channel::<()>();
        let (long, late) = (press.of("long"), press.of("late"));
        let others = async {
            assert_eq!(deadline::within(Duration::ZERO, late.run(|| ())).await, Err(Fault::Away));
            go_on.send(()).unwrap();
        };
        let (long, ()) = tokio::join!(long.run(move || gone_on.recv().unwrap()), others);
        assert_eq!(long, Ok(()));
        assert_eq!(late.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn one_page_has_half_of_the_places_and_another_finds_room() {
        let press = Press::with(4);
        let (greedy, other) = (press.of("greedy"), press.of("other"));
        let (go_on, gone_on) = mpsc::channel::<()>();
        let gone_on = Arc::new(Mutex::new(gone_on));
        let long = || {
            let gone_on = Arc::clone(&gone_on);
            greedy.run(move || gone_on.lock().unwrap().recv().unwrap())
        };
        let others = async {
            // the same page, whoever asks for it
            let more = press.of("greedy");
            assert_eq!(deadline::within(Duration::ZERO, more.run(|| ())).await, Err(Fault::Away));
            assert_eq!(other.run(|| 7).await, Ok(7));
            go_on.send(()).unwrap();
            go_on.send(()).unwrap();
        };
        let (one, two, ()) = tokio::join!(long(), long(), others);
        assert_eq!((one, two), (Ok(()), Ok(())));
        assert_eq!(greedy.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_fails_is_away_and_gives_its_place_back() {
        let press = Press::with(1).of("demo");
        assert_eq!(press.run(|| panic!("a fault")).await, Err::<(), _>(Fault::Away));
        assert_eq!(press.run(|| 7).await, Ok(7));
    }

    #[test]
    fn pages_of_which_nothing_is_made_are_forgotten() {
        let press = Press::with(2);
        let kept = press.of("kept");
        for number in 0..1000 {
            drop(press.of(&format!("page-{number}")));
        }
        assert!(press.by_page.lock().unwrap().len() < 100);
        assert!(Arc::ptr_eq(&kept.own, &press.of("kept").own));
    }
}
