//! Hands events to notifications.
//!
//! Promise: each event is handed over at least once, and the events of one page one after the other in the
//! order of their commits. An event that cannot be handed over holds up its own page and no other. The other
//! side knows an event by its id, so that one handed over twice, by a relay that died in between, is one.

use std::{error::Error as _, num::NonZeroU8, sync::Arc, time::Duration};

use kit::{
    Db,
    peer::Peer,
    worker::{self, Step},
};
use proto::internal::v1::{PublishEventRequest, event_service_client::EventServiceClient};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::tell;
use crate::store::outbox::{self, Lease};

/// How long an event is leased; well over the 10 s that a call may take.
const LEASE: Duration = Duration::from_secs(30);
/// How often is looked for events if nothing wakes the relay.
const POLL: Duration = Duration::from_secs(2);
/// The pause after the first failure; it doubles with each further one …
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Hands events over, one a step. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Relay {
    db: Db,
    events: EventServiceClient<Peer>,
    wake: Arc<Notify>,
}

/// Why an event was not handed over.
#[derive(Debug, thiserror::Error)]
enum NotHandedOver {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("notifications did not take it")]
    Refused(#[from] Status),
}

impl Relay {
    /// A relay from this outbox to this peer.
    #[must_use]
    pub fn new(db: Db, events: EventServiceClient<Peer>) -> Self {
        Self { db, events, wake: Arc::default() }
    }

    /// Hands the oldest event over that is the first of its page and that nobody has. If that fails, the
    /// event is put off for a moment; that too is something done, since other pages' events may be waiting.
    ///
    /// # Errors
    /// If the outbox cannot be read or written. An event that was leased by then is free again after 30 s.
    pub async fn step(&self) -> sqlx::Result<Step> {
        let Some(lease) = outbox::lease_event(self.db.pool(), LEASE).await? else {
            return Ok(Step::Idle);
        };
        match self.hand_over(&lease).await {
            Ok(()) => outbox::delete_event(self.db.pool(), &lease).await?,
            Err(error) => {
                let pause = pause_after(lease.attempts);
                tracing::warn!(
                    event.id = %lease.event_id, page.id = %lease.page_id, tenant.id = %lease.tenant_id,
                    attempts = lease.attempts + 1, %error, cause = error.source(),
                    "event {} was not handed over and will be tried again", lease.event_id
                );
                outbox::put_event_off(self.db.pool(), &lease, pause).await?;
                self.wake_after(pause);
            }
        }
        Ok(Step::Did)
    }

    /// An event whose subject is gone by now has nobody to be told anything.
    async fn hand_over(&self, lease: &Lease) -> Result<(), NotHandedOver> {
        let mut tx = self.db.tenant(lease.tenant_id).await?;
        let event = tell::event(&mut tx, lease).await?;
        tx.commit().await?;
        if event.is_none() {
            tracing::info!(
                event.id = %lease.event_id, page.id = %lease.page_id, tenant.id = %lease.tenant_id,
                "event {} was dropped, for what it tells of is gone", lease.event_id
            );
            return Ok(());
        }
        let request = PublishEventRequest {
            event_id: lease.event_id.to_string(),
            tenant_id: lease.tenant_id.to_string(),
            page_id: lease.page_id.to_string(),
            event,
        };
        self.events.clone().publish_event(request).await?;
        Ok(())
    }

    /// Without this, an event put off for less than the poll's pause would wait for the poll.
    fn wake_after(&self, pause: Duration) {
        let wake = Arc::clone(&self.wake);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            wake.notify_waiters();
        });
    }
}

fn pause_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// Hands events over until told to stop, those of so many pages at the same time.
pub async fn relay_outbox(relay: Relay, concurrency: NonZeroU8, stop: CancellationToken) {
    let mut parts = JoinSet::new();
    parts.spawn(worker::listen(relay.db.clone(), "incidents_outbox", Arc::clone(&relay.wake), stop.clone()));
    for _ in 0..concurrency.get() {
        let (relay, stop) = (relay.clone(), stop.clone());
        parts.spawn(async move {
            worker::run("relay_outbox", Arc::clone(&relay.wake), POLL, stop, || relay.step()).await;
        });
    }
    // A part that panics takes the worker down with it, and the host says so.
    parts.join_all().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stop_growing() {
        let pauses = [0, 1, 2, 3, 4, 5, 6, i32::MAX].map(|attempts| pause_after(attempts).as_millis());
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    }
}
