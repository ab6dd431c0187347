//! The delivery log.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{BroadcastId, TenantId},
    paging::Cursor,
};
use sqlx::PgConnection;

use crate::domain::{Outcome, RecipientId};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) recipient: RecipientId,
    pub(crate) outcome: Outcome,
    pub(crate) attempts: i32,
    pub(crate) reply: String,
    pub(crate) updated_at: Timestamp,
}

/// Writes a lot of outcomes, each over what stood there before; of what the mail server said, the last stays.
pub(crate) async fn write(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    lot: &[Delivery],
) -> sqlx::Result<()> {
    let recipients = lot.iter().map(|line| line.recipient.uuid()).collect::<Vec<_>>();
    let outcomes = lot.iter().map(|line| line.outcome.name().to_owned()).collect::<Vec<_>>();
    let attempts = lot.iter().map(|line| line.attempts).collect::<Vec<_>>();
    let replies = lot.iter().map(|line| line.reply.clone()).collect::<Vec<_>>();
    let times = lot.iter().map(|line| line.updated_at.to_sqlx()).collect::<Vec<_>>();
    sqlx::query!(
        "insert into notifications.delivery
             (tenant_id, broadcast_id, subscriber_id, outcome, attempts, reply, updated_at)
         select $1, $2, lot.subscriber_id, lot.outcome::notifications.outcome, lot.attempts, lot.reply, lot.updated_at
         from unnest($3::uuid[], $4::text[], $5::integer[], $6::text[], $7::timestamptz[])
             as lot (subscriber_id, outcome, attempts, reply, updated_at)
         on conflict on constraint delivery_pk do update
             set outcome = excluded.outcome, attempts = excluded.attempts,
                 reply = case when excluded.reply = '' then delivery.reply else excluded.reply end,
                 updated_at = excluded.updated_at",
        tenant.uuid(),
        broadcast.uuid(),
        &recipients,
        &outcomes,
        &attempts,
        &replies,
        &times as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A broadcast's log, by recipient.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    after: Option<Cursor>,
    limit: i64,
) -> sqlx::Result<Vec<Delivery>> {
    let rows = sqlx::query!(
        r#"select subscriber_id, outcome as "outcome: Outcome", attempts, reply, updated_at
           from notifications.delivery
           where tenant_id = $1 and broadcast_id = $2 and ($3::uuid is null or subscriber_id > $3)
           order by subscriber_id
           limit $4"#,
        tenant.uuid(),
        broadcast.uuid(),
        after.map(|cursor| cursor.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Delivery {
            recipient: row.subscriber_id.into(),
            outcome: row.outcome,
            attempts: row.attempts,
            reply: row.reply,
            updated_at: row.updated_at.to_jiff(),
        })
        .collect())
}
