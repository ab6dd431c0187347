//! The outbox: subscribers who wait for the link to confirm, until notifications has taken the event; and
//! among them, for as long as a relay takes to look, events that are not due and tell of nobody.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{EventId, PageId, SubscriberId, TenantId};
use sqlx::{PgConnection, PgPool};

/// An event that a relay works on.
#[derive(Debug)]
pub(crate) struct Leased {
    pub event_id: EventId,
    pub tenant_id: TenantId,
    pub page_id: PageId,
    pub subscriber_id: SubscriberId,
    /// Which lease this is; an older one settles nothing.
    pub epoch: i64,
    /// How often it was tried, this time among them.
    pub attempts: i32,
}

/// Adds an event, due or not, and wakes the relays when the transaction commits.
pub(crate) async fn enqueue(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    subscriber: SubscriberId,
    event: EventId,
    now: Timestamp,
    due: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with kept as (
             insert into subscriptions.outbox
                 (tenant_id, page_id, subscriber_id, event_id, created_at, leased_until, due)
             values ($1, $2, $3, $4, $5, $5, $6)
         )
         select pg_notify('subscriptions_outbox', '')",
        tenant.uuid(),
        page.uuid(),
        subscriber.uuid(),
        event.uuid(),
        now.to_sqlx() as _,
        due,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the event that has been due for longest, so that nobody else takes it before `until`.
pub(crate) async fn lease(db: &PgPool, now: Timestamp, until: Timestamp) -> sqlx::Result<Option<Leased>> {
    sqlx::query_as!(
        Leased,
        "update subscriptions.outbox
         set leased_until = $2, epoch = epoch + 1, attempts = attempts + 1
         where event_id = (select event_id from subscriptions.outbox
                           where due and leased_until <= $1
                           order by leased_until, event_id
                           limit 1
                           for update skip locked)
         returning event_id, tenant_id, page_id, subscriber_id, epoch, attempts",
        now.to_sqlx() as _,
        until.to_sqlx() as _,
    )
    .fetch_optional(db)
    .await
}

/// Deletes an event that was handed over.
pub(crate) async fn settle(db: &PgPool, leased: &Leased) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from subscriptions.outbox where event_id = $1 and epoch = $2",
        leased.event_id.uuid(),
        leased.epoch,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives an event back, to be tried again from `due` on.
pub(crate) async fn give_back(db: &PgPool, leased: &Leased, due: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions.outbox set leased_until = $3 where event_id = $1 and epoch = $2",
        leased.event_id.uuid(),
        leased.epoch,
        due.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes events that are not due, at most `limit`; answers how many.
pub(crate) async fn drop_not_due(db: &PgPool, limit: i64) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "delete from subscriptions.outbox
         where event_id in (select event_id from subscriptions.outbox
                            where not due
                            order by event_id
                            limit $1
                            for update skip locked)",
        limit,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected())
}
