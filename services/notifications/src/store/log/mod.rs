//! The delivery log, as it is read. It is written in lots: see [`super::lots`].

mod merge;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::ids::{BroadcastId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{Outcome, RecipientId},
    store::{
        broadcasts::Listed,
        feedback::{Feedback, FeedbackKind},
    },
};
use merge::{Line, Lot, Merged, Page};

pub(crate) use merge::Delivery;

/// How many lots are read at once at most.
const MAX_LOTS: usize = 64;
/// How many recipients a lot holds at the default setting.
const USUAL_LOT: usize = 20;

/// The first `want` deliveries of a broadcast that was sent again `passes` times, after this recipient, in the order
/// of the recipients; fewer at the end. However long the log is, no more is read than that takes.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    passes: i16,
    after: RecipientId,
    want: usize,
) -> sqlx::Result<Vec<Delivery>> {
    let limit = (want / USUAL_LOT + 2).clamp(4, MAX_LOTS);
    let mut page = Page::new(after, want.max(1));
    for pass in 0..=passes {
        for by_component in [false, true] {
            page.begin_stream();
            loop {
                let lots =
                    list_lots(db, tenant, broadcast, (pass, by_component), page.place(), limit).await?;
                let is_end = lots.len() < limit;
                if !page.take(lots, is_end) {
                    break;
                }
            }
        }
    }
    Ok(page.deliveries())
}

/// The next lots of a pass and part, in the order of their last ids and generations.
async fn list_lots(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    (pass, by_component): (i16, bool),
    (last, generation): (RecipientId, i32),
    limit: usize,
) -> sqlx::Result<Vec<Lot>> {
    let rows = sqlx::query!(
        r#"select lot.generation, lot.last_id, lot.attempts, lot.written_at, line.recipient_id as "recipient_id!",
                  line.outcome as "outcome!: Outcome", line.reply as "reply!"
           from (
               select generation, last_id, attempts, written_at, recipient_ids, outcomes, replies
               from notifications.delivery_lot
               where tenant_id = $1 and broadcast_id = $2 and pass = $3 and by_component = $4
                   and (last_id, generation) > ($5, $6)
               order by last_id, generation
               limit $7
           ) lot
           cross join lateral unnest(lot.recipient_ids, lot.outcomes, lot.replies) with ordinality
               as line (recipient_id, outcome, reply, place)
           order by lot.last_id, lot.generation, line.place"#,
        tenant.uuid(),
        broadcast.uuid(),
        pass,
        by_component,
        last.uuid(),
        generation,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await?;
    let mut lots = Vec::<Lot>::new();
    for row in rows {
        let last = RecipientId::from(row.last_id);
        let line = Line { recipient: row.recipient_id.into(), outcome: row.outcome, reply: row.reply };
        match lots.last_mut().filter(|lot| (lot.last, lot.generation) == (last, row.generation)) {
            Some(lot) => lot.lines.push(line),
            None => lots.push(Lot {
                pass,
                generation: row.generation,
                last,
                attempts: row.attempts,
                written_at: row.written_at.to_jiff(),
                lines: vec![line],
            }),
        }
    }
    Ok(lots)
}

/// What became of one recipient in each of these broadcasts. Of a recipient all
/// stands between the recipient and the end of the first generation's lot that names them: a few probes of the key.
pub(crate) async fn find(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcasts: &[Listed],
    recipient: RecipientId,
) -> sqlx::Result<HashMap<BroadcastId, Delivery>> {
    let passes =
        broadcasts.iter().flat_map(|listed| (0..=listed.passes).map(|pass| (listed.broadcast.uuid(), pass)));
    let (ids, passes): (Vec<_>, Vec<_>) = passes.unzip();
    let rows = sqlx::query!(
        r#"select pass.broadcast_id as "broadcast_id!", pass.pass as "pass!", lot.generation, lot.last_id,
                  lot.attempts, lot.written_at, lot.outcomes[place.place] as "outcome!: Outcome",
                  lot.replies[place.place] as "reply!"
           from unnest($2::uuid[], $3::smallint[]) as pass (broadcast_id, pass)
           cross join (values (false), (true)) as part (by_component)
           cross join lateral (
               select first.last_id from notifications.delivery_lot first
               where first.tenant_id = $1 and first.broadcast_id = pass.broadcast_id and first.pass = pass.pass
                   and first.by_component = part.by_component and first.last_id >= $4 and first.generation = 1
               order by first.last_id
               limit 1
           ) block
           cross join lateral (
               select * from notifications.delivery_lot lot
               where lot.tenant_id = $1 and lot.broadcast_id = pass.broadcast_id and lot.pass = pass.pass
                   and lot.by_component = part.by_component and lot.last_id >= $4
                   and lot.last_id <= block.last_id and lot.first_id <= $4
               -- no other way to go about it than probing the key for each
               offset 0
           ) lot
           cross join lateral array_position(lot.recipient_ids, $4) as place (place)
           where place.place is not null"#,
        tenant.uuid(),
        &ids,
        &passes,
        recipient.uuid(),
    )
    .fetch_all(db)
    .await?;
    let mut merged = HashMap::<BroadcastId, Merged>::new();
    for row in rows {
        let lot = Lot {
            pass: row.pass,
            generation: row.generation,
            last: row.last_id.into(),
            attempts: row.attempts,
            written_at: row.written_at.to_jiff(),
            lines: vec![Line { recipient, outcome: row.outcome, reply: row.reply }],
        };
        merged.entry(row.broadcast_id.into()).or_default().add(lot, |_| true);
    }
    let found = merged.into_iter().filter_map(|(id, merged)| Some((id, merged.deliveries().pop()?)));
    Ok(found.collect())
}

/// Who of this range the mail server took the broadcast for in a pass before this one, whatever part of the audience
/// they were in.
pub(crate) async fn sent_before(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    pass: i16,
    after: RecipientId,
    last: RecipientId,
) -> sqlx::Result<BTreeSet<RecipientId>> {
    let sent = sqlx::query_scalar!(
        r#"select line.recipient_id as "recipient_id!"
           from unnest($3::smallint[]) as pass (pass)
           cross join (values (false), (true)) as part (by_component)
           cross join lateral (
               select coalesce((
                   select first.last_id from notifications.delivery_lot first
                   where first.tenant_id = $1 and first.broadcast_id = $2 and first.pass = pass.pass
                       and first.by_component = part.by_component and first.last_id >= $5 and first.generation = 1
                   order by first.last_id
                   limit 1), $6) as last_id
               offset 0
           ) block
           cross join lateral (
               select lot.recipient_ids, lot.outcomes from notifications.delivery_lot lot
               where lot.tenant_id = $1 and lot.broadcast_id = $2 and lot.pass = pass.pass
                   and lot.by_component = part.by_component and lot.last_id > $4
                   and lot.last_id <= block.last_id and lot.first_id <= $5
               offset 0
           ) lot
           cross join lateral unnest(lot.recipient_ids, lot.outcomes) as line (recipient_id, outcome)
           where line.outcome = 'sent' and line.recipient_id > $4 and line.recipient_id <= $5"#,
        tenant.uuid(),
        broadcast.uuid(),
        &(0..pass).collect::<Vec<_>>(),
        after.uuid(),
        last.uuid(),
        Uuid::max(),
    )
    .fetch_all(db)
    .await?;
    Ok(sent.into_iter().map(RecipientId::from).collect())
}

/// What came back of these broadcasts from these recipients, of each oldest first.
pub(crate) async fn list_feedback(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcasts: &[BroadcastId],
    recipients: &[RecipientId],
) -> sqlx::Result<BTreeMap<(BroadcastId, RecipientId), Vec<Feedback>>> {
    let broadcasts = broadcasts.iter().map(|broadcast| broadcast.uuid()).collect::<Vec<_>>();
    let recipients = recipients.iter().map(|recipient| recipient.uuid()).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"select broadcast_id, recipient_id, kind as "kind: FeedbackKind", status, diagnostic,
                  received_at
           from notifications.feedback
           where tenant_id = $1 and broadcast_id = any ($2) and recipient_id = any ($3)
           order by received_at, kind"#,
        tenant.uuid(),
        &broadcasts,
        &recipients,
    )
    .fetch_all(db)
    .await?;
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        let broadcast = BroadcastId::from(row.broadcast_id);
        let recipient = RecipientId::from(row.recipient_id);
        found.entry((broadcast, recipient)).or_default().push(Feedback {
            broadcast,
            recipient,
            kind: row.kind,
            status: row.status,
            diagnostic: row.diagnostic,
            received_at: row.received_at.to_jiff(),
        });
    }
    Ok(found)
}
