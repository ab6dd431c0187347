//! Updates, and what they and their incidents say of components.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, IncidentId, TenantId, UpdateId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Affected, ComponentStatus, Phase, Update};

/// An update without what it says of components.
#[derive(Debug)]
pub(crate) struct UpdateRow {
    pub(crate) update_id: UpdateId,
    pub(crate) incident_id: IncidentId,
    pub(crate) phase: Phase,
    pub(crate) body: String,
    pub(crate) silent: bool,
    pub(crate) displayed_at: Timestamp,
    pub(crate) created_at: Timestamp,
}

/// What an update says of a component.
#[derive(Debug)]
pub(crate) struct UpdateComponentRow {
    pub(crate) update_id: UpdateId,
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
}

/// What an incident says now of a component.
#[derive(Debug)]
pub(crate) struct IncidentComponentRow {
    pub(crate) incident_id: IncidentId,
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
}

pub(crate) async fn insert_update(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    update: &Update,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.incident_update (
             tenant_id, update_id, incident_id, phase, body, silent, displayed_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        update.update_id.uuid(),
        incident.uuid(),
        update.phase as Phase,
        update.body,
        update.silent,
        update.displayed_at.to_sqlx() as _,
        update.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn insert_update_components(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
    affected: &[Affected],
) -> sqlx::Result<()> {
    let (components, statuses) = columns(affected);
    sqlx::query!(
        "insert into incidents.update_component (tenant_id, update_id, component_id, status)
         select $1, $2, said.component_id, said.status
         from unnest($3::uuid[], $4::incidents.component_status[]) as said (component_id, status)",
        tenant.uuid(),
        update.uuid(),
        &components,
        &statuses as &[ComponentStatus],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what the incident says now. A component that was ever named stays, so that there is none to delete.
pub(crate) async fn save_incident_components(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    affected: &[Affected],
) -> sqlx::Result<()> {
    let (components, statuses) = columns(affected);
    sqlx::query!(
        "insert into incidents.incident_component as kept (tenant_id, incident_id, component_id, status)
         select $1, $2, said.component_id, said.status
         from unnest($3::uuid[], $4::incidents.component_status[]) as said (component_id, status)
         on conflict on constraint incident_component_pk do update
         set status = excluded.status
         where kept.status <> excluded.status",
        tenant.uuid(),
        incident.uuid(),
        &components,
        &statuses as &[ComponentStatus],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The updates of these incidents, newest first.
pub(crate) async fn list_updates(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<UpdateRow>> {
    sqlx::query_as!(
        UpdateRow,
        "select update_id, incident_id, phase, body, silent, displayed_at, created_at
         from incidents.incident_update
         where tenant_id = $1 and incident_id = any($2)
         order by displayed_at desc, update_id desc",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

/// What the updates of these incidents say of components, by component.
pub(crate) async fn list_update_components(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<UpdateComponentRow>> {
    sqlx::query_as!(
        UpdateComponentRow,
        "select said.update_id, said.component_id, said.status
         from incidents.incident_update u
         join incidents.update_component said on said.tenant_id = u.tenant_id and said.update_id = u.update_id
         where u.tenant_id = $1 and u.incident_id = any($2)
         order by said.component_id",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

/// What these incidents say now of components, by component.
pub(crate) async fn list_incident_components(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<IncidentComponentRow>> {
    sqlx::query_as!(
        IncidentComponentRow,
        "select incident_id, component_id, status
         from incidents.incident_component
         where tenant_id = $1 and incident_id = any($2)
         order by component_id",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

fn columns(affected: &[Affected]) -> (Vec<Uuid>, Vec<ComponentStatus>) {
    affected.iter().map(|affected| (affected.component_id.uuid(), affected.status)).unzip()
}
