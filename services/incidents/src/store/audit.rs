//! The audit log: written with the change itself, and never rewritten.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{AuditEntryId, MemberId, PageId, TenantId};
use sqlx::PgConnection;

use super::intervals::Recording;
use crate::domain::{AuditAction, AuditSubject, NewAuditEntry};

/// An entry of the log.
#[derive(Debug)]
pub(crate) struct AuditRow {
    pub(crate) audit_entry_id: AuditEntryId,
    pub(crate) member_id: Option<MemberId>,
    pub(crate) action: AuditAction,
    pub(crate) subject: AuditSubject,
    pub(crate) subject_id: uuid::Uuid,
    pub(crate) subject_name: String,
    pub(crate) detail: String,
    pub(crate) created_at: Timestamp,
}

pub(crate) async fn insert_entry(
    db: &mut PgConnection,
    by: Recording<'_>,
    entry: AuditEntryId,
    new: &NewAuditEntry,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.audit_entry (
             tenant_id, audit_entry_id, page_id, member_id, action, subject, subject_id, subject_name, detail,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        by.tenant.uuid(),
        entry.uuid(),
        by.page.uuid(),
        by.member.map(MemberId::uuid),
        new.action as AuditAction,
        new.subject as AuditSubject,
        new.subject_id,
        new.subject_name,
        new.detail,
        by.clock.now().to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The page's entries before this one, newest first.
pub(crate) async fn list_entries(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: AuditEntryId,
    limit: i64,
) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query_as!(
        AuditRow,
        r#"select audit_entry_id, member_id as "member_id: MemberId", action, subject, subject_id, subject_name,
             detail, created_at
         from incidents.audit_entry
         where tenant_id = $1 and page_id = $2 and audit_entry_id < $3
         order by audit_entry_id desc
         limit $4"#,
        tenant.uuid(),
        page.uuid(),
        before.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}
