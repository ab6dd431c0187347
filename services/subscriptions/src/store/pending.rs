//! Subscribers who were sent a link to confirm, until it is worth nothing any more: what finds those to be
//! forgotten without looking into tenants' rows.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{SubscriberId, TenantId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A subscriber whose last link is worth nothing any more.
#[derive(Debug)]
pub(crate) struct Expired {
    pub tenant_id: TenantId,
    pub subscriber_id: SubscriberId,
}

/// Notes when a subscriber's last link ends, if it is sent one.
pub(crate) async fn note(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    forget_at: Timestamp,
    due: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions.pending (tenant_id, subscriber_id, forget_at)
         select $1, $2, $3 where $4
         on conflict on constraint pending_pk do update set forget_at = excluded.forget_at",
        tenant.uuid(),
        subscriber.uuid(),
        forget_at.to_sqlx() as _,
        due,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes at most `limit` subscribers whose last link ended before `now`, so that nobody else takes them before
/// `until`.
pub(crate) async fn lease(
    db: &PgPool,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Expired>> {
    sqlx::query_as!(
        Expired,
        "update subscriptions.pending
         set forget_at = $2
         where (tenant_id, subscriber_id) in (select tenant_id, subscriber_id from subscriptions.pending
                                              where forget_at < $1
                                              order by forget_at
                                              limit $3
                                              for update skip locked)
         returning tenant_id, subscriber_id",
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Deletes what was leased until then; who was sent another link meanwhile stays.
pub(crate) async fn settle(
    db: &mut PgConnection,
    tenant: TenantId,
    subscribers: &[Uuid],
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from subscriptions.pending
         where tenant_id = $1 and subscriber_id = any($2) and forget_at = $3",
        tenant.uuid(),
        subscribers,
        until.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
