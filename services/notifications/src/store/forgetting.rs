//! What is deleted when nobody asks for it any more.

use kit::ids::{BroadcastId, TenantId};
use sqlx::{PgConnection, PgExecutor};

/// Some broadcasts behind this one, 20 at most, that are older than so many days, with whose they are. By the database's clock, and by
/// the time in their ids: one process with a wrong clock forgets nothing.
pub(crate) async fn list_old(
    db: impl PgExecutor<'_>,
    after: Option<BroadcastId>,
    days: i32,
) -> sqlx::Result<Vec<(TenantId, BroadcastId)>> {
    let rows = sqlx::query!(
        r#"select tenant_id as "tenant_id: TenantId", broadcast_id as "broadcast_id: BroadcastId"
           from notifications.broadcast_tenant
           where broadcast_id < (
               lpad(to_hex((extract(epoch from now() - make_interval(days => $1)) * 1000)::bigint), 12, '0')
               || repeat('0', 20))::uuid
               and ($2::uuid is null or broadcast_id > $2)
           order by broadcast_id
           limit 20"#,
        days,
        after.map(BroadcastId::uuid),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.broadcast_id)).collect())
}

/// Deletes some of a broadcast's log, 2000 lots at most, so that no statement takes long. Answers whether there were any.
pub(crate) async fn forget_lots(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        "delete from notifications.delivery_lot
         where ctid = any (array (
             select ctid from notifications.delivery_lot where tenant_id = $1 and broadcast_id = $2 limit 2000))
             and tenant_id = $1 and broadcast_id = $2",
        tenant.uuid(),
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() > 0)
}

/// Deletes a broadcast without a log, and what came back of it. One that still goes on is left alone.
pub(crate) async fn forget(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from notifications.broadcast
         where tenant_id = $1 and broadcast_id = $2 and completed_at is not null",
        tenant.uuid(),
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a broadcast has ended.
pub(crate) async fn has_ended(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from notifications.broadcast
               where tenant_id = $1 and broadcast_id = $2 and completed_at is not null
           ) as "ended!""#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_one(db)
    .await
}
