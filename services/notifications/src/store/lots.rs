//! What senders write down: lots of outcomes, and how far that brings their segments.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kit::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Counts, Lease, Outcome, Part, RecipientId};

/// The outcome of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) recipient: RecipientId,
    pub(crate) outcome: Outcome,
    /// The mail server's words; empty if it had no part in it.
    pub(crate) reply: String,
}

/// Some who are tried again together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retry {
    /// In the order of their ids; not empty.
    pub(crate) recipients: Vec<RecipientId>,
    pub(crate) pause: SignedDuration,
    /// They were tried; not so those whom their provider's lane held back.
    pub(crate) counts: bool,
}

/// How far a sender has come with its segment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) lease: Lease,
    /// In the order of the recipients' ids.
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) retries: Vec<Retry>,
    /// Everybody up to here has an outcome now.
    pub(crate) cursor: RecipientId,
    /// Nobody is left.
    pub(crate) done: bool,
}

/// What became of a segment that was moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    /// Something newer is there.
    pub(crate) superseded: bool,
    /// It was given back at that: nobody more gets it, for now or at all. What is left is written off, or sent
    /// when it goes on, under another lease.
    pub(crate) put_down: bool,
}

/// Moves segments of one tenant on, prolongs their leases, and writes their lots, all in one statement. Answers by
/// segment; one that is missing is another's by now, or stands elsewhere than the step begins because the step was
/// written before, and of it nothing was written.
///
/// A segment that something newer has overtaken, or that was paused, is given back at once, which lets the newer
/// broadcast begin.
pub(crate) async fn write(
    db: &mut PgConnection,
    tenant: TenantId,
    steps: &[Arc<Step>],
    prolong: Duration,
    now: Timestamp,
) -> sqlx::Result<HashMap<Uuid, Moved>> {
    let column = |value: fn(&Step) -> Uuid| steps.iter().map(|step| value(step)).collect::<Vec<_>>();
    let number = |value: fn(&Step) -> i32| steps.iter().map(|step| value(step)).collect::<Vec<_>>();
    let counts = steps.iter().map(|step| Counts::of(step.deliveries.iter().map(|line| line.outcome)));
    let counts = counts.collect::<Vec<_>>();
    let count = |value: fn(&Counts) -> i32| counts.iter().map(value).collect::<Vec<_>>();
    let passes = steps.iter().map(|step| step.lease.pass).collect::<Vec<_>>();
    let by_component = steps.iter().map(|step| step.lease.part == Some(Part::Components)).collect::<Vec<_>>();
    let done = steps.iter().map(|step| step.done).collect::<Vec<_>>();

    let lines = || steps.iter().flat_map(|step| &step.deliveries);
    let recipients = lines().map(|line| line.recipient.uuid()).collect::<Vec<_>>();
    let outcomes = lines().map(|line| line.outcome.name()).collect::<Vec<_>>();
    let replies = lines().map(|line| line.reply.as_str()).collect::<Vec<_>>();
    // the places in these, counted from one, of each step's first line and of its last
    let lasts = steps.iter().scan(0, |last, step| {
        *last += i32::try_from(step.deliveries.len()).unwrap_or(i32::MAX);
        Some(*last)
    });
    let lasts = lasts.collect::<Vec<i32>>();
    let firsts = std::iter::once(0).chain(lasts.iter().copied()).map(|last| last + 1).take(steps.len());
    let firsts = firsts.collect::<Vec<i32>>();

    let moved = sqlx::query!(
        r#"with step as (
             select * from unnest($2::uuid[], $3::integer[], $4::uuid[], $5::uuid[], $6::smallint[], $7::integer[],
                                  $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
                                  $13::integer[], $14::boolean[], $17::boolean[], $18::uuid[], $19::integer[],
                                  $20::integer[])
                 as step (segment_id, epoch, broadcast_id, cursor_id, pass, generation, attempt, sent, bounced,
                          suppressed, superseded, abandoned, done, by_component, from_id, first, last)
         ), line as materialized (
             select $21::uuid[] as recipients, $22::text[]::notifications.outcome[] as outcomes, $23::text[] as replies
         ), locked as (
             -- in the order in which others lock them
             select segment_id from notifications.segment
             where segment_id = any ($2::uuid[])
             order by segment_id
             for update
         ), moved as (
             update notifications.segment
             set cursor_id = step.cursor_id, sent = segment.sent + step.sent, bounced = segment.bounced + step.bounced,
                 suppressed = segment.suppressed + step.suppressed,
                 superseded_count = segment.superseded_count + step.superseded,
                 abandoned = segment.abandoned + step.abandoned,
                 drops = case when segment.cursor_id = step.cursor_id then segment.drops else 0 end,
                 state = case
                     when step.done then 'done'
                     when segment.sending and (segment.superseded or segment.paused) then 'ready'
                     else segment.state
                 end,
                 done_at = case when step.done then now() end,
                 leased_until = case
                     when step.done or segment.sending and (segment.superseded or segment.paused) then null
                     else now() + make_interval(secs => $15)
                 end,
                 sending = segment.sending and not (step.done or segment.superseded or segment.paused)
             from step
             join locked using (segment_id)
             where segment.segment_id = step.segment_id and segment.epoch = step.epoch and segment.state = 'leased'
                 and segment.cursor_id = step.from_id
             returning segment.segment_id, segment.superseded, segment.state = 'ready' as put_down
         ), written as (
             insert into notifications.delivery_lot
                 (tenant_id, broadcast_id, pass, by_component, generation, first_id, last_id, attempts, written_at,
                  recipient_ids, outcomes, replies)
             select $1, step.broadcast_id, step.pass, step.by_component, step.generation, line.recipients[step.first],
                    line.recipients[step.last], step.attempt, $16, line.recipients[step.first:step.last],
                    line.outcomes[step.first:step.last], line.replies[step.first:step.last]
             from moved
             join step using (segment_id)
             cross join line
             where step.first <= step.last
         )
         select segment_id as "segment_id!", superseded as "superseded!", put_down as "put_down!" from moved"#,
        tenant.uuid(),
        &column(|step| step.lease.segment),
        &number(|step| step.lease.epoch),
        &column(|step| step.lease.broadcast.uuid()),
        &column(|step| step.cursor.uuid()),
        &passes,
        &number(|step| step.lease.generation),
        &number(|step| step.lease.attempt),
        &count(|counts| counts.sent),
        &count(|counts| counts.bounced),
        &count(|counts| counts.suppressed),
        &count(|counts| counts.superseded),
        &count(|counts| counts.abandoned),
        &done,
        prolong.as_secs_f64(),
        now.to_sqlx() as _,
        &by_component,
        &column(|step| step.lease.cursor.uuid()),
        &firsts,
        &lasts,
        &recipients,
        &outcomes as _,
        &replies as _,
    )
    .fetch_all(db)
    .await?;
    Ok(moved
        .into_iter()
        .map(|row| (row.segment_id, Moved { superseded: row.superseded, put_down: row.put_down }))
        .collect())
}

/// A segment for each group of those who were put off. They share the fate of the one that they come from: what has
/// overtaken or paused it meanwhile holds for them.
pub(crate) async fn insert_retries(
    db: &mut PgConnection,
    lease: &Lease,
    ids: &[Uuid],
    retries: &[Retry],
) -> sqlx::Result<()> {
    for (id, retry) in ids.iter().zip(retries) {
        let (Some(first), Some(last)) = (retry.recipients.first(), retry.recipients.last()) else { continue };
        let only = retry.recipients.iter().map(|recipient| recipient.uuid()).collect::<Vec<_>>();
        sqlx::query!(
            "insert into notifications.segment
                 (segment_id, tenant_id, broadcast_id, incident_id, position, part, after_id, last_id, cursor_id, planned,
                  attempt, pass, generation, only_ids, superseded, paused, turn, created_at, due_at, state)
             select $2, tenant_id, broadcast_id, incident_id, position, part, $3, $4, $3, cardinality($5::uuid[]),
                    attempt + $6::integer, pass, generation + 1, $5, superseded, paused, turn, created_at,
                    now() + make_interval(secs => $7),
                    case when superseded then 'ready' else 'waiting' end::notifications.segment_state
             from notifications.segment
             where segment_id = $1",
            lease.segment,
            id,
            first.just_before().uuid(),
            last.uuid(),
            &only,
            i32::from(retry.counts),
            retry.pause.as_secs_f64(),
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
