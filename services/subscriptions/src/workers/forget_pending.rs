//! Forgets who was sent a link to confirm and never used it.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use kit::{Clock, Db, ids::TenantId, worker::Step};
use uuid::Uuid;

use crate::{domain::CONFIRMATION_LIFETIME, store};

/// How often it looks.
pub(crate) const POLL: Duration = Duration::from_secs(600);
/// How many subscribers one step looks at: a short transaction holds up nobody.
const BATCH: i64 = 500;
/// A worker that died gives its subscribers back after this long.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// The worker.
#[derive(Debug, Clone)]
pub struct ForgetPending {
    db: Db,
    clock: Clock,
}

impl ForgetPending {
    /// A worker on this database.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Looks at up to 500 subscribers whose last link to confirm is older than 7 days. Who still is pending
    /// is deleted; but who was on the list before, and left it, is unsubscribed again, since the links to
    /// unsubscribe that it was sent are good for ever.
    ///
    /// # Errors
    /// If the database fails. What is not done then is done 5 min later.
    pub async fn step(&self) -> Result<Step, sqlx::Error> {
        let now = self.clock.now();
        let until = now + LEASE;
        let leased = store::pending::lease(self.db.pool(), now, until, BATCH).await?;
        let step =
            if usize::try_from(BATCH).is_ok_and(|all| leased.len() == all) { Step::Did } else { Step::Idle };
        let mut by_tenant = BTreeMap::<TenantId, Vec<Uuid>>::new();
        for expired in leased {
            by_tenant.entry(expired.tenant_id).or_default().push(expired.subscriber_id.uuid());
        }
        let earliest = now - CONFIRMATION_LIFETIME;
        for (tenant, subscribers) in by_tenant {
            let mut tx = self.db.tenant(tenant).await?;
            store::subscribers::forget_pending(&mut tx, tenant, &subscribers, earliest).await?;
            store::subscribers::give_up_returning(&mut tx, tenant, &subscribers, earliest, now).await?;
            store::pending::settle(&mut tx, tenant, &subscribers, until).await?;
            tx.commit().await?;
        }
        Ok(step)
    }
}
