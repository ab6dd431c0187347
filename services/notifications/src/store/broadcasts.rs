//! Broadcasts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{BroadcastId, EventId, IncidentId, PageId, TenantId, UpdateId},
    paging::Cursor,
};
use sqlx::PgConnection;

use crate::domain::{Broadcast, Kind};

/// Whether the event has its broadcast already.
pub(crate) async fn exists(db: &mut PgConnection, tenant: TenantId, event: EventId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from notifications.broadcast where tenant_id = $1 and event_id = $2
           ) as "exists!""#,
        tenant.uuid(),
        event.uuid(),
    )
    .fetch_one(db)
    .await
}

/// One broadcast.
pub(crate) async fn find(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<Option<Broadcast>> {
    let row = sqlx::query!(
        r#"select page_id, kind as "kind: Kind", incident_id, maintenance_id, update_id, planned, created_at,
                  completed_at
           from notifications.broadcast
           where tenant_id = $1 and broadcast_id = $2"#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Broadcast {
        broadcast,
        page: row.page_id.into(),
        kind: row.kind,
        incident: row.incident_id.map(Into::into),
        maintenance: row.maintenance_id.map(Into::into),
        update: row.update_id.map(Into::into),
        planned: row.planned,
        created_at: row.created_at.to_jiff(),
        completed_at: row.completed_at.map(|at| at.to_jiff()),
    }))
}

/// A page's broadcasts, newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    update: Option<UpdateId>,
    before: Option<Cursor>,
    limit: i64,
) -> sqlx::Result<Vec<Broadcast>> {
    let rows = sqlx::query!(
        r#"select broadcast_id, kind as "kind: Kind", incident_id, maintenance_id, update_id, planned, created_at,
                  completed_at
           from notifications.broadcast
           where tenant_id = $1 and page_id = $2
               and ($3::uuid is null or update_id = $3)
               and ($4::uuid is null or broadcast_id < $4)
           order by broadcast_id desc
           limit $5"#,
        tenant.uuid(),
        page.uuid(),
        update.map(UpdateId::uuid),
        before.map(|cursor| cursor.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Broadcast {
            broadcast: row.broadcast_id.into(),
            page,
            kind: row.kind,
            incident: row.incident_id.map(Into::into),
            maintenance: row.maintenance_id.map(Into::into),
            update: row.update_id.map(Into::into),
            planned: row.planned,
            created_at: row.created_at.to_jiff(),
            completed_at: row.completed_at.map(|at| at.to_jiff()),
        })
        .collect())
}

/// The reminders to post an update of this incident that are still going out.
pub(crate) async fn list_open_reminders(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Vec<BroadcastId>> {
    sqlx::query_scalar!(
        r#"select broadcast_id as "broadcast_id: BroadcastId" from notifications.broadcast
           where tenant_id = $1 and incident_id = $2 and kind = 'next_update_due' and completed_at is null"#,
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_all(db)
    .await
}

/// Locks a broadcast: of two senders that end its last segments, one is the last.
pub(crate) async fn lock(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "select from notifications.broadcast where tenant_id = $1 and broadcast_id = $2 for no key update",
        tenant.uuid(),
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down that the last delivery has its outcome.
pub(crate) async fn complete(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.broadcast set completed_at = $3
         where tenant_id = $1 and broadcast_id = $2 and completed_at is null",
        tenant.uuid(),
        broadcast.uuid(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
