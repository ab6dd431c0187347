//! Broadcasts of which a subscriber's mail came back because its mailbox is full, while they count.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{BroadcastId, SubscriberId, TenantId};
use sqlx::{PgConnection, PgPool};

/// Notes one; again changes nothing.
pub(crate) async fn note(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    broadcast: BroadcastId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions.full_mailbox (tenant_id, subscriber_id, broadcast_id, reported_at)
         values ($1, $2, $3, $4)
         on conflict on constraint full_mailbox_pk do nothing",
        tenant.uuid(),
        subscriber.uuid(),
        broadcast.uuid(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many were reported of a subscriber after `since`.
pub(crate) async fn count(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    since: Timestamp,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from subscriptions.full_mailbox
           where tenant_id = $1 and subscriber_id = $2 and reported_at > $3"#,
        tenant.uuid(),
        subscriber.uuid(),
        since.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
}

/// Deletes what was reported at `until` or before, at most `limit` rows; answers how many.
pub(crate) async fn forget(db: &PgPool, until: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "delete from subscriptions.full_mailbox
         where (tenant_id, subscriber_id, broadcast_id) in (
             select tenant_id, subscriber_id, broadcast_id from subscriptions.full_mailbox
             where reported_at <= $1
             order by reported_at
             limit $2
             for update skip locked)",
        until.to_sqlx() as _,
        limit,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected())
}
