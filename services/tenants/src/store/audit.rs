//! Who did what, and when: written with the change itself, and never rewritten.

use jiff::Timestamp;
use kit::ids::{MemberId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::AuditAction;

pub(crate) async fn record(
    db: &mut PgConnection,
    tenant: TenantId,
    audit_id: Uuid,
    member: MemberId,
    action: AuditAction,
    target: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.audit (tenant_id, audit_id, member_id, action, target_id, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        tenant.uuid(),
        audit_id,
        member.uuid(),
        action as AuditAction,
        target,
        jiff_sqlx::Timestamp::from(now) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
