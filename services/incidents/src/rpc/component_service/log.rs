//! What the audit log says of components and groups.

use sqlx::PgConnection;

use crate::{
    domain::{AuditAction, AuditSubject, Component, ComponentGroup, NewAuditEntry},
    error::Error,
    rpc::change,
    store::intervals::Recording,
};

/// What the log says beside a change: the name until then, if it is another one now.
pub(super) fn renamed(before: &str, after: &str) -> String {
    if before == after { String::new() } else { format!("was called {before}") }
}

/// Writes a change of a component into the audit log.
pub(in crate::rpc) async fn log(
    db: &mut PgConnection,
    by: Recording<'_>,
    component: &Component,
    action: AuditAction,
    detail: String,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::Component,
        subject_id: component.component_id.uuid(),
        subject_name: component.settings.name.clone(),
        detail,
    };
    change::log(db, by, entry).await
}

/// Writes a change of a group into the audit log.
pub(super) async fn log_group(
    db: &mut PgConnection,
    by: Recording<'_>,
    group: &ComponentGroup,
    action: AuditAction,
    detail: String,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::ComponentGroup,
        subject_id: group.component_group_id.uuid(),
        subject_name: group.name.clone(),
        detail,
    };
    change::log(db, by, entry).await
}
