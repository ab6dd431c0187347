//! Addresses that must not be mailed, on all pages of a tenant. Each subscriber's row says so of its address too, so
//! that an audience is read from one index; both are written by one statement, while the address is locked
//! ([`super::address_quota::lock`]): so no request puts it on a list meanwhile that does not know.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::TenantId;
use sqlx::PgConnection;

use crate::domain::{Email, Reason};

/// Suppresses an address; again changes nothing, and the first reason stays.
pub(crate) async fn suppress(
    db: &mut PgConnection,
    tenant: TenantId,
    email: &Email,
    reason: Reason,
    reply: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with suppressed as (
             insert into subscriptions.suppression (tenant_id, email, reason, reply, created_at)
             values ($1, $2, $3, $4, $5)
             on conflict on constraint suppression_pk do nothing
         )
         update subscriptions.subscriber set suppressed = true
         where tenant_id = $1 and email = $2 and not suppressed",
        tenant.uuid(),
        email.as_str(),
        reason as Reason,
        reply,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether an address must not be mailed.
pub(crate) async fn is_suppressed(
    db: &mut PgConnection,
    tenant: TenantId,
    email: &Email,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from subscriptions.suppression where tenant_id = $1 and email = $2) as "found!""#,
        tenant.uuid(),
        email.as_str(),
    )
    .fetch_one(db)
    .await
}
