//! Deletes the counts of confirmation mails that say nothing any more.

use std::time::Duration;

use kit::{Clock, Db, worker::Step};

use crate::{domain::QUOTA_WINDOW, store};

/// How often it looks.
pub(crate) const POLL: Duration = Duration::from_secs(600);
/// How many rows one step deletes at most: a short statement holds up nobody.
const BATCH: i64 = 1000;

/// The worker.
#[derive(Debug, Clone)]
pub struct ForgetQuotas {
    db: Db,
    clock: Clock,
}

impl ForgetQuotas {
    /// A worker on this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Deletes up to 1000 counts that nobody looked at for 24 h.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn step(&self) -> Result<Step, sqlx::Error> {
        let before = self.clock.now() - QUOTA_WINDOW;
        let deleted = store::address_quota::forget(self.db.pool(), before, BATCH).await?;
        Ok(if deleted == BATCH.unsigned_abs() { Step::Did } else { Step::Idle })
    }
}
