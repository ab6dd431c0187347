//! Where pages are made: beside the threads that everything else runs on, and a few at a time.
//!
//! Markdown, templates and hashes are work for a processor. A page of tens of MiB takes seconds of it, in which a
//! thread of the runtime would answer nobody else.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use kit::deadline;
use tokio::sync::Semaphore;

use crate::peers::Fault;

/// Pages made at once for each processor. More would not be done sooner, and each holds its page in memory.
const PLACES_PER_PROCESSOR: usize = 2;

/// The places at which pages are made. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Press(Arc<Semaphore>);

impl Press {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(PLACES_PER_PROCESSOR * processors)))
    }

    /// Does work for a page at one of the places.
    ///
    /// # Errors
    /// [`Fault::Away`] if it panics, or has found no place within the time that is left for it. What was begun is done
    /// to its end.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let place = tokio::time::timeout(deadline::remaining(), Arc::clone(&self.0).acquire_owned()).await;
        let Ok(place) = place else {
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
        let press = Press(Arc::new(Semaphore::new(1)));
        let (go_on, gone_on) = mpsc::channel::<()>();
        let long = press.run(move || gone_on.recv().unwrap());
        let others = async {
            let late = press.run(|| ());
            assert_eq!(deadline::within(Duration::ZERO, late).await, Err(Fault::Away));
            go_on.send(()).unwrap();
        };
        let (long, ()) = tokio::join!(long, others);
        assert_eq!(long, Ok(()));
        assert_eq!(press.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_fails_is_away_and_gives_its_place_back() {
        let press = Press(Arc::new(Semaphore::new(1)));
        assert_eq!(press.run(|| panic!("a fault")).await, Err::<(), _>(Fault::Away));
        assert_eq!(press.run(|| 7).await, Ok(7));
    }
}
