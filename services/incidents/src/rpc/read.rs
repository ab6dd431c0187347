//! The beats that the reading verbs share.

use std::collections::HashMap;

use kit::{
    Db,
    db::Tx,
    ids::{IncidentId, TenantId},
    paging::Cursor,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{Affected, ComponentImpact, Incident, Postmortem, Standing, Update},
    error::Error,
    store::{
        incidents::{self, IncidentRow},
        pages, postmortems,
        updates::{self, UpdateRow},
    },
};

/// How many components or groups a list answers if it is not told.
pub(super) const COMPONENT_LIST_SIZE: i64 = 100;

/// A transaction that sees one moment of one tenant.
pub(super) async fn snapshot(db: &Db, tenant: TenantId) -> Result<Tx, Error> {
    let mut tx = db.tenant(tenant).await?;
    pages::take_snapshot(&mut tx).await?;
    Ok(tx)
}

/// The incidents of these rows in their order, with all that was told of them: five queries, however many
/// incidents there are.
pub(super) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
) -> Result<Vec<Incident>, Error> {
    let ids = ids_of(&rows);
    let told = updates::list_updates(db, tenant, &ids).await?;
    let mut incidents = put_together(db, tenant, rows, told).await?;
    let mut reports = HashMap::new();
    for row in postmortems::list_published(db, tenant, &ids).await? {
        let postmortem = Postmortem {
            body: row.body,
            published_at: row.published_at,
            edited_at: row.edited_at.map(Into::into),
        };
        reports.insert(row.incident_id, postmortem);
    }
    for incident in &mut incidents {
        incident.postmortem = reports.remove(&incident.incident_id);
    }
    Ok(incidents)
}

/// The same, with the latest update of each only and without reports: four queries.
pub(super) async fn load_latest(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
) -> Result<Vec<Incident>, Error> {
    let told = updates::list_latest_updates(db, tenant, &ids_of(&rows)).await?;
    put_together(db, tenant, rows, told).await
}

fn ids_of(rows: &[IncidentRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.incident_id.uuid()).collect()
}

async fn put_together(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
    told: Vec<UpdateRow>,
) -> Result<Vec<Incident>, Error> {
    let ids = ids_of(&rows);
    let told_ids = told.iter().map(|row| row.update_id.uuid()).collect::<Vec<_>>();
    let mut said_by_update = HashMap::<_, Vec<_>>::new();
    for said in updates::list_update_components(db, tenant, &told_ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_update.entry(said.update_id).or_default().push(affected);
    }
    let mut updates_by_incident = HashMap::<_, Vec<_>>::new();
    for row in told {
        updates_by_incident.entry(row.incident_id).or_default().push(Update {
            update_id: row.update_id,
            phase: row.phase,
            body: row.body,
            affected: said_by_update.remove(&row.update_id).unwrap_or_default(),
            displayed_at: row.displayed_at,
            created_at: row.created_at,
            silent: row.silent,
            next_update_at: row.next_update_at.map(Into::into),
            edited_at: row.edited_at.map(Into::into),
        });
    }
    let mut said_by_incident = HashMap::<_, Vec<_>>::new();
    for said in updates::list_incident_components(db, tenant, &ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_incident.entry(said.incident_id).or_default().push(affected);
    }
    let mut impacts_by_incident = HashMap::<_, Vec<_>>::new();
    for row in incidents::list_component_impacts(db, tenant, &ids).await? {
        impacts_by_incident.entry(row.incident_id).or_default().push(ComponentImpact {
            component_id: row.component_id,
            status: row.status,
            started_at: row.started_at,
            ended_at: row.ended_at,
        });
    }
    let with_all = rows.into_iter().map(|row| Incident {
        incident_id: row.incident_id,
        page_id: row.page_id,
        title: row.title,
        created_at: row.created_at,
        backfilled: row.backfilled,
        language: row.language,
        is_public: row.is_public,
        revision: row.revision,
        impact_override: row.impact_override,
        impact_started_at: row.impact_started_at.map(Into::into),
        impact_ended_at: row.impact_ended_at.map(Into::into),
        component_impacts: impacts_by_incident.remove(&row.incident_id).unwrap_or_default(),
        standing: Standing {
            phase: row.phase,
            impact: row.impact,
            started_at: row.started_at,
            resolved_at: row.resolved_at.map(Into::into),
            next_update_at: row.next_update_at.map(Into::into),
            affected: said_by_incident.remove(&row.incident_id).unwrap_or_default(),
        },
        updates: updates_by_incident.remove(&row.incident_id).unwrap_or_default(),
        postmortem: None,
    });
    Ok(with_all.collect())
}

/// One incident with all that was told of it.
///
/// # Errors
/// [`Error::NotFound`]
pub(super) async fn incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> Result<Incident, Error> {
    let row = incidents::find_incident(db, tenant, incident).await?;
    let found = load(db, tenant, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// The same to be changed, its row locked; its page must be locked before.
///
/// # Errors
/// [`Error::NotFound`]
pub(super) async fn incident_to_change(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> Result<Incident, Error> {
    let row = incidents::lock_incident(db, tenant, incident).await?;
    let found = load(db, tenant, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// The place that a list goes on from.
pub(super) fn cursor(page_token: &str) -> Result<Option<Cursor>, Error> {
    Cursor::parse(page_token).map_err(Error::PageToken)
}
