//! How many confirmation mails an address was sent lately, over all tenants: a registry without addresses.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgPool};

/// The keyed hash that stands for an address.
pub(crate) type AddressMac = [u8; 32];

/// How many mails the address was sent after `since`. Whoever else asks for the same address waits.
pub(crate) async fn lock(
    db: &mut PgConnection,
    address: &AddressMac,
    since: Timestamp,
    now: Timestamp,
) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        r#"insert into subscriptions.address_quota as quota (address_mac, confirmations_at, asked_at)
           values ($1, '{}', $3)
           on conflict on constraint address_quota_pk do update
           set asked_at = $3,
               confirmations_at = array(select at from unnest(quota.confirmations_at) at where at > $2)
           returning cardinality(confirmations_at) as "count!""#,
        address.as_slice(),
        since.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
}

/// Counts one more mail to the address if one is due; writes the row in either case.
pub(crate) async fn spend(
    db: &mut PgConnection,
    address: &AddressMac,
    now: Timestamp,
    due: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions.address_quota
         set confirmations_at = case when $3 then confirmations_at || $2::timestamptz else confirmations_at end
         where address_mac = $1",
        address.as_slice(),
        now.to_sqlx() as _,
        due,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes what was last looked at before `before`, at most `limit` rows; answers how many.
pub(crate) async fn forget(db: &PgPool, before: Timestamp, limit: i64) -> sqlx::Result<u64> {
    let deleted = sqlx::query!(
        "delete from subscriptions.address_quota
         where address_mac in (select address_mac from subscriptions.address_quota
                               where asked_at < $1
                               order by asked_at
                               limit $2
                               for update skip locked)",
        before.to_sqlx() as _,
        limit,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected())
}
