//! Updates that are not published yet.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{IncidentId, TenantId, UpdateId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns;
use crate::domain::{Affected, ComponentStatus, Draft, Phase, Telling};

/// A draft as its table has it.
#[derive(Debug)]
struct DraftRow {
    update_id: UpdateId,
    phase: Phase,
    body: String,
    component_ids: Vec<Uuid>,
    statuses: Vec<ComponentStatus>,
    displayed_at: Option<jiff_sqlx::Timestamp>,
    notify: Option<bool>,
    next_update_at: Option<jiff_sqlx::Timestamp>,
    publish_at: Option<jiff_sqlx::Timestamp>,
    created_at: Timestamp,
}

/// Rows of drafts: those of the table with this behind it.
macro_rules! draft_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            DraftRow,
            "select update_id, phase, body, component_ids, statuses, displayed_at, notify, next_update_at,
                publish_at, created_at
             from incidents.update_draft "
                + $which,
            $($bound),*
        )
    };
}

impl From<DraftRow> for Draft {
    fn from(row: DraftRow) -> Self {
        let affected = row.component_ids.into_iter().zip(row.statuses);
        Self {
            update_id: row.update_id,
            telling: Telling {
                phase: row.phase,
                body: row.body,
                affected: affected
                    .map(|(component, status)| Affected { component_id: component.into(), status })
                    .collect(),
                displayed_at: row.displayed_at.map(Into::into),
                notify: row.notify,
                next_update_at: row.next_update_at.map(Into::into),
            },
            publish_at: row.publish_at.map(Into::into),
            created_at: row.created_at,
        }
    }
}

pub(crate) async fn insert_draft(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    draft: &Draft,
) -> sqlx::Result<()> {
    let telling = &draft.telling;
    let (components, statuses) = columns(&telling.affected);
    sqlx::query!(
        "insert into incidents.update_draft (
             tenant_id, update_id, incident_id, phase, body, component_ids, statuses, displayed_at, notify,
             next_update_at, publish_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant.uuid(),
        draft.update_id.uuid(),
        incident.uuid(),
        telling.phase as Phase,
        telling.body,
        &components,
        &statuses as &[ComponentStatus],
        telling.displayed_at.map(jiff_sqlx::Timestamp::from) as _,
        telling.notify,
        telling.next_update_at.map(jiff_sqlx::Timestamp::from) as _,
        draft.publish_at.map(jiff_sqlx::Timestamp::from) as _,
        draft.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what can change of a draft.
pub(crate) async fn save_draft(db: &mut PgConnection, tenant: TenantId, draft: &Draft) -> sqlx::Result<()> {
    let telling = &draft.telling;
    let (components, statuses) = columns(&telling.affected);
    sqlx::query!(
        "update incidents.update_draft
         set phase = $3, body = $4, component_ids = $5, statuses = $6, displayed_at = $7, notify = $8,
             next_update_at = $9, publish_at = $10
         where tenant_id = $1 and update_id = $2",
        tenant.uuid(),
        draft.update_id.uuid(),
        telling.phase as Phase,
        telling.body,
        &components,
        &statuses as &[ComponentStatus],
        telling.displayed_at.map(jiff_sqlx::Timestamp::from) as _,
        telling.notify,
        telling.next_update_at.map(jiff_sqlx::Timestamp::from) as _,
        draft.publish_at.map(jiff_sqlx::Timestamp::from) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_draft(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<Draft>> {
    let row = draft_rows!("where tenant_id = $1 and update_id = $2", tenant.uuid(), update.uuid(),)
        .fetch_optional(db)
        .await?;
    Ok(row.map(Into::into))
}

/// The incident's drafts, oldest first.
pub(crate) async fn list_drafts(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Vec<Draft>> {
    let rows = draft_rows!(
        "where tenant_id = $1 and incident_id = $2
         order by update_id",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// How many drafts the incident has.
pub(crate) async fn count_drafts(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.update_draft where tenant_id = $1 and incident_id = $2"#,
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn delete_draft(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.update_draft where tenant_id = $1 and update_id = $2",
        tenant.uuid(),
        update.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}
