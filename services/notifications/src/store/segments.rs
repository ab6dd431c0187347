//! Segments: the work table. Every write by a sender names its lease's epoch, so that one whose lease went to
//! another writes nothing more.

use std::{collections::HashMap, time::Duration};

use jiff::SignedDuration;
use kit::ids::{BroadcastId, TenantId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{Counts, Lease, NewSegment, Progress, RecipientId, Thread};

/// Writes a broadcast's segments.
pub(crate) async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    thread: Option<Thread>,
    ids: &[Uuid],
    segments: &[NewSegment],
) -> sqlx::Result<()> {
    let afters = segments.iter().map(|segment| segment.after.uuid()).collect::<Vec<_>>();
    let lasts = segments.iter().map(|segment| segment.last.uuid()).collect::<Vec<_>>();
    let planned = segments.iter().map(|segment| segment.planned).collect::<Vec<_>>();
    sqlx::query!(
        "insert into notifications.segment
             (segment_id, tenant_id, broadcast_id, incident_id, position, after_id, last_id, cursor_id, planned, attempt)
         select plan.segment_id, $1, $2, $3, $4, plan.after_id, plan.last_id, plan.after_id, plan.planned, 1
         from unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::integer[])
             as plan (segment_id, after_id, last_id, planned)",
        tenant.uuid(),
        broadcast.uuid(),
        thread.map(|thread| thread.id),
        thread.map_or(0, |thread| thread.position),
        ids,
        &afters,
        &lasts,
        &planned,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks what is left of the older broadcasts of a thread, and of these others, to be superseded: nobody more
/// gets those. The column is called after incidents, and a maintenance or a report is a thread in the same way.
///
/// Locked first, in a statement of its own: a sender that is about to commit holds such a row, and the retries
/// that it writes in that transaction are seen only by a statement that begins after it.
pub(crate) async fn supersede(
    db: &mut PgConnection,
    thread: Thread,
    others: &[BroadcastId],
) -> sqlx::Result<()> {
    let others = others.iter().map(|broadcast| broadcast.uuid()).collect::<Vec<_>>();
    sqlx::query!(
        "select segment_id from notifications.segment
         where (incident_id = $1 and position < $2 or broadcast_id = any ($3)) and done_at is null
         order by segment_id
         for update",
        thread.id,
        thread.position,
        &others,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        "update notifications.segment set superseded = true, due_at = least(due_at, now())
         where (incident_id = $1 and position < $2 or broadcast_id = any ($3)) and done_at is null
             and not superseded",
        thread.id,
        thread.position,
        &others,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Wakes the senders once this transaction is committed.
pub(crate) async fn wake(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify('notifications_segment', '')").execute(db).await?;
    Ok(())
}

/// Wakes the senders if a newer broadcast of the thread may have waited for this segment.
pub(crate) async fn wake_newer(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_notify('notifications_segment', '')
         where exists (
             select from notifications.segment
             where incident_id = $1 and position > $2 and done_at is null)",
        lease.thread,
        lease.position,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Leases the next segment that is due: of the tenant with the fewest leases, so that ten subscribers never
/// wait behind a million; and none whose range overlaps one of an older broadcast of its thread that is going
/// out at this moment.
///
/// A few rows are looked up for each tenant with work (a loose index scan), however many are due: more than one, so that senders who ask at the same moment find the next ones behind those just taken.
pub(crate) async fn lease(db: impl PgExecutor<'_>, lease: Duration) -> sqlx::Result<Option<Lease>> {
    let row = sqlx::query!(
        "with recursive tenant as (
             (select tenant_id from notifications.segment where done_at is null order by tenant_id limit 1)
             union all
             select (
                 select other.tenant_id from notifications.segment other
                 where other.done_at is null and other.tenant_id > tenant.tenant_id
                 order by other.tenant_id
                 limit 1)
             from tenant where tenant.tenant_id is not null
         ), candidate as (
             select due.segment_id, due.due_at, busy.leases + due.place as turn
             from tenant
             cross join lateral (
                 select count(*) as leases from notifications.segment busy
                 where busy.tenant_id = tenant.tenant_id and busy.done_at is null and busy.leased_until > now()
             ) busy
             cross join lateral (
                 select due.segment_id, due.due_at, row_number() over () as place
                 from (
                     select due.segment_id, due.due_at from notifications.segment due
                     where due.tenant_id = tenant.tenant_id and due.done_at is null and due.due_at <= now()
                         and (due.leased_until is null or due.leased_until <= now())
                         and not exists (
                             select from notifications.segment older
                             where older.incident_id = due.incident_id and older.position < due.position
                                 and older.sending and older.done_at is null and older.leased_until > now()
                                 and older.cursor_id < due.last_id and older.last_id > due.cursor_id)
                     order by due.superseded, due.incident_id is not null, due.due_at, due.segment_id
                     limit 16
                 ) due
             ) due
             where tenant.tenant_id is not null
         ), next as (
             select free.segment_id
             from candidate
             join notifications.segment free using (segment_id)
             where free.done_at is null and (free.leased_until is null or free.leased_until <= now())
             order by candidate.turn, candidate.due_at
             for update of free skip locked
             limit 1
         )
         update notifications.segment
         set leased_until = now() + make_interval(secs => $1), epoch = epoch + 1,
             sending = not superseded and faults < 3
         where segment_id = (select segment_id from next)
         returning segment_id, tenant_id, broadcast_id, incident_id, position, cursor_id, last_id, attempt, epoch,
             faults, drops, superseded,
             planned - sent - bounced - suppressed - superseded_count - abandoned as left",
        lease.as_secs_f64(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Lease {
        segment: row.segment_id,
        tenant: row.tenant_id.into(),
        broadcast: row.broadcast_id.into(),
        thread: row.incident_id,
        position: row.position,
        cursor: row.cursor_id.into(),
        last: row.last_id.into(),
        left: row.left.unwrap_or(0).max(0),
        attempt: row.attempt,
        epoch: row.epoch,
        faults: row.faults,
        drops: row.drops,
        superseded: row.superseded,
    }))
}

/// What a lot changed about its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Advance {
    /// Everybody up to here has an outcome now.
    pub(crate) cursor: RecipientId,
    /// How the lot ended.
    pub(crate) counts: Counts,
    /// Nobody is left.
    pub(crate) done: bool,
}

/// Moves a segment on and prolongs its lease. Answers whether something newer is there now; `None` if the
/// lease is another's, and then nothing was written. A superseded segment counts as not sending from here
/// on, which lets the newer broadcast begin.
pub(crate) async fn advance(
    db: &mut PgConnection,
    lease: &Lease,
    prolong: Duration,
    advance: Advance,
) -> sqlx::Result<Option<bool>> {
    let Advance { cursor, counts, done } = advance;
    sqlx::query_scalar!(
        "update notifications.segment
         set cursor_id = $3, sent = sent + $4, bounced = bounced + $5, suppressed = suppressed + $6,
             superseded_count = superseded_count + $7, abandoned = abandoned + $8,
             drops = case when cursor_id = $3 then drops else 0 end,
             done_at = case when $9 then now() end,
             leased_until = case when $9 then null else now() + make_interval(secs => $10) end,
             sending = sending and not superseded and not $9
         where segment_id = $1 and epoch = $2 and done_at is null
         returning superseded",
        lease.segment,
        lease.epoch,
        cursor.uuid(),
        counts.sent,
        counts.bounced,
        counts.suppressed,
        counts.superseded,
        counts.abandoned,
        done,
        prolong.as_secs_f64(),
    )
    .fetch_optional(db)
    .await
}

/// Prolongs a lease without moving the segment on; `false` if it is another's by now.
pub(crate) async fn prolong(db: impl PgExecutor<'_>, lease: &Lease, by: Duration) -> sqlx::Result<bool> {
    let prolonged = sqlx::query!(
        "update notifications.segment set leased_until = now() + make_interval(secs => $3)
         where segment_id = $1 and epoch = $2 and done_at is null",
        lease.segment,
        lease.epoch,
        by.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(prolonged.rows_affected() == 1)
}

/// A segment of its own for each recipient that was put off.
pub(crate) async fn insert_retries(
    db: &mut PgConnection,
    lease: &Lease,
    ids: &[Uuid],
    retries: &[(RecipientId, SignedDuration)],
) -> sqlx::Result<()> {
    let afters = retries.iter().map(|(who, _)| who.just_before().uuid()).collect::<Vec<_>>();
    let lasts = retries.iter().map(|(who, _)| who.uuid()).collect::<Vec<_>>();
    let pauses = retries.iter().map(|(_, pause)| pause.as_secs_f64()).collect::<Vec<_>>();
    sqlx::query!(
        "insert into notifications.segment
             (segment_id, tenant_id, broadcast_id, incident_id, position, after_id, last_id, cursor_id, planned,
              attempt, due_at, superseded)
         select retry.segment_id, origin.tenant_id, origin.broadcast_id, origin.incident_id, origin.position,
                retry.after_id, retry.last_id, retry.after_id, 1, origin.attempt + 1,
                case when origin.superseded then now() else now() + make_interval(secs => retry.pause) end,
                origin.superseded
         from notifications.segment origin,
             unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::float8[]) as retry (segment_id, after_id, last_id, pause)
         where origin.segment_id = $1",
        lease.segment,
        ids,
        &afters,
        &lasts,
        &pauses,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Why a lease is given back early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// Others may want their turn, or the process stops, or the mail server is away.
    Turn,
    /// A fault of ours.
    Fault,
    /// The connection was lost over the mail at the cursor.
    Drop,
}

/// Gives a lease back early, to be taken again after a pause.
pub(crate) async fn release(
    db: impl PgExecutor<'_>,
    lease: &Lease,
    pause: Duration,
    why: Release,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.segment
         set leased_until = null, sending = false, due_at = now() + make_interval(secs => $3),
             faults = faults + $4::integer, drops = drops + $5::integer
         where segment_id = $1 and epoch = $2 and done_at is null",
        lease.segment,
        lease.epoch,
        pause.as_secs_f64(),
        i32::from(why == Release::Fault),
        i32::from(why == Release::Drop),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether every segment of a broadcast is done.
pub(crate) async fn all_done(db: &mut PgConnection, broadcast: BroadcastId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select not exists (
               select from notifications.segment where broadcast_id = $1 and done_at is null
           ) as "done!""#,
        broadcast.uuid(),
    )
    .fetch_one(db)
    .await
}

/// How far these broadcasts are.
pub(crate) async fn progress(
    db: &mut PgConnection,
    broadcasts: &[BroadcastId],
) -> sqlx::Result<HashMap<BroadcastId, Progress>> {
    let ids = broadcasts.iter().map(|broadcast| broadcast.uuid()).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"select broadcast_id, sum(sent)::bigint as "sent!", sum(bounced)::bigint as "bounced!",
                  sum(suppressed)::bigint as "suppressed!", sum(superseded_count)::bigint as "superseded!",
                  sum(abandoned)::bigint as "abandoned!",
                  count(*) filter (where attempt > 1 and done_at is null) as "deferred!"
           from notifications.segment
           where broadcast_id = any ($1)
           group by broadcast_id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let progress = Progress {
                sent: row.sent,
                deferred: row.deferred,
                bounced: row.bounced,
                suppressed: row.suppressed,
                superseded: row.superseded,
                abandoned: row.abandoned,
            };
            (row.broadcast_id.into(), progress)
        })
        .collect())
}
