//! The beats that the verbs share which write a template.

use std::collections::HashSet;

use kit::ids::{PageId, TenantId};
use proto::Violation;
use sqlx::PgConnection;

use crate::{
    domain::{Affected, AuditAction, AuditSubject, NewAuditEntry, PLACEHOLDERS_PER_TEMPLATE, Template},
    error::Error,
    rpc::change,
    store::{components, intervals::Recording},
};

/// Makes sure that the template does not have too many placeholders. A title is too short for that alone.
pub(super) fn check_placeholders(template: &Template) -> Result<(), Error> {
    if template.placeholders().len() > PLACEHOLDERS_PER_TEMPLATE {
        let wrong =
            format!("must not have more than {PLACEHOLDERS_PER_TEMPLATE} placeholders with the title's");
        return Err(Error::invalid("body", wrong));
    }
    Ok(())
}

/// Makes sure that the components can be suggested: they are on the page, or the template has them already.
pub(super) async fn check_known(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    named: &[Affected],
    had: &[Affected],
) -> Result<(), Error> {
    let ids = named.iter().map(|affected| affected.component_id.uuid()).collect::<Vec<_>>();
    let known = components::list_known_components(db, tenant, page, &ids).await?;
    let known = known.into_iter().chain(had.iter().map(|it| it.component_id)).collect::<HashSet<_>>();
    let unknown = named.iter().enumerate().filter(|(_, affected)| !known.contains(&affected.component_id));
    let violations = unknown.map(|(index, _)| Violation {
        field: format!("affected_components[{index}].component_id"),
        description: "must be a component of the template's page".to_owned(),
    });
    let violations = violations.collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// Writes the change into the audit log.
pub(super) async fn log(
    db: &mut PgConnection,
    by: Recording<'_>,
    template: &Template,
    action: AuditAction,
    detail: String,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::Template,
        subject_id: template.template_id.uuid(),
        subject_name: template.name.clone(),
        detail,
    };
    change::log(db, by, entry).await
}
