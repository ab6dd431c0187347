//! Broadcasts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{BroadcastId, EventId, IncidentId, PageId, TenantId, UpdateId},
    paging::Cursor,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Broadcast, Kind, Progress};

/// A broadcast and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) broadcast: Broadcast,
    /// Since when it is paused; kept when the mails that were on their way ended it.
    pub(crate) paused_at: Option<Timestamp>,
    pub(crate) resent_at: Option<Timestamp>,
    /// How often it was sent again.
    pub(crate) passes: i16,
    /// As the log has it: what came back is in `returned`.
    pub(crate) progress: Progress,
    /// How many were taken, and came back.
    pub(crate) returned: i64,
    /// How many readers called it spam.
    pub(crate) complained: i64,
}

impl Standing {
    /// Whether a member keeps it from going on.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused_at.is_some() && self.broadcast.completed_at.is_none()
    }
}

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
) -> sqlx::Result<Option<Standing>> {
    Ok(find_all(db, tenant, &[broadcast]).await?.pop())
}

/// These broadcasts, newest first; those that are not there, or another tenant's, are left out.
///
/// In one statement: what segments counted goes to their broadcast when they end, and is in one of the two places in
/// whatever moment they are looked at.
pub(crate) async fn find_all(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcasts: &[BroadcastId],
) -> sqlx::Result<Vec<Standing>> {
    let ids = broadcasts.iter().map(|broadcast| broadcast.uuid()).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"with open as (
               select broadcast_id, sum(sent)::bigint as sent, sum(bounced)::bigint as bounced,
                      sum(suppressed)::bigint as suppressed, sum(superseded_count)::bigint as superseded,
                      sum(abandoned)::bigint as abandoned,
                      sum(case
                          when generation = 1 or state = 'done' then 0
                          when cursor_id = after_id then planned
                          else (select count(*) from unnest(only_ids) as put_off (id) where put_off.id > cursor_id)
                      end)::bigint as deferred
               from notifications.segment
               where broadcast_id = any ($2)
               group by broadcast_id
           ), back as (
               select broadcast_id, count(*) filter (where kind = 'returned') as returned,
                      count(*) filter (where kind = 'complained') as complained
               from notifications.feedback
               where tenant_id = $1 and broadcast_id = any ($2)
               group by broadcast_id
           )
           select broadcast_id, page_id, kind as "kind: Kind", incident_id, maintenance_id, update_id, planned,
                  created_at, completed_at, paused_at, resent_at, passes,
                  told.sent + coalesce(open.sent, 0) as "sent!",
                  told.bounced + coalesce(open.bounced, 0) as "bounced!",
                  told.suppressed + coalesce(open.suppressed, 0) as "suppressed!",
                  told.superseded + coalesce(open.superseded, 0) as "superseded!",
                  told.abandoned + coalesce(open.abandoned, 0) as "abandoned!",
                  coalesce(open.deferred, 0) as "deferred!", coalesce(back.returned, 0) as "returned!",
                  coalesce(back.complained, 0) as "complained!"
           from notifications.broadcast told
           left join open using (broadcast_id)
           left join back using (broadcast_id)
           where told.tenant_id = $1 and told.broadcast_id = any ($2)
           order by broadcast_id desc"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Standing {
            broadcast: Broadcast {
                broadcast: row.broadcast_id.into(),
                page: row.page_id.into(),
                kind: row.kind,
                incident: row.incident_id.map(Into::into),
                maintenance: row.maintenance_id.map(Into::into),
                update: row.update_id.map(Into::into),
                planned: row.planned,
                created_at: row.created_at.to_jiff(),
                completed_at: row.completed_at.map(|at| at.to_jiff()),
            },
            paused_at: row.paused_at.map(|at| at.to_jiff()),
            resent_at: row.resent_at.map(|at| at.to_jiff()),
            passes: row.passes,
            progress: Progress {
                sent: row.sent,
                deferred: row.deferred,
                bounced: row.bounced,
                suppressed: row.suppressed,
                superseded: row.superseded,
                abandoned: row.abandoned,
            },
            returned: row.returned,
            complained: row.complained,
        })
        .collect())
}

/// What must be known of a broadcast to read its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) broadcast: BroadcastId,
    pub(crate) kind: Kind,
    /// How often it was sent again.
    pub(crate) passes: i16,
}

/// A page's broadcasts, newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    update: Option<UpdateId>,
    before: Option<Cursor>,
    limit: i64,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select broadcast_id, kind as "kind: Kind", passes from notifications.broadcast
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
    let listed = |id: Uuid, kind, passes| Listed { broadcast: id.into(), kind, passes };
    Ok(rows.into_iter().map(|row| listed(row.broadcast_id, row.kind, row.passes)).collect())
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

/// Locks a broadcast, so that it does not end meanwhile. Whoever locks segments of it too locks them first.
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

/// Locks what is left of a broadcast, in a statement of its own: a sender that is about to commit holds such a row, and
/// the retries that it writes in that transaction are seen only by a statement that begins after it.
pub(crate) async fn lock_segments(db: &mut PgConnection, broadcast: BroadcastId) -> sqlx::Result<()> {
    sqlx::query!(
        "select from notifications.segment where broadcast_id = $1 and state <> 'done'
         order by segment_id
         for update",
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Pauses a locked broadcast that is not paused. A sender notices when it writes the next lot down.
pub(crate) async fn pause(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.broadcast set paused_at = $3 where tenant_id = $1 and broadcast_id = $2",
        tenant.uuid(),
        broadcast.uuid(),
        now.to_sqlx() as _,
    )
    .execute(&mut *db)
    .await?;
    // Whoever gets something newer instead is written off all the same: no mail leaves for that.
    sqlx::query!(
        "update notifications.segment set paused = true
         where broadcast_id = $1 and state <> 'done' and not superseded",
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets a locked broadcast that is paused go on.
pub(crate) async fn resume(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.broadcast set paused_at = null where tenant_id = $1 and broadcast_id = $2",
        tenant.uuid(),
        broadcast.uuid(),
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update notifications.segment set paused = false where broadcast_id = $1 and paused",
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets one plan a broadcast of this thread at a time, until the transaction ends.
pub(crate) async fn lock_thread(db: &mut PgConnection, thread: Uuid) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1::text, 0))", thread.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether something newer of the same thread was told.
pub(crate) async fn is_overtaken(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: &Broadcast,
) -> sqlx::Result<bool> {
    let reports = broadcast.kind == Kind::Postmortem;
    sqlx::query_scalar!(
        r#"select exists (
               select from notifications.broadcast
               where tenant_id = $1 and page_id = $2 and broadcast_id > $3
                   and case
                       when $6 then kind = 'postmortem' and incident_id = $4
                       else kind in ('incident_update', 'maintenance_update', 'maintenance_approaching')
                           and (incident_id = $4 or maintenance_id = $5)
                   end
           ) as "exists!""#,
        tenant.uuid(),
        broadcast.page.uuid(),
        broadcast.broadcast.uuid(),
        broadcast.incident.map(IncidentId::uuid),
        broadcast.maintenance.map(|maintenance| maintenance.uuid()),
        reports,
    )
    .fetch_one(db)
    .await
}

/// Begins a further pass of a locked broadcast that has ended; with nobody to send to it has ended again. Those whom
/// it had not reached get a new outcome, so that only those whom it had are counted further.
pub(crate) async fn begin_pass(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    pass: i16,
    is_empty: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.broadcast
         set passes = $3, resent_at = $4::timestamptz, paused_at = null,
             completed_at = case when $5 then $4::timestamptz end,
             bounced = 0, suppressed = 0, superseded = 0, abandoned = 0
         where tenant_id = $1 and broadcast_id = $2",
        tenant.uuid(),
        broadcast.uuid(),
        pass,
        now.to_sqlx() as _,
        is_empty,
    )
    .execute(db)
    .await?;
    Ok(())
}
