//! When components were hurt, as people declared of incidents.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, IncidentId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{ComponentImpact, ComponentStatus};

/// When a component was hurt, with the incident that says so.
#[derive(Debug)]
pub(crate) struct ComponentImpactRow {
    pub(crate) incident_id: IncidentId,
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
}

/// What people declared of components, by component and start.
pub(crate) async fn list_component_impacts(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<ComponentImpactRow>> {
    sqlx::query_as!(
        ComponentImpactRow,
        "select incident_id, component_id, status, started_at, ended_at
         from incidents.component_impact
         where tenant_id = $1 and incident_id = any($2)
         order by component_id, started_at",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

/// Puts these component impacts in the place of all that are there.
pub(crate) async fn replace_component_impacts(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    impacts: &[ComponentImpact],
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.component_impact where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .execute(&mut *db)
    .await?;
    if impacts.is_empty() {
        return Ok(());
    }
    let components = impacts.iter().map(|span| span.component_id.uuid()).collect::<Vec<_>>();
    let statuses = impacts.iter().map(|span| span.status).collect::<Vec<_>>();
    let starts = impacts.iter().map(|span| span.started_at.to_sqlx()).collect::<Vec<_>>();
    let ends = impacts.iter().map(|span| span.ended_at.to_sqlx()).collect::<Vec<_>>();
    sqlx::query!(
        "insert into incidents.component_impact (
             tenant_id, incident_id, component_id, status, started_at, ended_at)
         select $1, $2, new.component_id, new.status, new.started_at, new.ended_at
         from unnest($3::uuid[], $4::incidents.component_status[], $5::timestamptz[], $6::timestamptz[])
             as new (component_id, status, started_at, ended_at)",
        tenant.uuid(),
        incident.uuid(),
        &components,
        &statuses as &[ComponentStatus],
        &starts as &[jiff_sqlx::Timestamp],
        &ends as &[jiff_sqlx::Timestamp],
    )
    .execute(db)
    .await?;
    Ok(())
}
