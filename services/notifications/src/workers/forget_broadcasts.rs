//! Deletes broadcasts, with their logs, that nobody asks for any more.

use std::time::Duration;

use kit::{
    Db,
    ids::{BroadcastId, TenantId},
    worker::Step,
};

use crate::store::forgetting;

/// How often it looks.
pub(crate) const POLL: Duration = Duration::from_secs(600);

/// Deletes all broadcasts that have ended and are older than so many days. One that cannot be deleted keeps none of the
/// others.
///
/// # Errors
/// If the database cannot tell which they are.
pub(crate) async fn step(db: Db, days: i32) -> Result<Step, sqlx::Error> {
    let mut after = None;
    loop {
        let old = forgetting::list_old(db.pool(), after, days).await?;
        let Some((_, last)) = old.last() else { return Ok(Step::Idle) };
        after = Some(*last);
        for (tenant, broadcast) in old {
            if let Err(error) = forget(&db, tenant, broadcast).await {
                tracing::warn!(broadcast.id = %broadcast, %error, "an old broadcast could not be deleted");
            }
        }
    }
}

async fn forget(db: &Db, tenant: TenantId, broadcast: BroadcastId) -> sqlx::Result<()> {
    loop {
        let mut tx = db.tenant(tenant).await?;
        if !forgetting::has_ended(&mut tx, tenant, broadcast).await? {
            return Ok(());
        }
        let more = forgetting::forget_lots(&mut tx, tenant, broadcast).await?;
        if !more {
            forgetting::forget(&mut tx, tenant, broadcast).await?;
        }
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}
