//! Deletes the full mailboxes that count no more.

use std::time::Duration;

use kit::{Clock, Db, worker::Step};

use crate::{domain::FULL_MAILBOX_WINDOW, store};

/// How often it looks.
pub(crate) const POLL: Duration = Duration::from_secs(600);
/// How many rows one step deletes at most: a short statement holds up nobody.
const BATCH: i64 = 1000;

/// The worker.
#[derive(Debug, Clone)]
pub struct ForgetFullMailboxes {
    db: Db,
    clock: Clock,
}

impl ForgetFullMailboxes {
    /// A worker on this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Deletes up to 1000 that were reported 14 days ago or earlier.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn step(&self) -> Result<Step, sqlx::Error> {
        let until = self.clock.now() - FULL_MAILBOX_WINDOW;
        let deleted = store::full_mailboxes::forget(self.db.pool(), until, BATCH).await?;
        Ok(if deleted == BATCH.unsigned_abs() { Step::Did } else { Step::Idle })
    }
}
