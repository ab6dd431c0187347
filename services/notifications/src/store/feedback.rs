//! What comes back of mails that were taken, and whose the broadcasts are that it is about.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{BroadcastId, PageId, TenantId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{Content, Kind, NewBroadcast, RecipientId};

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.feedback_kind", rename_all = "snake_case")]
pub(crate) enum FeedbackKind {
    /// It could not be delivered.
    Returned,
    /// It is late, and tried further by others.
    Delayed,
    /// Its reader called it spam.
    Complained,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feedback {
    pub(crate) broadcast: BroadcastId,
    pub(crate) recipient: RecipientId,
    pub(crate) kind: FeedbackKind,
    /// Of RFC 3463, at most 11 characters; empty if none was told.
    pub(crate) status: String,
    /// At most 500 characters.
    pub(crate) diagnostic: String,
    pub(crate) received_at: Timestamp,
}

/// How a tenant's mails were taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reputation {
    /// A mail server took them.
    pub(crate) sent: i64,
    /// Refused for good, or returned.
    pub(crate) bounced: i64,
    /// Readers who called one of them spam.
    pub(crate) complained: i64,
}

/// Writes down whose a new broadcast is, for what comes back of it.
pub(crate) async fn register(db: &mut PgConnection, new: &NewBroadcast) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notifications.broadcast_tenant (broadcast_id, tenant_id, told_id) values ($1, $2, $3)",
        new.broadcast.uuid(),
        new.tenant.uuid(),
        told_id(new),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The id in its mails' Message-ID: that of the update, or, where there is none, of the event.
fn told_id(new: &NewBroadcast) -> Uuid {
    match &new.content {
        Content::IncidentUpdate(told) => told.update_id.uuid(),
        Content::MaintenanceUpdate(told) => told.update_id.uuid(),
        Content::MaintenanceApproaching(_)
        | Content::Postmortem(_)
        | Content::NextUpdateDue(_)
        | Content::Confirmation { .. } => new.event.uuid(),
    }
}

/// Whose a broadcast is.
pub(crate) async fn tenant_of(
    db: impl PgExecutor<'_>,
    broadcast: BroadcastId,
) -> sqlx::Result<Option<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant_id: TenantId" from notifications.broadcast_tenant where broadcast_id = $1"#,
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The broadcasts whose mails have this id in their Message-ID, the first 10.
pub(crate) async fn list_telling(
    db: impl PgExecutor<'_>,
    told: Uuid,
) -> sqlx::Result<Vec<(TenantId, BroadcastId)>> {
    let rows = sqlx::query!(
        "select tenant_id, broadcast_id from notifications.broadcast_tenant
         where told_id = $1
         order by broadcast_id
         limit 10",
        told,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.broadcast_id.into())).collect())
}

/// Appends what came back; what came before of this kind stays as it is. Whether it is new.
pub(crate) async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    feedback: &Feedback,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into notifications.feedback
             (tenant_id, broadcast_id, recipient_id, kind, status, diagnostic, received_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint feedback_pk do nothing",
        tenant.uuid(),
        feedback.broadcast.uuid(),
        feedback.recipient.uuid(),
        feedback.kind as FeedbackKind,
        feedback.status,
        feedback.diagnostic,
        feedback.received_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a broadcast is and about which page.
pub(crate) async fn find_broadcast(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<Option<(Kind, PageId)>> {
    let row = sqlx::query!(
        r#"select kind as "kind: Kind", page_id from notifications.broadcast
           where tenant_id = $1 and broadcast_id = $2"#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.kind, row.page_id.into())))
}

/// How a tenant's mails were taken since this time: of the broadcasts planned since then, and what came back since
/// then. Complaints are those about the same broadcasts, without confirmations, which whoever asks for them gets: readers
/// count, not what one reader sends back of many mails. In one statement, since the sums of segments go to their broadcast when they end.
pub(crate) async fn reputation(
    db: &mut PgConnection,
    tenant: TenantId,
    since: Timestamp,
) -> sqlx::Result<Reputation> {
    let row = sqlx::query!(
        r#"with told as (
               select broadcast_id, kind, sent, bounced
               from notifications.broadcast where tenant_id = $1 and created_at >= $2
           ), open as (
               select coalesce(sum(sent), 0)::bigint as sent, coalesce(sum(bounced), 0)::bigint as bounced
               from notifications.segment where broadcast_id in (select broadcast_id from told)
           ), ended as (
               select coalesce(sum(sent), 0)::bigint as sent, coalesce(sum(bounced), 0)::bigint as bounced
               from told
           ), back as (
               select count(*) filter (where f.kind = 'returned') as returned,
                      count(distinct f.recipient_id) filter (
                          where f.kind = 'complained' and told.kind <> 'confirmation') as complained
               from notifications.feedback f left join told using (broadcast_id)
               where f.tenant_id = $1 and f.received_at >= $2
           )
           select open.sent + ended.sent as "sent!", open.bounced + ended.bounced + back.returned as "bounced!",
                  back.complained as "complained!"
           from open, ended, back"#,
        tenant.uuid(),
        since.to_sqlx() as _,
    )
    .fetch_one(db)
    .await?;
    Ok(Reputation { sent: row.sent, bounced: row.bounced, complained: row.complained })
}
