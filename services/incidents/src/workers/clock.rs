//! Does what has to happen at a time.
//!
//! Promise: what is due is done within a few seconds of its time, by the database's clock, and once, however many
//! processes look: it is taken out of the work table in the transaction that does it, by whoever has the lease.

use std::{error::Error as _, num::NonZeroU8, sync::Arc, time::Duration};

use kit::{
    Clock, Db,
    worker::{self, Step},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Error,
    rpc::{
        incident_service::by_itself as incidents, maintenance_service::by_itself as maintenances,
        vendor_service::by_itself as vendors,
    },
    store::due::{self, Due, DueKind},
    vendor_reader::Reader,
};

/// How long something due is leased; well over what doing it takes.
const LEASE: Duration = Duration::from_secs(30);
/// How often is looked for what is due.
const POLL: Duration = Duration::from_secs(1);
/// The pause after the first failure; it doubles with each further one …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What waits for each other: strangers' slow pages never hold up what people wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// What moves incidents and maintenances on.
    Stories,
    /// The reading of vendors' pages.
    Vendors,
}

impl Lane {
    fn of(kind: DueKind) -> Self {
        match kind {
            DueKind::PublishUpdate
            | DueKind::RemindResponders
            | DueKind::PassPromise
            | DueKind::StartMaintenance
            | DueKind::EndMaintenance
            | DueKind::RemindSubscribers => Self::Stories,
            DueKind::ReadVendor => Self::Vendors,
        }
    }

    /// How much of the lane a tenant may have at a time: slow pages of one never hold up the reading for all. What
    /// moves stories on takes no time that others could wait for.
    fn per_tenant(self) -> Option<i64> {
        match self {
            Self::Stories => None,
            Self::Vendors => Some(2),
        }
    }

    fn kinds(self) -> Vec<DueKind> {
        DueKind::ALL.iter().copied().filter(|kind| Self::of(*kind) == self).collect()
    }
}

/// The lanes that are run, each with its name as a worker.
const LANES: [(&str, Lane); 2] = [("clock", Lane::Stories), ("read_vendors", Lane::Vendors)];

/// Does what is due, one thing a step. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Clockwork {
    db: Db,
    clock: Clock,
    reader: Reader,
}

impl Clockwork {
    /// A clockwork on this work table.
    pub(crate) fn new(db: Db, clock: Clock, reader: Reader) -> Self {
        Self { db, clock, reader }
    }

    /// Does what is due longest in the lane and nobody has. If that fails, it is put off for a moment; that too is
    /// something done, since other things may be due.
    ///
    /// # Errors
    /// If the work table cannot be read or written. What was leased by then is free again after 30 s.
    async fn step(&self, lane: Lane) -> sqlx::Result<Step> {
        let Some(due) = due::lease(self.db.pool(), &lane.kinds(), lane.per_tenant(), LEASE).await? else {
            return Ok(Step::Idle);
        };
        if let Err(error) = self.act(&due).await {
            tracing::warn!(
                due.id = %due.due_id, due.kind = ?due.kind, subject.id = %due.subject_id,
                tenant.id = %due.tenant_id, attempts = due.attempts + 1, %error, cause = error.source(),
                "what was due could not be done and will be tried again"
            );
            due::put_off(self.db.pool(), &due, pause_after(due.attempts)).await?;
        }
        Ok(Step::Did)
    }

    async fn act(&self, due: &Due) -> Result<(), Error> {
        let (db, clock) = (&self.db, &self.clock);
        match due.kind {
            DueKind::PublishUpdate => incidents::publish_due(db, clock, due).await,
            DueKind::RemindResponders => incidents::remind_due(db, clock, due).await,
            DueKind::PassPromise => incidents::pass_due(db, clock, due).await,
            DueKind::StartMaintenance => maintenances::start_due(db, clock, due).await,
            DueKind::EndMaintenance => maintenances::end_due(db, clock, due).await,
            DueKind::RemindSubscribers => maintenances::remind_due(db, clock, due).await,
            DueKind::ReadVendor => vendors::read_due(db, clock, &self.reader, due).await,
        }
    }
}

fn pause_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

/// Does what is due until told to stop, so many things of each lane at the same time.
pub(crate) async fn run_clock(clockwork: Clockwork, concurrency: NonZeroU8, stop: CancellationToken) {
    let mut parts = JoinSet::new();
    for (name, lane) in LANES {
        for _ in 0..concurrency.get() {
            let (clockwork, stop) = (clockwork.clone(), stop.clone());
            parts.spawn(async move {
                worker::run(name, Arc::default(), POLL, stop, || clockwork.step(lane)).await;
            });
        }
    }
    // A part that panics takes the worker down with it, and the host says so.
    parts.join_all().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_done_in_exactly_one_of_the_lanes_that_are_run() {
        for kind in DueKind::ALL {
            let lanes = LANES.iter().filter(|(_, lane)| lane.kinds().contains(kind)).count();
            assert_eq!(lanes, 1, "{kind:?}");
        }
    }

    #[test]
    fn pauses_grow_and_stop_growing() {
        let pauses = [0, 1, 2, 5, 6, 7, i32::MAX].map(|attempts| pause_after(attempts).as_secs());
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60]);
    }
}
