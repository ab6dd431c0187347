//! The brake: a work table with a row for each tenant of which complaints came in the last days.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::TenantId;
use sqlx::{PgConnection, PgExecutor};

/// How a tenant's mails are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.brake_level", rename_all = "snake_case")]
pub(crate) enum BrakeLevel {
    /// One connection at a time sends them.
    Slowed,
    /// They wait.
    Stopped,
}

/// How the tenant's mails are held back; `None` if they are not.
pub(crate) async fn find(db: impl PgExecutor<'_>, tenant: TenantId) -> sqlx::Result<Option<BrakeLevel>> {
    let level = sqlx::query_scalar!(
        r#"select level as "level: BrakeLevel" from notifications.brake where tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(level.flatten())
}

/// The tenants that have a row, from this one on, by id.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    after: Option<TenantId>,
    limit: i64,
) -> sqlx::Result<Vec<TenantId>> {
    sqlx::query_scalar!(
        r#"select tenant_id as "tenant_id: TenantId" from notifications.brake
           where $1::uuid is null or tenant_id > $1
           order by tenant_id
           limit $2"#,
        after.map(TenantId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Locks the tenant's row, made if there is none, and answers its level: of two who count complaints, one waits.
pub(crate) async fn lock(
    db: &mut PgConnection,
    tenant: TenantId,
    now: Timestamp,
) -> sqlx::Result<Option<BrakeLevel>> {
    sqlx::query_scalar!(
        r#"insert into notifications.brake (tenant_id, since) values ($1, $2)
           on conflict on constraint brake_pk do update set since = brake.since
           returning level as "level: BrakeLevel""#,
        tenant.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_one(db)
    .await
}

/// Writes a level that is another than before.
pub(crate) async fn set(
    db: &mut PgConnection,
    tenant: TenantId,
    level: Option<BrakeLevel>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.brake set level = $2, since = $3 where tenant_id = $1",
        tenant.uuid(),
        level as Option<BrakeLevel>,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets a tenant of which no complaint is left.
pub(crate) async fn forget(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("delete from notifications.brake where tenant_id = $1", tenant.uuid()).execute(db).await?;
    Ok(())
}
