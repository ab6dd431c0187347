//! Segments: the work table. Every write by a sender names its lease's epoch, so that one whose lease went to
//! another writes nothing more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kit::ids::{BroadcastId, TenantId};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::broadcasts;
use crate::domain::{Lease, NewSegment, Part, RecipientId, Thread};

/// Writes a broadcast's segments. Their turns begin with the tenant's present one, so that those of a small
/// broadcast go in between those of a large one.
pub(crate) async fn insert(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    thread: Option<Thread>,
    pass: i16,
    ids: &[Uuid],
    segments: &[NewSegment],
) -> sqlx::Result<()> {
    let parts = segments.iter().map(|segment| segment.part.map(Part::name)).collect::<Vec<_>>();
    let afters = segments.iter().map(|segment| segment.after.uuid()).collect::<Vec<_>>();
    let lasts = segments.iter().map(|segment| segment.last.uuid()).collect::<Vec<_>>();
    let planned = segments.iter().map(|segment| segment.planned).collect::<Vec<_>>();
    sqlx::query!(
        "insert into notifications.segment
             (segment_id, tenant_id, broadcast_id, incident_id, position, part, after_id, last_id, cursor_id, planned,
              attempt, pass, turn)
         select plan.segment_id, $1, $2, $3, $4, plan.part::notifications.audience_part, plan.after_id, plan.last_id,
                plan.after_id, plan.planned, 1, $10, plan.place + coalesce((
                    select turn from notifications.segment
                    where tenant_id = $1 and state = 'ready' and not paused and not superseded
                    order by superseded, turn
                    limit 1), 0)
         from unnest($5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::integer[]) with ordinality
             as plan (segment_id, part, after_id, last_id, planned, place)",
        tenant.uuid(),
        broadcast.uuid(),
        thread.map(|thread| thread.id),
        thread.map_or(0, |thread| thread.position),
        ids,
        &parts as _,
        &afters,
        &lasts,
        &planned,
        pass,
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
         where (incident_id = $1 and position < $2 or broadcast_id = any ($3)) and state <> 'done'
         order by segment_id
         for update",
        thread.id,
        thread.position,
        &others,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!(
        "update notifications.segment
         set superseded = true, paused = false,
             state = case when state = 'waiting' then 'ready' else state end
         where (incident_id = $1 and position < $2 or broadcast_id = any ($3)) and state <> 'done'
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
             where incident_id = $1 and position > $2 and state <> 'done')",
        lease.thread,
        lease.position,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Leases the next segment: of the tenant with the fewest leases, so that ten subscribers never wait behind a
/// million, and of that tenant the one whose turn it is; or one whose lease ran out. None whose range overlaps one
/// of an older broadcast of its thread that is going out at this moment, none of a tenant that complaints have
/// stopped, and of one that they have slowed no second.
///
/// A few rows are looked up for each tenant with work (a loose index scan), however many are ready: more than
/// one, so that senders who ask at the same moment find the next ones behind those just taken. Of very many tenants
/// 64 behind this one are looked at, and 64 from the first on, so that a lease costs the same on the day when all of
/// them have something to tell; who asks passes the tenant of the lease before.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    lease: Duration,
    after: TenantId,
) -> sqlx::Result<Option<Lease>> {
    let row = sqlx::query!(
        r#"with recursive above as (
             (select tenant_id, 1 as place from notifications.segment
              where state = 'ready' and not paused and tenant_id > $2
              order by tenant_id limit 1)
             union all
             select (
                 select other.tenant_id from notifications.segment other
                 where other.state = 'ready' and not other.paused and other.tenant_id > above.tenant_id
                 order by other.tenant_id
                 limit 1), place + 1
             from above where above.tenant_id is not null and place < 64
         ), below as (
             (select tenant_id, 1 as place from notifications.segment
              where state = 'ready' and not paused and tenant_id <= $2
              order by tenant_id limit 1)
             union all
             select (
                 select other.tenant_id from notifications.segment other
                 where other.state = 'ready' and not other.paused and other.tenant_id > below.tenant_id
                     and other.tenant_id <= $2
                 order by other.tenant_id
                 limit 1), place + 1
             from below where below.tenant_id is not null and place < 64
         ), tenant as (
             select tenant_id from above union all select tenant_id from below
         ), candidate as materialized (
             select due.segment_id, held.leases + due.place as place, due.turn
             from tenant
             cross join lateral (
                 select count(*) as leases from notifications.segment held
                 where held.tenant_id = tenant.tenant_id and held.state = 'leased' and held.leased_until > now()
             ) held
             cross join lateral (
                 select due.segment_id, due.turn, row_number() over () as place
                 from (
                     select due.segment_id, due.turn from (
                         select segment_id, incident_id, position, cursor_id, last_id, turn
                         from notifications.segment
                         where tenant_id = tenant.tenant_id and state = 'ready' and not paused
                         order by superseded, turn, segment_id
                         limit 64
                     ) due
                     where not exists (
                         select from notifications.segment older
                         where older.incident_id = due.incident_id and older.position < due.position
                             and older.sending and older.leased_until > now()
                             and older.cursor_id < due.last_id and older.last_id > due.cursor_id)
                     limit 16
                 ) due
             ) due
             where tenant.tenant_id is not null and not exists (
                 select from notifications.brake
                 where brake.tenant_id = tenant.tenant_id
                     and (brake.level = 'stopped' or brake.level = 'slowed' and held.leases > 0))
             union all
             select lapsed.segment_id, 0, lapsed.turn from notifications.segment lapsed
             where lapsed.state = 'leased' and lapsed.leased_until <= now() and not lapsed.paused
             order by place, turn
         ), next as (
             -- one after the other, until one is free
             select free.segment_id
             from candidate
             cross join lateral (
                 select segment_id from notifications.segment
                 where segment_id = candidate.segment_id and not paused
                     and (state = 'ready' or state = 'leased' and leased_until <= now())
                 for update skip locked
             ) free
             limit 1
         )
         update notifications.segment
         set state = 'leased', leased_until = now() + make_interval(secs => $1), epoch = epoch + 1,
             sending = not superseded and faults < 3
         where segment_id = (select segment_id from next)
         returning segment_id, tenant_id, broadcast_id, incident_id, position, part as "part: Part", cursor_id, last_id,
             only_ids, pass, generation, attempt, epoch, faults, drops, superseded,
             extract(epoch from now() - created_at)::float8 as "age!",
             planned - sent - bounced - suppressed - superseded_count - abandoned as "left!""#,
        lease.as_secs_f64(),
        after.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Lease {
        segment: row.segment_id,
        tenant: row.tenant_id.into(),
        broadcast: row.broadcast_id.into(),
        thread: row.incident_id,
        position: row.position,
        part: row.part,
        cursor: row.cursor_id.into(),
        last: row.last_id.into(),
        only: row.only_ids.map(|ids| ids.into_iter().map(RecipientId::from).collect()),
        left: row.left.max(0),
        pass: row.pass,
        generation: row.generation,
        attempt: row.attempt,
        epoch: row.epoch,
        faults: row.faults,
        drops: row.drops,
        superseded: row.superseded,
        age: SignedDuration::from_secs_f64(row.age),
    }))
}

/// Makes ready what has waited long enough, 500 segments at most, each behind what its tenant has ready already.
/// Answers whether there is anything for senders to do.
pub(crate) async fn look_out(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"with due as (
             select segment_id, tenant_id from notifications.segment
             where state = 'waiting' and not paused and due_at <= now()
             order by due_at
             for update skip locked
             limit 500
         ), placed as (
             select due.segment_id, row_number() over (partition by due.tenant_id order by due.segment_id)
                 + coalesce((
                     select ready.turn from notifications.segment ready
                     where ready.tenant_id = due.tenant_id and ready.state = 'ready' and not ready.paused
                         and not ready.superseded
                     order by ready.superseded, ready.turn
                     limit 1), 0) as turn
             from due
         ), made_ready as (
             update notifications.segment set state = 'ready', turn = placed.turn
             from placed
             where segment.segment_id = placed.segment_id
             returning 1
         )
         select exists (select from made_ready)
             or exists (select from notifications.segment where state = 'ready' and not paused)
             or exists (
                 select from notifications.segment
                 where state = 'leased' and leased_until <= now() and not paused)
             as "anything!""#,
    )
    .fetch_one(db)
    .await
}

/// Prolongs a lease without moving the segment on; `false` if it is another's by now.
pub(crate) async fn prolong(db: impl PgExecutor<'_>, lease: &Lease, by: Duration) -> sqlx::Result<bool> {
    let prolonged = sqlx::query!(
        "update notifications.segment set leased_until = now() + make_interval(secs => $3)
         where segment_id = $1 and epoch = $2 and state = 'leased'",
        lease.segment,
        lease.epoch,
        by.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(prolonged.rows_affected() == 1)
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
         set state = case when $3::float8 > 0 then 'waiting' else 'ready' end::notifications.segment_state,
             leased_until = null, sending = false, turn = turn + 1, due_at = now() + make_interval(secs => $3),
             faults = faults + $4::integer, drops = drops + $5::integer
         where segment_id = $1 and epoch = $2 and state = 'leased'",
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

/// Ends a segment of which not even whom it is for can be read: whoever is left counts as given up. `false` if the
/// lease is another's by now.
pub(crate) async fn give_up(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<bool> {
    let given_up = sqlx::query!(
        "update notifications.segment
         set state = 'done', done_at = now(), leased_until = null, sending = false, cursor_id = last_id,
             abandoned = abandoned + $3
         where segment_id = $1 and epoch = $2 and state = 'leased'",
        lease.segment,
        lease.epoch,
        lease.left,
    )
    .execute(db)
    .await?;
    Ok(given_up.rows_affected() == 1)
}

/// Ends a broadcast if its segments are all done: what they counted is added up, and they are deleted. Called in the
/// transaction that ended one of them, after all that it does to segments: whoever locks both, locks segments first.
pub(crate) async fn end_broadcast(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    now: Timestamp,
) -> sqlx::Result<()> {
    // Of two senders that end its last segments, one is the last: it comes after the other's commit.
    broadcasts::lock(&mut *db, tenant, broadcast).await?;
    sqlx::query!(
        "with gone as (
             delete from notifications.segment
             where broadcast_id = $2 and not exists (
                 select from notifications.segment open where open.broadcast_id = $2 and open.state <> 'done')
             returning sent, bounced, suppressed, superseded_count, abandoned
         ), total as (
             select sum(sent) as sent, sum(bounced) as bounced, sum(suppressed) as suppressed,
                    sum(superseded_count) as superseded, sum(abandoned) as abandoned
             from gone
             having count(*) > 0
         )
         update notifications.broadcast
         set sent = broadcast.sent + total.sent, bounced = broadcast.bounced + total.bounced,
             suppressed = broadcast.suppressed + total.suppressed,
             superseded = broadcast.superseded + total.superseded,
             abandoned = broadcast.abandoned + total.abandoned, completed_at = $3
         from total
         where tenant_id = $1 and broadcast_id = $2",
        tenant.uuid(),
        broadcast.uuid(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
