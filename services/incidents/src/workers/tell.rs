//! Events as notifications takes them, with all that telling them needs.

use kit::{
    ids::{ComponentId, IncidentId, MaintenanceId},
    time::to_wire,
};
use proto::internal::v1::{
    IncidentUpdated, MaintenanceApproaching, MaintenanceUpdated, NamedComponent, NextUpdateDue,
    PostmortemPublished, publish_event_request::Event as Wire,
};
use sqlx::PgConnection;

use crate::{
    domain::{EventKind, Phase},
    rpc::convert,
    store::{outbox::Lease, told},
};

/// How many components an event names at most, from the contract.
const MAX_COMPONENTS: i64 = 2000;

/// What the event tells; nothing if its subject is gone.
pub(super) async fn event(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    match lease.kind {
        EventKind::IncidentUpdated => incident_updated(db, lease).await,
        EventKind::MaintenanceUpdated => maintenance_updated(db, lease).await,
        EventKind::MaintenanceApproaching => maintenance_approaching(db, lease).await,
        EventKind::PostmortemPublished => postmortem_published(db, lease).await,
        EventKind::NextUpdateDue => next_update_due(db, lease).await,
    }
}

async fn incident_updated(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(incident), Some(update)) = (lease.incident_id, lease.update_id) else { return Ok(None) };
    let Some(told) = told::find_update(db, lease.tenant_id, update).await? else { return Ok(None) };
    // What resolves an incident promises nothing, whatever it says.
    let promised = told.next_update_at.filter(|_| told.phase != Phase::Resolved);
    let components = told::list_named_components(db, lease.tenant_id, update).await?;
    let components = components.into_iter().map(|component| NamedComponent {
        name: component.name,
        status: convert::component_status(component.status).into(),
    });
    Ok(Some(Wire::IncidentUpdated(IncidentUpdated {
        incident_id: incident.to_string(),
        update_id: update.to_string(),
        position: lease.position,
        title: told.title,
        phase: convert::phase(told.phase).into(),
        body: told.body,
        displayed_at: Some(to_wire(told.displayed_at)),
        components: components.collect(),
        next_update_at: promised.map(|at| to_wire(at.into())),
        language: told.language,
        same_phase: told.same_phase,
        component_ids: touched(db, lease, incident).await?,
    })))
}

async fn maintenance_updated(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(maintenance), Some(update)) = (lease.maintenance_id, lease.update_id) else { return Ok(None) };
    let told = told::find_maintenance_update(db, lease.tenant_id, update).await?;
    let Some(told) = told else { return Ok(None) };
    let (component_ids, component_names) = worked_on(db, lease, maintenance).await?;
    Ok(Some(Wire::MaintenanceUpdated(MaintenanceUpdated {
        maintenance_id: maintenance.to_string(),
        update_id: update.to_string(),
        position: lease.position,
        title: told.title,
        phase: convert::maintenance_phase(told.phase).into(),
        body: told.body,
        displayed_at: Some(to_wire(told.displayed_at)),
        scheduled_start_at: Some(to_wire(told.scheduled_start_at)),
        scheduled_end_at: Some(to_wire(told.scheduled_end_at)),
        moved: told.moved,
        component_names,
        language: told.language,
        same_phase: told.same_phase,
        component_ids,
    })))
}

async fn maintenance_approaching(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(maintenance), Some(due_at)) = (lease.maintenance_id, lease.due_at) else { return Ok(None) };
    let told = told::find_approaching_maintenance(db, lease.tenant_id, maintenance).await?;
    let Some(told) = told else { return Ok(None) };
    let (component_ids, component_names) = worked_on(db, lease, maintenance).await?;
    Ok(Some(Wire::MaintenanceApproaching(MaintenanceApproaching {
        maintenance_id: maintenance.to_string(),
        position: lease.position,
        title: told.title,
        body: told.body,
        scheduled_start_at: Some(to_wire(told.scheduled_start_at)),
        scheduled_end_at: Some(to_wire(told.scheduled_end_at)),
        reminded_at: Some(to_wire(due_at.into())),
        component_names,
        language: told.language,
        component_ids,
    })))
}

async fn postmortem_published(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let Some(incident) = lease.incident_id else { return Ok(None) };
    let told = told::find_postmortem(db, lease.tenant_id, incident).await?;
    let Some(told) = told else { return Ok(None) };
    Ok(Some(Wire::PostmortemPublished(PostmortemPublished {
        incident_id: incident.to_string(),
        position: lease.position,
        title: told.title,
        body: told.body,
        published_at: Some(to_wire(told.published_at)),
        language: told.language,
        component_ids: touched(db, lease, incident).await?,
    })))
}

async fn next_update_due(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(incident), Some(update)) = (lease.incident_id, lease.update_id) else { return Ok(None) };
    let Some(told) = told::find_promise(db, lease.tenant_id, update).await? else { return Ok(None) };
    Ok(Some(Wire::NextUpdateDue(NextUpdateDue {
        incident_id: incident.to_string(),
        update_id: update.to_string(),
        title: told.title,
        phase: convert::phase(told.phase).into(),
        next_update_at: Some(to_wire(told.next_update_at)),
    })))
}

/// The ids of the components that an incident touches or ever touched.
async fn touched(db: &mut PgConnection, lease: &Lease, incident: IncidentId) -> sqlx::Result<Vec<String>> {
    let touched = told::list_incident_component_ids(db, lease.tenant_id, incident, MAX_COMPONENTS).await?;
    Ok(touched.iter().map(ComponentId::to_string).collect())
}

/// The ids and the names of the components that a maintenance works on.
async fn worked_on(
    db: &mut PgConnection,
    lease: &Lease,
    maintenance: MaintenanceId,
) -> sqlx::Result<(Vec<String>, Vec<String>)> {
    let worked_on =
        told::list_maintenance_components(db, lease.tenant_id, maintenance, MAX_COMPONENTS).await?;
    Ok(worked_on.into_iter().map(|each| (each.component_id.to_string(), each.name)).unzip())
}
