//! Events as notifications takes them, with all that telling them needs.

use kit::time::to_wire;
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
    })))
}

async fn maintenance_updated(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(maintenance), Some(update)) = (lease.maintenance_id, lease.update_id) else { return Ok(None) };
    let told = told::find_maintenance_update(db, lease.tenant_id, update).await?;
    let Some(told) = told else { return Ok(None) };
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
        component_names: told::list_maintenance_names(db, lease.tenant_id, maintenance).await?,
        language: told.language,
        same_phase: told.same_phase,
    })))
}

async fn maintenance_approaching(db: &mut PgConnection, lease: &Lease) -> sqlx::Result<Option<Wire>> {
    let (Some(maintenance), Some(due_at)) = (lease.maintenance_id, lease.due_at) else { return Ok(None) };
    let told = told::find_approaching_maintenance(db, lease.tenant_id, maintenance).await?;
    let Some(told) = told else { return Ok(None) };
    Ok(Some(Wire::MaintenanceApproaching(MaintenanceApproaching {
        maintenance_id: maintenance.to_string(),
        position: lease.position,
        title: told.title,
        body: told.body,
        scheduled_start_at: Some(to_wire(told.scheduled_start_at)),
        scheduled_end_at: Some(to_wire(told.scheduled_end_at)),
        reminded_at: Some(to_wire(due_at.into())),
        component_names: told::list_maintenance_names(db, lease.tenant_id, maintenance).await?,
        language: told.language,
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
