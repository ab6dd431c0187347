//! Updates, what they said before they were edited, and what they and their incidents say of components.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, IncidentId, MemberId, TenantId, UpdateId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns;
use crate::domain::{Affected, ComponentStatus, Phase, Release, Update};

/// An update without what it says of components.
#[derive(Debug)]
pub(crate) struct UpdateRow {
    pub(crate) update_id: UpdateId,
    pub(crate) incident_id: IncidentId,
    pub(crate) phase: Phase,
    pub(crate) body: String,
    pub(crate) silent: bool,
    pub(crate) displayed_at: Timestamp,
    pub(crate) next_update_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) edited_at: Option<jiff_sqlx::Timestamp>,
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

/// What an update said until it was edited.
#[derive(Debug)]
pub(crate) struct RevisionRow {
    pub(crate) body: String,
    pub(crate) displayed_at: Timestamp,
    pub(crate) replaced_at: Timestamp,
    pub(crate) member_id: MemberId,
}

pub(crate) async fn insert_update(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    update: &Update,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.incident_update (
             tenant_id, update_id, incident_id, phase, body, silent, displayed_at, next_update_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        update.update_id.uuid(),
        incident.uuid(),
        update.phase as Phase,
        update.body,
        update.silent,
        update.displayed_at.to_sqlx() as _,
        update.next_update_at.map(jiff_sqlx::Timestamp::from) as _,
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

/// Writes what can change of an update.
pub(crate) async fn save_update(
    db: &mut PgConnection,
    tenant: TenantId,
    update: &Update,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.incident_update
         set body = $3, displayed_at = $4, edited_at = $5
         where tenant_id = $1 and update_id = $2",
        tenant.uuid(),
        update.update_id.uuid(),
        update.body,
        update.displayed_at.to_sqlx() as _,
        update.edited_at.map(jiff_sqlx::Timestamp::from) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps what an update said until now, as its next revision.
pub(crate) async fn insert_revision(
    db: &mut PgConnection,
    tenant: TenantId,
    replaced: &Update,
    revision: i16,
    replaced_at: Timestamp,
    member: MemberId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.update_revision (
             tenant_id, update_id, revision, body, displayed_at, replaced_at, member_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        replaced.update_id.uuid(),
        revision,
        replaced.body,
        replaced.displayed_at.to_sqlx() as _,
        replaced_at.to_sqlx() as _,
        member.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The number of the update's latest revision; 0 if it was never edited.
pub(crate) async fn latest_revision(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<i16> {
    sqlx::query_scalar!(
        r#"select coalesce(max(revision), 0::smallint) as "revision!"
         from incidents.update_revision
         where tenant_id = $1 and update_id = $2"#,
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_one(db)
    .await
}

/// What the update said before it was edited, oldest first.
pub(crate) async fn list_revisions(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Vec<RevisionRow>> {
    sqlx::query_as!(
        RevisionRow,
        "select body, displayed_at, replaced_at, member_id
         from incidents.update_revision
         where tenant_id = $1 and update_id = $2
         order by revision",
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_all(db)
    .await
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

/// The components of the incident that members took over.
pub(crate) async fn list_releases(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Vec<Release>> {
    sqlx::query_as!(
        Release,
        r#"select component_id as "component_id!: ComponentId", released.at as "released_at!: jiff_sqlx::Timestamp"
         from incidents.incident_component, unnest(released_at) as released (at)
         where tenant_id = $1 and incident_id = $2"#,
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The updates of these incidents, newest first.
pub(crate) async fn list_updates(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<UpdateRow>> {
    sqlx::query_as!(
        UpdateRow,
        "select update_id, incident_id, phase, body, silent, displayed_at, next_update_at, edited_at, created_at
         from incidents.incident_update
         where tenant_id = $1 and incident_id = any($2)
         order by displayed_at desc, update_id desc",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

/// The latest update of each of these incidents, and more of them as long as all bodies together have no more than so many
/// bytes. Newest first, each with how many earlier ones of its incident are left out.
pub(crate) async fn list_updates_within(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
    bytes: i64,
) -> sqlx::Result<Vec<(UpdateRow, i32)>> {
    let rows = updates_within!(
        "incidents.incident_update",
        "incident_id",
        "u.update_id, u.incident_id, u.phase, u.body, u.silent, u.displayed_at, u.next_update_at, u.edited_at,
             u.created_at",
        tenant.uuid(),
        incidents,
        bytes,
    )
    .fetch_all(db)
    .await?;
    let with_counts = rows.into_iter().map(|row| {
        let update = UpdateRow {
            update_id: row.update_id,
            incident_id: row.incident_id,
            phase: row.phase,
            body: row.body,
            silent: row.silent,
            displayed_at: row.displayed_at.into(),
            next_update_at: row.next_update_at,
            edited_at: row.edited_at,
            created_at: row.created_at.into(),
        };
        (update, row.earlier)
    });
    Ok(with_counts.collect())
}

/// The latest update of each of these incidents.
pub(crate) async fn list_latest_updates(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
) -> sqlx::Result<Vec<UpdateRow>> {
    sqlx::query_as!(
        UpdateRow,
        "select latest.update_id, latest.incident_id, latest.phase, latest.body, latest.silent,
             latest.displayed_at, latest.next_update_at, latest.edited_at, latest.created_at
         from unnest($2::uuid[]) as wanted (incident_id)
         cross join lateral (
             select * from incidents.incident_update u
             where u.tenant_id = $1 and u.incident_id = wanted.incident_id
             order by u.displayed_at desc, u.update_id desc
             limit 1) latest",
        tenant.uuid(),
        incidents,
    )
    .fetch_all(db)
    .await
}

/// What these updates say of components, by component.
pub(crate) async fn list_update_components(
    db: &mut PgConnection,
    tenant: TenantId,
    updates: &[Uuid],
) -> sqlx::Result<Vec<UpdateComponentRow>> {
    sqlx::query_as!(
        UpdateComponentRow,
        "select update_id, component_id, status
         from incidents.update_component
         where tenant_id = $1 and update_id = any($2)
         order by component_id",
        tenant.uuid(),
        updates,
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
