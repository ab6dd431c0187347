//! Where long messages are read and written as JSON: beside the threads that answer calls, and a few at once.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use kit::status;
use tokio::sync::Semaphore;
use tonic::Status;

use crate::proxy::overloaded;

/// What is no longer takes less time than to hand it over.
const LONG_BYTES: usize = 16 * 1024;
/// So many may wait for their turn, each with its message.
const QUEUE: usize = 32;

/// Its places, one for each processor.
#[derive(Debug)]
pub(super) struct Desk {
    places: Arc<Semaphore>,
    queue: Semaphore,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(available_parallelism().map_or(1, NonZero::get), QUEUE)
    }

    fn with(places: usize, queue: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), queue: Semaphore::new(queue) }
    }

    /// Does work on a message of so many bytes.
    ///
    /// # Errors
    /// Those of the work; [`tonic::Code::ResourceExhausted`] if too many wait.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        if bytes <= LONG_BYTES {
            return work();
        }
        let _queued = self.queue.try_acquire().map_err(|_| overloaded())?;
        let place =
            Arc::clone(&self.places).acquire_owned().await.map_err(|error| status::internal(&error))?;
        // the place is given back when the work is done, whoever has gone away by then
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(|error| status::internal(&error))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_place_is_taken_until_its_work_is_done_though_nobody_waits_for_it() {
        let desk = Desk::with(1, 2);
        let (go_on, gone_on) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let mut left = Box::pin(desk.run(LONG_BYTES + 1, move || {
            begin.send(()).unwrap();
            gone_on.recv().unwrap();
            Ok(())
        }));
        tokio::select! {
            _ = &mut left => panic!("it has not gone on"),
            begun = begun => begun.unwrap(),
        }
        drop(left);
        // two wait for the place, and a third finds no room to; what is short needs none
        let (one, other) = (desk.run(LONG_BYTES + 1, || Ok(1)), desk.run(LONG_BYTES + 1, || Ok(2)));
        let third = async {
            let refused = desk.run(LONG_BYTES + 1, || Ok(3)).await.unwrap_err();
            assert_eq!(refused.code(), Code::ResourceExhausted);
            assert_eq!(desk.run(LONG_BYTES, || Ok(4)).await.unwrap(), 4);
            go_on.send(()).unwrap();
        };
        let (one, other, ()) = tokio::join!(one, other, third);
        assert_eq!((one.unwrap(), other.unwrap()), (1, 2));
    }
}
