//! Subscribers, as the public changes them and members see them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{ComponentId, PageId, SubscriberId, TenantId},
    time_zone::ZoneName,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::uuids;
use crate::domain::{Choices, Email, Listed, Standing, State, Subscriber};

/// An address that asks for a page's mails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub page: PageId,
    pub email: &'a Email,
    pub choices: &'a Choices,
    pub now: Timestamp,
}

/// A subscriber that was confirmed, or left.
#[derive(Debug)]
pub(crate) struct Changed {
    pub page_id: PageId,
    /// What it chose to hear of; empty for the whole page.
    pub component_ids: Vec<ComponentId>,
}

/// How an address stands to a page; newcomers are those after `since`, counted up to `most`.
pub(crate) async fn find_standing(
    db: &mut PgConnection,
    tenant: TenantId,
    asking: Asking<'_>,
    since: Timestamp,
    most: i64,
) -> sqlx::Result<Standing> {
    let row = sqlx::query!(
        r#"select s.state as "state?: State", s.confirmation_sent_at,
                  exists (select from subscriptions.suppression x
                          where x.tenant_id = $1 and x.email = $3) as "suppressed!",
                  (select count(*) from (select from subscriptions.subscriber n
                                         where n.tenant_id = $1 and n.page_id = $2 and n.state = 'pending'
                                             and n.created_at > $4
                                         limit $5) newcomer) as "newcomers!"
           from (select) asking
           left join subscriptions.subscriber s
               on s.tenant_id = $1 and s.page_id = $2 and s.email = $3"#,
        tenant.uuid(),
        asking.page.uuid(),
        asking.email.as_str(),
        since.to_sqlx() as _,
        most,
    )
    .fetch_one(db)
    .await?;
    Ok(Standing {
        listed: row.state.map(|state| Listed {
            state,
            confirmation_sent_at: row.confirmation_sent_at.map(|at| at.to_jiff()),
        }),
        suppressed: row.suppressed,
        newcomers: row.newcomers,
    })
}

/// If a link to confirm is due, notes that the address is sent one and waits for it to be used, with its choices: as
/// this subscriber if it was not on the list. If none is due, nothing changes: nobody changes what another chose without
/// a mail that shows it. Answers who is sent the link; nobody if none is due, or if the address has confirmed at this
/// moment.
pub(crate) async fn await_confirmation(
    db: &mut PgConnection,
    tenant: TenantId,
    newcomer: SubscriberId,
    asking: Asking<'_>,
    due: bool,
) -> sqlx::Result<Option<SubscriberId>> {
    sqlx::query_scalar!(
        "insert into subscriptions.subscriber as s
             (tenant_id, subscriber_id, page_id, email, locale, time_zone, component_ids, state,
              confirmation_round, confirmation_sent_at, created_at)
         select $1, $2, $3, $4, $5, $8, $9, 'pending', 1, $6, $6 where $7
         on conflict on constraint subscriber_email_key do update
         set state = 'pending', locale = excluded.locale, time_zone = excluded.time_zone,
             component_ids = excluded.component_ids, confirmation_sent_at = $6, confirmed_at = null,
             unsubscribed_at = null
         where s.state <> 'confirmed'
         returning subscriber_id",
        tenant.uuid(),
        newcomer.uuid(),
        asking.page.uuid(),
        asking.email.as_str(),
        asking.choices.locale.tag(),
        asking.now.to_sqlx() as _,
        due,
        asking.choices.time_zone.as_ref().map_or("", ZoneName::as_str),
        &uuids(&asking.choices.components),
    )
    .fetch_optional(db)
    .await
}

/// Confirms a subscriber who was sent its link in this round and not before `earliest`; again changes
/// nothing. Answers what it is a subscriber of, or nothing if there is no such subscriber.
pub(crate) async fn confirm(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    round: i32,
    earliest: Timestamp,
    now: Timestamp,
) -> sqlx::Result<Option<Changed>> {
    sqlx::query_as!(
        Changed,
        r#"update subscriptions.subscriber
         set state = 'confirmed', confirmed_at = coalesce(confirmed_at, $5)
         where tenant_id = $1 and subscriber_id = $2 and state in ('pending', 'confirmed')
             and confirmation_round = $3 and confirmation_sent_at >= $4
         returning page_id, component_ids as "component_ids: Vec<ComponentId>""#,
        tenant.uuid(),
        subscriber.uuid(),
        round,
        earliest.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .fetch_optional(db)
    .await
}

/// Takes a subscriber off the list and ends its round; again changes nothing. Answers what it was a subscriber of, or
/// nothing if there is no such subscriber.
pub(crate) async fn unsubscribe(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    now: Timestamp,
) -> sqlx::Result<Option<Changed>> {
    sqlx::query_as!(
        Changed,
        r#"update subscriptions.subscriber
         set state = 'unsubscribed', unsubscribed_at = coalesce(unsubscribed_at, $3),
             confirmation_round =
                 case when state = 'unsubscribed' then confirmation_round else confirmation_round + 1 end
         where tenant_id = $1 and subscriber_id = $2
         returning page_id, component_ids as "component_ids: Vec<ComponentId>""#,
        tenant.uuid(),
        subscriber.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_optional(db)
    .await
}

/// Deletes those of these subscribers who never were on the list and whose last link is from before
/// `earliest`.
pub(crate) async fn forget_pending(
    db: &mut PgConnection,
    tenant: TenantId,
    subscribers: &[Uuid],
    earliest: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from subscriptions.subscriber
         where tenant_id = $1 and subscriber_id = any($2) and state = 'pending' and confirmation_round = 1
             and confirmation_sent_at < $3",
        tenant.uuid(),
        subscribers,
        earliest.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes those of these subscribers off the list again who had left it before they asked anew, and whose last
/// link is from before `earliest`.
pub(crate) async fn give_up_returning(
    db: &mut PgConnection,
    tenant: TenantId,
    subscribers: &[Uuid],
    earliest: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions.subscriber
         set state = 'unsubscribed', unsubscribed_at = $4
         where tenant_id = $1 and subscriber_id = any($2) and state = 'pending' and confirmation_round > 1
             and confirmation_sent_at < $3",
        tenant.uuid(),
        subscribers,
        earliest.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who has an address on a page, whatever its state.
pub(crate) async fn find(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    email: &Email,
) -> sqlx::Result<Option<SubscriberId>> {
    sqlx::query_scalar!(
        "select subscriber_id from subscriptions.subscriber
         where tenant_id = $1 and email = $3 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
        email.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// The address of a subscriber.
pub(crate) async fn find_email(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
) -> sqlx::Result<Option<Email>> {
    sqlx::query_scalar!(
        "select email from subscriptions.subscriber where tenant_id = $1 and subscriber_id = $2",
        tenant.uuid(),
        subscriber.uuid(),
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
        r#"select subscriber_id, page_id, email, locale, state, suppressed, created_at, confirmed_at, time_zone,
                  component_ids as "component_ids: Vec<ComponentId>"
           from subscriptions.subscriber
           where tenant_id = $1 and page_id = $2 and subscriber_id > $3
           order by subscriber_id
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
        time_zone: row.time_zone,
        component_ids: row.component_ids,
    });
    Ok(subscriber.collect())
}
