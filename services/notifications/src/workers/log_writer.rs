//! Writes down what the senders of a process did: the steps of many in one transaction.
//!
//! While one transaction is being committed, the steps of other senders gather, and the next one writes them all: so
//! small lots cost the database little more than large ones. A sender goes on when its step is committed, so that
//! after a crash no more is sent twice than one lot of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kit::{Clock, Db, ids::TenantId};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{
    error::Error,
    store::{
        lots::{self, Moved, Step},
        segments,
    },
};

/// So many steps are written in one transaction at most.
const GATHER: usize = 64;

/// The senders' end. Each sender waits for one step at a time, so that the queue is never longer than they are many.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    steps: mpsc::UnboundedSender<Entry>,
    /// So many senders have a step that they could not write down yet.
    stuck: Arc<AtomicUsize>,
}

/// The writer's end.
#[derive(Debug)]
pub(crate) struct LogWriter {
    committer: Committer,
    steps: mpsc::UnboundedReceiver<Entry>,
}

#[derive(Debug)]
struct Entry {
    step: Arc<Step>,
    /// What became of it; `None` if the lease is another's.
    written: oneshot::Sender<Result<Option<Moved>, Error>>,
}

/// A log and its writer, which prolongs leases by `lease` with each step.
pub(crate) fn log(db: Db, clock: Clock, lease: Duration) -> (Log, LogWriter) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let log = Log { steps: sender, stuck: Arc::default() };
    (log, LogWriter { committer: Committer { db, clock, lease }, steps: receiver })
}

/// Says, until it is dropped, that a step could not be written down.
#[derive(Debug)]
pub(crate) struct Stuck(Arc<AtomicUsize>);

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Log {
    /// Writes a step down; `None` if the lease went to another, or the step is written already, and then nothing was
    /// written.
    ///
    /// # Errors
    /// If it could not be written, or nobody knows whether it was.
    pub(crate) async fn write(&self, step: Arc<Step>) -> Result<Option<Moved>, Error> {
        let ended = || Error::from(sqlx::Error::WorkerCrashed);
        let (written, answer) = oneshot::channel();
        self.steps.send(Entry { step, written }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Says that a step could not be written down.
    pub(crate) fn stuck(&self) -> Stuck {
        self.stuck.fetch_add(1, Ordering::Relaxed);
        Stuck(Arc::clone(&self.stuck))
    }

    /// Whether a step could not be written down: until it is, nothing more is begun, lest more is sent than is written.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) > 0
    }
}

impl LogWriter {
    /// Writes until the last sender is gone: what was sent is written down, also while the process stops.
    pub(crate) async fn run(mut self) {
        while let Some(entries) = self.gather().await {
            let mut tenants = BTreeMap::<TenantId, Vec<Entry>>::new();
            for entry in entries {
                tenants.entry(entry.step.lease.tenant).or_default().push(entry);
            }
            let mut commits = JoinSet::new();
            for (tenant, entries) in tenants {
                let committer = self.committer.clone();
                commits.spawn(async move { committer.write(tenant, entries).await });
            }
            // In tasks of their own, so that a panic over one step ends that task and not the writer.
            while let Some(committed) = commits.join_next().await {
                if let Err(panic) = committed {
                    tracing::error!(%panic, "steps of senders could not be written down");
                }
            }
        }
    }

    async fn gather(&mut self) -> Option<Vec<Entry>> {
        let mut entries = vec![self.steps.recv().await?];
        while entries.len() < GATHER
            && let Ok(entry) = self.steps.try_recv()
        {
            entries.push(entry);
        }
        Some(entries)
    }
}

#[derive(Debug, Clone)]
struct Committer {
    db: Db,
    clock: Clock,
    lease: Duration,
}

impl Committer {
    async fn write(&self, tenant: TenantId, entries: Vec<Entry>) {
        let (steps, senders): (Vec<_>, Vec<_>) =
            entries.into_iter().map(|Entry { step, written }| (step, written)).unzip();
        let tell = |step: &Step, moved: &HashMap<Uuid, Moved>| moved.get(&step.lease.segment).copied();
        match self.commit(tenant, &steps).await {
            Ok(moved) => {
                for (step, sender) in steps.iter().zip(senders) {
                    sender.send(Ok(tell(step, &moved))).ok();
                }
            }
            // One that cannot be written must not keep the others from it.
            Err(error) if steps.len() > 1 => {
                tracing::warn!(%error, "the steps of some senders are written down one by one");
                for (step, sender) in steps.iter().zip(senders) {
                    let alone = self.commit(tenant, std::slice::from_ref(step)).await;
                    sender.send(alone.map(|moved| tell(step, &moved))).ok();
                }
            }
            Err(error) => {
                senders.into_iter().next().and_then(|sender| sender.send(Err(error)).ok());
            }
        }
    }

    /// One transaction: the steps, the retries that follow from them, and the end of broadcasts whose last segment is
    /// done by it.
    async fn commit(&self, tenant: TenantId, steps: &[Arc<Step>]) -> Result<HashMap<Uuid, Moved>, Error> {
        let mut tx = self.db.tenant(tenant).await?;
        let moved = lots::write(&mut tx, tenant, steps, self.lease, self.clock.now()).await?;
        let written = || steps.iter().filter(|step| moved.contains_key(&step.lease.segment));
        for step in written().filter(|step| !step.retries.is_empty()) {
            let ids = step.retries.iter().map(|_| self.clock.uuid()).collect::<Vec<_>>();
            lots::insert_retries(&mut tx, &step.lease, &ids, &step.retries).await?;
        }
        let mut ended =
            written().filter(|step| step.done).map(|step| step.lease.broadcast).collect::<Vec<_>>();
        ended.sort_unstable();
        ended.dedup();
        for broadcast in ended {
            segments::end_broadcast(&mut tx, tenant, broadcast, self.clock.now()).await?;
        }
        for step in written() {
            let gives_way = step.done || moved.get(&step.lease.segment).is_some_and(|moved| moved.superseded);
            if gives_way && step.lease.thread.is_some() {
                segments::wake_newer(&mut tx, &step.lease).await?;
            }
        }
        tx.commit().await?;
        Ok(moved)
    }
}
