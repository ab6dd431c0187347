//! Hands the outbox's events to notifications, each until it is taken, and drops those that are not due.

use std::time::Duration;

use jiff::SignedDuration;
use kit::{Clock, Db, ids::EventId, peer::Peer, worker::Step};
use proto::internal::v1::{
    ConfirmationRequested, PublishEventRequest, event_service_client::EventServiceClient,
    publish_event_request::Event,
};
use tonic::Status;

use crate::store;

/// The channel on which a transaction that wrote to the outbox tells so.
pub(crate) const CHANNEL: &str = "subscriptions_outbox";
/// How often a relay looks without having been woken.
pub(crate) const POLL: Duration = Duration::from_secs(2);
/// So many relays work in each process. Confirmations have no order among themselves.
pub(crate) const RELAYS: usize = 4;
/// A relay that died gives its event back after this long; no call to a peer takes as long.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How many events that are not due one step drops at most: a short statement holds up nobody.
const DROP_BATCH: i64 = 500;
/// The longest pause between two tries of an event.
const MAX_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// The worker.
#[derive(Debug, Clone)]
pub struct RelayOutbox {
    db: Db,
    clock: Clock,
    events: EventServiceClient<Peer>,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// Notifications did not take the event; it is tried again later.
    #[error("notifications did not take {event} at attempt {attempts}: {status}")]
    NotTaken {
        /// The event.
        event: EventId,
        /// How often it was tried.
        attempts: i32,
        /// What notifications answered.
        status: Box<Status>,
    },
}

impl RelayOutbox {
    /// A relay from this database to this peer.
    #[must_use]
    pub fn new(db: Db, clock: Clock, events: EventServiceClient<Peer>) -> Self {
        Self { db, clock, events }
    }

    /// Hands over the event that has been due for longest. If there is none, drops up to 500 that are not due.
    ///
    /// # Errors
    /// [`RelayError`]. An event that was not taken is due again after a pause that doubles from 1 s to 5 min.
    pub async fn step(&self) -> Result<Step, RelayError> {
        let now = self.clock.now();
        let Some(leased) = store::outbox::lease(self.db.pool(), now, now + LEASE).await? else {
            let dropped = store::outbox::drop_not_due(self.db.pool(), DROP_BATCH).await?;
            return Ok(if dropped == DROP_BATCH.unsigned_abs() { Step::Did } else { Step::Idle });
        };
        let request = PublishEventRequest {
            event_id: leased.event_id.to_string(),
            tenant_id: leased.tenant_id.to_string(),
            page_id: leased.page_id.to_string(),
            event: Some(Event::ConfirmationRequested(ConfirmationRequested {
                subscriber_id: leased.subscriber_id.to_string(),
            })),
        };
        if let Err(status) = self.events.clone().publish_event(request).await {
            let due = self.clock.now() + pause(leased.attempts, leased.event_id);
            store::outbox::give_back(self.db.pool(), &leased, due).await?;
            // A failed step makes the loop wait, so that a dead peer is not called once for each event.
            return Err(RelayError::NotTaken {
                event: leased.event_id,
                attempts: leased.attempts,
                status: Box::new(status),
            });
        }
        store::outbox::settle(self.db.pool(), &leased).await?;
        Ok(Step::Did)
    }
}

/// How long to wait after so many tries: 1 s, 2 s, 4 s … 5 min, up to a fifth shorter by the event's random
/// bits, so that events that failed together do not come back together.
fn pause(attempts: i32, event: EventId) -> SignedDuration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(9);
    let longest = SignedDuration::from_secs(1 << doublings).min(MAX_PAUSE);
    let random = i32::from(event.uuid().as_bytes()[15]);
    longest - longest / 5 * random / 255
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_pause_doubles_from_a_second_to_five_minutes() {
        let steady = EventId::from_uuid(Uuid::nil());
        let pauses = (1..=11).map(|attempts| pause(attempts, steady).as_secs()).collect::<Vec<_>>();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause(i32::MAX, steady), MAX_PAUSE);
    }

    #[test]
    fn a_pause_is_shortened_by_a_fifth_at_most() {
        let hasty = EventId::from_uuid(Uuid::max());
        assert_eq!(pause(1, hasty), SignedDuration::from_millis(800));
        assert_eq!(pause(100, hasty), SignedDuration::from_secs(240));
    }
}
