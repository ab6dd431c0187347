//! Threads that sign: an RSA signature would hold up the runtime's own.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use jiff::Timestamp;
use kit::bulk;
use tokio::sync::{mpsc, oneshot};

use super::DkimSigner;

/// Lots that wait for a thread, for each thread; who brings more waits.
const QUEUED: usize = 2;

/// A message that is signed in place. One that could not be signed is empty afterwards: it must not leave.
pub(crate) type Message = Vec<u8>;

/// The threads. They end when the pool is dropped.
pub(crate) struct SigningPool {
    jobs: mpsc::Sender<Job>,
    threads: usize,
}

struct Job {
    messages: Vec<Message>,
    signer: Arc<DkimSigner>,
    at: Timestamp,
    done: oneshot::Sender<Vec<Message>>,
}

impl fmt::Debug for SigningPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningPool")
    }
}

impl SigningPool {
    /// A pool of so many threads, as many as the machine has cores if it is not said. They give way to whatever answers
    /// calls.
    ///
    /// # Errors
    /// If the system gives no more threads.
    pub(crate) fn start(threads: Option<u16>) -> io::Result<Self> {
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.map_or_else(cores, usize::from);
        let (jobs, queue) = mpsc::channel::<Job>(threads * QUEUED);
        let queue = Arc::new(Mutex::new(queue));
        for number in 1..=threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(format!("dkim-{number}")).spawn(move || {
                bulk::give_way();
                // Whoever waits for a job holds the lock, and the others wait for the lock: that is the same.
                while let Some(job) = next(&queue) {
                    job.run();
                }
            })?;
        }
        Ok(Self { jobs, threads })
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Signs a lot of messages, dated `at`, and answers them in their order; one that could not be signed is empty.
    pub(crate) async fn sign(
        &self,
        messages: Vec<Message>,
        signer: Arc<DkimSigner>,
        at: Timestamp,
    ) -> Vec<Message> {
        let count = messages.len();
        let (done, signed) = oneshot::channel();
        // Neither fails: the threads live as long as the pool, and a panic over a message is caught.
        if self.jobs.send(Job { messages, signer, at, done }).await.is_err() {
            return vec![Message::new(); count];
        }
        signed.await.unwrap_or_else(|_| vec![Message::new(); count])
    }
}

fn next(queue: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

impl Job {
    fn run(self) {
        let Self { mut messages, signer, at, done } = self;
        for message in &mut messages {
            // Nobody waits any more: the sender lost its lease.
            if done.is_closed() {
                return;
            }
            let signed = catch_unwind(AssertUnwindSafe(|| signer.sign(message, at)));
            match signed {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "a mail could not be signed");
                    message.clear();
                }
                Err(_) => {
                    tracing::error!("signing a mail panicked");
                    message.clear();
                }
            }
        }
        done.send(messages).ok();
    }
}
