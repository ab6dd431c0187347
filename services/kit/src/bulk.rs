//! Threads for work in bulk, apart from those that answer calls: a call would wait at each of its steps behind
//! whatever of the bulk is ready to run.

#[cfg(target_os = "linux")]
use std::sync::LazyLock;
use std::{io, thread};

use tokio::runtime::{Builder, Handle, Runtime};

/// How much less urgent they are than what answers calls (nice(1): 0 is as urgent, 19 the least). On busy cores the
/// bulk is left a third of what calls get, and a call need not wait until it pauses.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;
/// How urgent the process is otherwise: asked before the first of its threads gives way, for a thread begins as urgent as
/// the one that starts it.
#[cfg(target_os = "linux")]
static USUAL: LazyLock<i32> =
    LazyLock::new(|| rustix::process::getpriority_process(None).unwrap_or_default());

/// Threads for work in bulk: as many as there are cores.
#[derive(Debug)]
pub(crate) struct Bulk(Option<Runtime>);

impl Bulk {
    /// Starts them.
    ///
    /// # Errors
    /// If the system has no threads left.
    pub(crate) fn start() -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(threads).thread_name("bulk").on_thread_start(give_way).enable_all();
        Ok(Self(Some(builder.build()?)))
    }

    /// Where to spawn the work.
    pub(crate) fn handle(&self) -> &Handle {
        self.0.as_ref().expect("it is taken only when this is dropped").handle()
    }
}

impl Drop for Bulk {
    /// A runtime that is dropped waits for its threads, which those of another must not.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes the thread that calls it less urgent, as one that works in bulk should be. Linux keeps this for each thread, though POSIX has it for the whole
/// process; elsewhere nothing is done.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, (*USUAL + NICE).min(19)) {
        tracing::warn!(%error, "threads for work in bulk stay as urgent as all others");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn work_in_bulk_is_less_urgent_and_what_started_it_stays_as_it_was() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let bulk = Bulk::start().unwrap();
        let there = bulk.handle().spawn(async move { nice() }).await.unwrap();
        assert_eq!((there, nice()), ((before + NICE).min(19), before));
    }
}
