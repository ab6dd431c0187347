//! Where pages are made: beside the threads that everything else runs on, and a few at a time.
//!
//! Markdown, templates and hashes are work for a processor. A page of tens of MiB takes seconds of it, in which a
//! thread of the runtime would answer nobody else.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use axum::response::Response;
use http::HeaderValue;
use kit::deadline;
use tokio::sync::Semaphore;

use super::{answer::Refused, reader::Reader};
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

    /// Makes a page from what the reader has already; `None` is a page that cannot be shown.
    ///
    /// # Errors
    /// [`Fault::Away`] if it cannot be shown, or as [`Press::run`].
    pub(super) async fn make(
        &self,
        reader: &Reader,
        make: impl FnOnce(Option<&HeaderValue>) -> Option<Response> + Send + 'static,
    ) -> Result<Response, Refused> {
        let has = reader.has.clone();
        let made = self.run(move || make(has.as_ref())).await;
        made.and_then(|made| made.ok_or(Fault::Away)).map_err(|fault| reader.refuse(fault))
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

    use axum::{body::Body, response::IntoResponse as _};
    use http::StatusCode;
    use kit::locale::Locale;

    use super::*;
    use crate::texts::Texts;

    fn reader() -> Reader {
        Reader { locale: None, texts: Texts::of(Locale::En), has: None }
    }

    fn status(made: Result<Response, Refused>) -> StatusCode {
        made.unwrap_or_else(|refused| refused.into_response()).status()
    }

    /// On a runtime of one thread, which a page made on it would hold for ever.
    #[tokio::test]
    async fn a_page_that_takes_long_holds_up_nobody_but_those_without_a_place() {
        let press = Press(Arc::new(Semaphore::new(1)));
        let (go_on, gone_on) = mpsc::channel::<()>();
        let reader = reader();
        let long = press.make(&reader, move |_| {
            gone_on.recv().unwrap();
            Some(Response::new(Body::empty()))
        });
        let others = async {
            let late = press.make(&reader, |_| Some(Response::new(Body::empty())));
            assert_eq!(status(deadline::within(Duration::ZERO, late).await), StatusCode::SERVICE_UNAVAILABLE);
            go_on.send(()).unwrap();
        };
        let (long, ()) = tokio::join!(long, others);
        assert_eq!(status(long), StatusCode::OK);
        let next = press.make(&reader, |_| Some(Response::new(Body::empty()))).await;
        assert_eq!(status(next), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_shown_or_fails_is_refused_and_gives_its_place_back() {
        let press = Press(Arc::new(Semaphore::new(1)));
        let none = press.make(&reader(), |_| None).await;
        assert_eq!(status(none), StatusCode::SERVICE_UNAVAILABLE);
        let fault = press.make(&reader(), |_| panic!("a fault")).await;
        assert_eq!(status(fault), StatusCode::SERVICE_UNAVAILABLE);
        let next = press.make(&reader(), |_| Some(Response::new(Body::empty()))).await;
        assert_eq!(status(next), StatusCode::OK);
    }
}
