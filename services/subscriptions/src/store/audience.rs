//! Audiences, as notifications plans and reads them, and the addresses that must not be mailed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{PageId, SubscriberId, TenantId};
use sqlx::PgConnection;

use crate::domain::{Recipient, Segment};

/// Cuts the confirmed subscribers of a page into segments of this many, in one scan of the index made for it.
pub(crate) async fn plan_confirmed(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    segment_size: i32,
) -> sqlx::Result<Vec<Segment>> {
    sqlx::query_as!(
        Segment,
        r#"select subscriber_id as "last: SubscriberId", ((place - 1) % $3 + 1)::integer as "count!"
           from (select subscriber_id, row_number() over by_id as place,
                        lead(subscriber_id) over by_id is null as is_last
                 from subscriptions.subscriber
                 where tenant_id = $1 and page_id = $2 and state = 'confirmed'
                 window by_id as (order by subscriber_id)) placed
           where place % $3 = 0 or is_last
           order by subscriber_id"#,
        tenant.uuid(),
        page.uuid(),
        i64::from(segment_size),
    )
    .fetch_all(db)
    .await
}

/// The confirmed subscribers of a page after one and up to another, in the order of their ids.
pub(crate) async fn read_confirmed(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: SubscriberId,
    last: SubscriberId,
    limit: i64,
) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"select s.subscriber_id, s.email, s.locale, s.confirmation_round,
                  x.email is not null as "suppressed!"
           from subscriptions.subscriber s
           left join subscriptions.suppression x on x.tenant_id = s.tenant_id and x.email = s.email
           where s.tenant_id = $1 and s.page_id = $2 and s.state = 'confirmed'
               and s.subscriber_id > $3 and s.subscriber_id <= $4
           order by s.subscriber_id
           limit $5"#,
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        last.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The one subscriber of a page, while it is pending.
pub(crate) async fn find_pending(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    subscriber: SubscriberId,
) -> sqlx::Result<Option<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"select s.subscriber_id, s.email, s.locale, s.confirmation_round,
                  x.email is not null as "suppressed!"
           from subscriptions.subscriber s
           left join subscriptions.suppression x on x.tenant_id = s.tenant_id and x.email = s.email
           where s.tenant_id = $1 and s.page_id = $2 and s.subscriber_id = $3 and s.state = 'pending'"#,
        tenant.uuid(),
        page.uuid(),
        subscriber.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Suppresses the address of a subscriber on all pages of the tenant; again changes nothing. Answers
/// whether there is such a subscriber.
pub(crate) async fn suppress_bounced(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    reply: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"with found as (
               select tenant_id, email from subscriptions.subscriber
               where tenant_id = $1 and subscriber_id = $2
           ), suppressed as (
               insert into subscriptions.suppression (tenant_id, email, reason, reply, created_at)
               select tenant_id, email, 'bounced', $3, $4 from found
               on conflict on constraint suppression_pk do nothing
           )
           select exists (select from found) as "found!""#,
        tenant.uuid(),
        subscriber.uuid(),
        reply,
        now.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
}
