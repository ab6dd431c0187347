//! Subscribers, as the public changes them and members see them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{PageId, SubscriberId, TenantId},
    locale::Locale,
};
use sqlx::PgConnection;

use crate::domain::{Email, Standing, Subscriber};

/// Puts an address on a page's list if it was never there. Whoever else is doing the same is waited for.
pub(crate) async fn insert_pending(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    page: PageId,
    email: &Email,
    locale: Locale,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions.subscriber
             (tenant_id, subscriber_id, page_id, email, locale, state, confirmation_round, created_at)
         values ($1, $2, $3, $4, $5, 'pending', 1, $6)
         on conflict on constraint subscriber_email_key do nothing",
        tenant.uuid(),
        subscriber.uuid(),
        page.uuid(),
        email.as_str(),
        locale.tag(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How an address on the page's list stands, locked.
pub(crate) async fn lock_standing(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    email: &Email,
) -> sqlx::Result<Standing> {
    let row = sqlx::query!(
        r#"select s.subscriber_id, s.state, s.confirmation_sent_at,
                  exists (select from subscriptions.suppression x
                          where x.tenant_id = s.tenant_id and x.email = s.email) as "suppressed!"
           from subscriptions.subscriber s
           where s.tenant_id = $1 and s.page_id = $2 and s.email = $3
           for update of s"#,
        tenant.uuid(),
        page.uuid(),
        email.as_str(),
    )
    .fetch_one(db)
    .await?;
    Ok(Standing {
        subscriber_id: row.subscriber_id,
        state: row.state,
        confirmation_sent_at: row.confirmation_sent_at.map(|at| at.to_jiff()),
        suppressed: row.suppressed,
    })
}

/// Notes that a subscriber is sent a link to confirm, and waits for it to be used.
pub(crate) async fn await_confirmation(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    locale: Locale,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions.subscriber
         set state = 'pending', locale = $3, confirmation_sent_at = $4, confirmed_at = null,
             unsubscribed_at = null
         where tenant_id = $1 and subscriber_id = $2",
        tenant.uuid(),
        subscriber.uuid(),
        locale.tag(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Confirms a subscriber who was sent its link in this round and not before `earliest`; again changes
/// nothing. Answers the page, or nothing if there is no such subscriber.
pub(crate) async fn confirm(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    round: i32,
    earliest: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Option<PageId>> {
    sqlx::query_scalar!(
        "update subscriptions.subscriber
         set state = 'confirmed', confirmed_at = coalesce(confirmed_at, $5)
         where tenant_id = $1 and subscriber_id = $2 and state in ('pending', 'confirmed')
             and confirmation_round = $3 and confirmation_sent_at >= $4
         returning page_id",
        tenant.uuid(),
        subscriber.uuid(),
        round,
        earliest.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .fetch_optional(db)
    .await
}

/// Takes a subscriber off the list and ends its round; again changes nothing. Answers the page, or nothing
/// if there is no such subscriber.
pub(crate) async fn unsubscribe(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    now: Timestamp,
) -> sqlx::Result<Option<PageId>> {
    sqlx::query_scalar!(
        "update subscriptions.subscriber
         set state = 'unsubscribed', unsubscribed_at = coalesce(unsubscribed_at, $3),
             confirmation_round =
                 case when state = 'unsubscribed' then confirmation_round else confirmation_round + 1 end
         where tenant_id = $1 and subscriber_id = $2
         returning page_id",
        tenant.uuid(),
        subscriber.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_optional(db)
    .await
}

/// A page's subscribers after this one, by id and so by age.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: SubscriberId,
    limit: i64,
) -> sqlx::Result<Vec<Subscriber>> {
    let rows = sqlx::query!(
        r#"select s.subscriber_id, s.page_id, s.email, s.locale, s.state, s.created_at, s.confirmed_at,
                  exists (select from subscriptions.suppression x
                          where x.tenant_id = s.tenant_id and x.email = s.email) as "suppressed!"
           from subscriptions.subscriber s
           where s.tenant_id = $1 and s.page_id = $2 and s.subscriber_id > $3
           order by s.subscriber_id
           limit $4"#,
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        limit,
    )
    .fetch_all(db)
    .await?;
    let subscriber = rows.into_iter().map(|row| Subscriber {
        subscriber_id: row.subscriber_id,
        page_id: row.page_id,
        email: row.email,
        locale: row.locale,
        state: row.state,
        suppressed: row.suppressed,
        created_at: row.created_at.to_jiff(),
        confirmed_at: row.confirmed_at.map(|at| at.to_jiff()),
    });
    Ok(subscriber.collect())
}
