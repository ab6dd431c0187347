//! What the audit log says of a change.

use uuid::Uuid;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "incidents.audit_action", rename_all = "snake_case")]
pub(crate) enum AuditAction {
    Created,
    Updated,
    Deleted,
    Told,
    Published,
    Retracted,
}

/// What kind of thing it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "incidents.audit_subject", rename_all = "snake_case")]
pub(crate) enum AuditSubject {
    Component,
    ComponentGroup,
    Incident,
    Maintenance,
    Template,
    Vendor,
    Page,
}

/// A change to be logged.
#[derive(Debug)]
pub(crate) struct NewAuditEntry {
    pub(crate) action: AuditAction,
    pub(crate) subject: AuditSubject,
    pub(crate) subject_id: Uuid,
    /// What it is called, up to 200 characters.
    pub(crate) subject_name: String,
    /// What else there is to know, up to 500 characters; empty for nothing.
    pub(crate) detail: String,
}
