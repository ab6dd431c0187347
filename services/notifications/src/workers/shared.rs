//! What all senders of a process share.

use std::{sync::Arc, time::Duration};

use kit::{
    Clock, Db,
    ids::{BroadcastId, TenantId},
};
use moka::future::Cache;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use super::{
    log_writer::Log,
    outbound::{Outbound, Prepared},
};
use crate::{
    audience::Audiences,
    domain::Lease,
    error::Error,
    store::{segments, sending_domains, told},
};

/// How long a lease lasts; a sender that lives prolongs it, and one that died blocks its segment no longer.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// What is told by so many broadcasts is kept at hand; a segment of one of them need not read it again.
const AT_HAND: u64 = 64;
/// And for so long.
const AT_HAND_FOR: Duration = Duration::from_secs(60);

/// What all senders of a process share.
pub(crate) struct Shared {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) audiences: Audiences,
    pub(crate) out: Outbound,
    pub(crate) log: Log,
    /// So many outcomes are written down together.
    pub(crate) flush: usize,
    /// Wakes one more sender: each that finds work wakes the next.
    pub(crate) wake: Arc<Notify>,
    prepared: Cache<BroadcastId, Arc<Prepared>>,
    /// One asks for work at a time: those who ask together would stand in each other's way. Whose the last lease was.
    asking: Mutex<TenantId>,
}

impl Shared {
    pub(crate) fn new(
        db: Db,
        clock: Clock,
        audiences: Audiences,
        out: Outbound,
        log: Log,
        flush: u16,
        wake: Arc<Notify>,
    ) -> Self {
        let prepared = Cache::builder().max_capacity(AT_HAND).time_to_live(AT_HAND_FOR).build();
        let (flush, asking) = (usize::from(flush), Mutex::new(TenantId::from_uuid(Uuid::nil())));
        Self { db, clock, audiences, out, log, flush, wake, prepared, asking }
    }

    /// Leases the next segment that is ready; none while what was sent cannot be written down.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn lease(&self) -> sqlx::Result<Option<Lease>> {
        let mut asking = self.asking.lock().await;
        if self.log.is_stuck() {
            return Ok(None);
        }
        let lease = {
            let mut tx = self.db.work_table().await?;
            let lease = segments::lease(&mut *tx, LEASE, *asking).await?;
            tx.commit().await?;
            lease
        };
        if let Some(lease) = &lease {
            *asking = lease.tenant;
        }
        drop(asking);
        if lease.is_some() {
            self.wake.notify_one();
        }
        Ok(lease)
    }

    /// What is told never changes, so that one reading serves many segments; a domain that was given up is used for as
    /// long as that is at hand.
    pub(super) async fn prepared(&self, lease: &Lease) -> Result<Arc<Prepared>, Error> {
        if let Some(prepared) = self.prepared.get(&lease.broadcast).await {
            return Ok(prepared);
        }
        let mut tx = self.db.tenant(lease.tenant).await?;
        let broadcast = told::load(&mut tx, lease.tenant, lease.broadcast).await;
        let domain = sending_domains::find_verified(&mut tx, lease.tenant).await;
        tx.rollback().await?;
        let broadcast =
            broadcast?.ok_or_else(|| Error::Unreadable("a segment without a broadcast".to_owned()))?;
        let prepared = Arc::new(self.out.prepare(broadcast, domain?.as_ref()));
        self.prepared.insert(lease.broadcast, Arc::clone(&prepared)).await;
        Ok(prepared)
    }
}
