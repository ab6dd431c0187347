//! Incidents.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{IncidentId, PageId, TenantId};
use sqlx::PgConnection;

use crate::domain::{Impact, Incident, Phase};

/// An incident without its updates and without what it says of components.
#[derive(Debug)]
pub(crate) struct IncidentRow {
    pub(crate) incident_id: IncidentId,
    pub(crate) page_id: PageId,
    pub(crate) title: String,
    pub(crate) phase: Phase,
    pub(crate) impact: Impact,
    pub(crate) started_at: Timestamp,
    pub(crate) resolved_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) created_at: Timestamp,
}

/// The page of an incident, which never changes.
pub(crate) async fn find_page_of(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<PageId>> {
    sqlx::query_scalar!(
        "select page_id from incidents.incident where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Locks an incident; its page must be locked before.
pub(crate) async fn lock_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<IncidentRow>> {
    sqlx::query_as!(
        IncidentRow,
        "select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
         from incidents.incident
         where tenant_id = $1 and incident_id = $2
         for update",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<IncidentRow>> {
    sqlx::query_as!(
        IncidentRow,
        "select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
         from incidents.incident
         where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The page's incidents before this one in the order of its list: newest first by `started_at`, then by id.
pub(crate) async fn list_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: (Timestamp, IncidentId),
    limit: i64,
) -> sqlx::Result<Vec<IncidentRow>> {
    sqlx::query_as!(
        IncidentRow,
        "select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
         from incidents.incident
         where tenant_id = $1 and page_id = $2 and (started_at, incident_id) < ($3, $4)
         order by started_at desc, incident_id desc
         limit $5",
        tenant.uuid(),
        page.uuid(),
        before.0.to_sqlx() as _,
        before.1.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// The page's open incidents, newest first.
pub(crate) async fn list_open_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<IncidentRow>> {
    sqlx::query_as!(
        IncidentRow,
        "select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
         from incidents.incident
         where tenant_id = $1 and page_id = $2 and resolved_at is null
         order by started_at desc, incident_id desc",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The page's incidents that were resolved after this moment, newest first.
///
/// Materialized, because the limit would else lead the planner to walk through the page's whole past in the
/// order of the list, looking for the few that were resolved lately.
pub(crate) async fn list_resolved_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<IncidentRow>> {
    sqlx::query_as!(
        IncidentRow,
        "with recent as materialized (
             select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
             from incidents.incident
             where tenant_id = $1 and page_id = $2 and resolved_at > $3)
         select incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at
         from recent
         order by started_at desc, incident_id desc
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn insert_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.incident (
             tenant_id, incident_id, page_id, title, phase, impact, started_at, resolved_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        incident.incident_id.uuid(),
        incident.page_id.uuid(),
        incident.title,
        incident.standing.phase as Phase,
        incident.standing.impact as Impact,
        incident.standing.started_at.to_sqlx() as _,
        incident.standing.resolved_at.map(jiff_sqlx::Timestamp::from) as _,
        incident.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what follows from the incident's updates.
pub(crate) async fn save_standing(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.incident
         set phase = $3, impact = $4, started_at = $5, resolved_at = $6
         where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.incident_id.uuid(),
        incident.standing.phase as Phase,
        incident.standing.impact as Impact,
        incident.standing.started_at.to_sqlx() as _,
        incident.standing.resolved_at.map(jiff_sqlx::Timestamp::from) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
