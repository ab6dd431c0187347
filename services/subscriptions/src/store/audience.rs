//! Audiences, as notifications plans and reads them. Each part is read from the index made for it and from nothing
//! else; conditions are plain, so that row-level security does not keep the planner from searching by them.

use kit::ids::{ComponentId, PageId, SubscriberId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::uuids;
use crate::domain::{Recipient, Segment, Span, Waiting};

/// Cuts those who chose the whole page into segments of this many, in one scan.
pub(crate) async fn plan_page_part(
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
                 where tenant_id = $1 and page_id = $2 and state = 'confirmed' and scope = 'page'
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

/// Cuts those who chose some of these components into segments of this many.
pub(crate) async fn plan_components_part(
    db: &mut PgConnection,
    tenant: TenantId,
    components: &[ComponentId],
    segment_size: i32,
) -> sqlx::Result<Vec<Segment>> {
    sqlx::query_as!(
        Segment,
        r#"select subscriber_id as "last: SubscriberId", ((place - 1) % $3 + 1)::integer as "count!"
           from (select subscriber_id, row_number() over by_id as place,
                        lead(subscriber_id) over by_id is null as is_last
                 from (select distinct subscriber_id
                       from subscriptions.subscriber_component
                       where tenant_id = $1 and component_id = any ($2)) chosen
                 window by_id as (order by subscriber_id)) placed
           where place % $3 = 0 or is_last
           order by subscriber_id"#,
        tenant.uuid(),
        &uuids(components),
        i64::from(segment_size),
    )
    .fetch_all(db)
    .await
}

/// The first of those who chose the whole page, in the order of their ids.
pub(crate) async fn read_page_part(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    span: Span,
    limit: i64,
) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        "select subscriber_id, email, locale, time_zone, suppressed
         from subscriptions.subscriber
         where tenant_id = $1 and page_id = $2 and state = 'confirmed' and scope = 'page'
             and subscriber_id > $3 and subscriber_id <= $4
         order by subscriber_id
         limit $5",
        tenant.uuid(),
        page.uuid(),
        span.after.uuid(),
        span.last.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The first of those who chose some of these components, in the order of their ids. Each component is asked for its
/// first ones; whom it names is confirmed, so that none is lost when they are looked up.
pub(crate) async fn read_components_part(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    components: &[ComponentId],
    span: Span,
    limit: i64,
) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        "select s.subscriber_id, s.email, s.locale, s.time_zone, s.suppressed
         from (select distinct near.subscriber_id
               from unnest($3::uuid[]) touched (component_id)
               cross join lateral (select c.subscriber_id
                                   from subscriptions.subscriber_component c
                                   where c.tenant_id = $1 and c.component_id = touched.component_id
                                       and c.subscriber_id > $4 and c.subscriber_id <= $5
                                   order by c.subscriber_id
                                   limit $6) near
               order by near.subscriber_id
               limit $6) meant
         join subscriptions.subscriber s
             on s.tenant_id = $1 and s.page_id = $2 and s.state = 'confirmed' and s.scope = 'components'
             and s.subscriber_id = meant.subscriber_id
         order by s.subscriber_id",
        tenant.uuid(),
        page.uuid(),
        &uuids(components),
        span.after.uuid(),
        span.last.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Those of these who chose the whole page, in the order of their ids.
pub(crate) async fn find_in_page_part(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    subscribers: &[Uuid],
    span: Span,
    limit: i64,
) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        "select subscriber_id, email, locale, time_zone, suppressed
         from subscriptions.subscriber
         where tenant_id = $1 and page_id = $2 and state = 'confirmed' and scope = 'page'
             and subscriber_id = any ($3) and subscriber_id > $4 and subscriber_id <= $5
         order by subscriber_id
         limit $6",
        tenant.uuid(),
        page.uuid(),
        subscribers,
        span.after.uuid(),
        span.last.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Those of these who chose components, in the order of their ids.
pub(crate) async fn find_in_components_part(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    subscribers: &[Uuid],
    span: Span,
    limit: i64,
) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        "select subscriber_id, email, locale, time_zone, suppressed
         from subscriptions.subscriber
         where tenant_id = $1 and page_id = $2 and state = 'confirmed' and scope = 'components'
             and subscriber_id = any ($3) and subscriber_id > $4 and subscriber_id <= $5
         order by subscriber_id
         limit $6",
        tenant.uuid(),
        page.uuid(),
        subscribers,
        span.after.uuid(),
        span.last.uuid(),
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
) -> sqlx::Result<Option<Waiting>> {
    let row = sqlx::query!(
        "select subscriber_id, email, locale, time_zone, suppressed, confirmation_round
         from subscriptions.subscriber
         where tenant_id = $1 and page_id = $2 and subscriber_id = $3 and state = 'pending'",
        tenant.uuid(),
        page.uuid(),
        subscriber.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Waiting {
        recipient: Recipient {
            subscriber_id: row.subscriber_id,
            email: row.email,
            locale: row.locale,
            time_zone: row.time_zone,
            suppressed: row.suppressed,
        },
        confirmation_round: row.confirmation_round,
    }))
}
