//! Who is confirmed, by component. Written in the transaction that confirms or ends a subscriber, and after the
//! statement that does: it holds the subscriber's row, so that nobody else writes here for it.

use kit::ids::{ComponentId, SubscriberId, TenantId};
use sqlx::PgConnection;

use super::uuids;

/// Notes that a subscriber hears of these components; again changes nothing.
pub(crate) async fn add(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    components: &[ComponentId],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions.subscriber_component (tenant_id, component_id, subscriber_id)
         select $1, chosen.component_id, $2
         from unnest($3::uuid[]) chosen (component_id)
         on conflict on constraint subscriber_component_pk do nothing",
        tenant.uuid(),
        subscriber.uuid(),
        &uuids(components),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a subscriber hears of these components no more; again changes nothing.
pub(crate) async fn remove(
    db: &mut PgConnection,
    tenant: TenantId,
    subscriber: SubscriberId,
    components: &[ComponentId],
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from subscriptions.subscriber_component
         where tenant_id = $1 and component_id = any ($3) and subscriber_id = $2",
        tenant.uuid(),
        subscriber.uuid(),
        &uuids(components),
    )
    .execute(db)
    .await?;
    Ok(())
}
