//! What events tell, read when they are handed over. A thing that is gone by then has nothing to tell.

use jiff::Timestamp;
use kit::ids::{ComponentId, IncidentId, MaintenanceId, TenantId, UpdateId};
use sqlx::PgConnection;

use crate::domain::{ComponentStatus, MaintenancePhase, Phase};

/// An update with its incident's headline.
#[derive(Debug)]
pub(crate) struct UpdateRow {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) phase: Phase,
    pub(crate) body: String,
    pub(crate) displayed_at: Timestamp,
    pub(crate) next_update_at: Option<jiff_sqlx::Timestamp>,
    /// The update before it had its phase already.
    pub(crate) same_phase: bool,
}

/// A promise of the next update, with its incident's headline.
#[derive(Debug)]
pub(crate) struct PromiseRow {
    pub(crate) title: String,
    pub(crate) phase: Phase,
    pub(crate) next_update_at: Timestamp,
}

/// A component by its name, with the status that an update gives it.
#[derive(Debug)]
pub(crate) struct NamedComponentRow {
    pub(crate) name: String,
    pub(crate) status: ComponentStatus,
}

/// A published report with its incident's headline.
#[derive(Debug)]
pub(crate) struct PostmortemRow {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) body: String,
    pub(crate) published_at: Timestamp,
}

/// An update with what its maintenance is. The planned times are those of now: who hears late hears what is true.
#[derive(Debug)]
pub(crate) struct MaintenanceUpdateRow {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) phase: MaintenancePhase,
    pub(crate) body: String,
    pub(crate) displayed_at: Timestamp,
    pub(crate) scheduled_start_at: Timestamp,
    pub(crate) scheduled_end_at: Timestamp,
    pub(crate) moved: bool,
    /// The update before it had its phase already.
    pub(crate) same_phase: bool,
}

/// A maintenance with the text that it was announced with.
#[derive(Debug)]
pub(crate) struct MaintenanceRow {
    pub(crate) title: String,
    pub(crate) language: String,
    pub(crate) body: String,
    pub(crate) scheduled_start_at: Timestamp,
    pub(crate) scheduled_end_at: Timestamp,
}

/// A component that a maintenance works on.
#[derive(Debug)]
pub(crate) struct WorkedComponentRow {
    pub(crate) component_id: ComponentId,
    pub(crate) name: String,
}

pub(crate) async fn find_update(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<UpdateRow>> {
    sqlx::query_as!(
        UpdateRow,
        r#"select i.title, i.language, u.phase, u.body, u.displayed_at, u.next_update_at,
             coalesce((
                 select before.phase = u.phase
                 from incidents.incident_update before
                 where before.tenant_id = u.tenant_id and before.incident_id = u.incident_id
                     and (before.displayed_at, before.update_id) < (u.displayed_at, u.update_id)
                 order by before.displayed_at desc, before.update_id desc
                 limit 1), false) as "same_phase!"
         from incidents.incident_update u
         join incidents.incident i on i.tenant_id = u.tenant_id and i.incident_id = u.incident_id
         where u.tenant_id = $1 and u.update_id = $2"#,
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// An update whose promise of the next one stands: its incident is open, and nothing was told since.
pub(crate) async fn find_promise(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<PromiseRow>> {
    sqlx::query_as!(
        PromiseRow,
        r#"select i.title, u.phase, u.next_update_at as "next_update_at!"
         from incidents.incident_update u
         join incidents.incident i on i.tenant_id = u.tenant_id and i.incident_id = u.incident_id
         where u.tenant_id = $1 and u.update_id = $2 and i.resolved_at is null
             and i.next_update_at = u.next_update_at
             and not exists (
                 select from incidents.incident_update later
                 where later.tenant_id = u.tenant_id and later.incident_id = u.incident_id
                     and (later.displayed_at, later.update_id) > (u.displayed_at, u.update_id))"#,
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The components that an update speaks of, in the order in which the page shows them.
pub(crate) async fn list_named_components(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Vec<NamedComponentRow>> {
    sqlx::query_as!(
        NamedComponentRow,
        "select c.name, said.status
         from incidents.update_component said
         join incidents.component c on c.tenant_id = said.tenant_id and c.component_id = said.component_id
         left join incidents.component_group g
             on g.tenant_id = c.tenant_id and g.component_group_id = c.component_group_id
         where said.tenant_id = $1 and said.update_id = $2
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id),
             c.position, c.component_id",
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The components that an incident touches or ever touched, by what it said of them or by when they were hurt; at most
/// `limit`.
pub(crate) async fn list_incident_component_ids(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    limit: i64,
) -> sqlx::Result<Vec<ComponentId>> {
    sqlx::query_scalar!(
        r#"select component_id as "component_id!: ComponentId"
         from (select component_id from incidents.incident_component
               where tenant_id = $1 and incident_id = $2
               union
               select component_id from incidents.component_impact
               where tenant_id = $1 and incident_id = $2) touched
         order by component_id
         limit $3"#,
        tenant.uuid(),
        incident.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn find_postmortem(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<PostmortemRow>> {
    sqlx::query_as!(
        PostmortemRow,
        r#"select i.title, i.language, p.published_body as "body!", p.published_at as "published_at!"
         from incidents.postmortem p
         join incidents.incident i on i.tenant_id = p.tenant_id and i.incident_id = p.incident_id
         where p.tenant_id = $1 and p.incident_id = $2 and p.published_at is not null"#,
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_maintenance_update(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<MaintenanceUpdateRow>> {
    sqlx::query_as!(
        MaintenanceUpdateRow,
        r#"select m.title, m.language, u.phase as "phase: MaintenancePhase", u.body, u.displayed_at,
             m.scheduled_start_at, m.scheduled_end_at,
             u.scheduled_start_at is not null or u.scheduled_end_at is not null as "moved!",
             coalesce((
                 select before.phase = u.phase
                 from incidents.maintenance_update before
                 where before.tenant_id = u.tenant_id and before.maintenance_id = u.maintenance_id
                     and (before.displayed_at, before.update_id) < (u.displayed_at, u.update_id)
                 order by before.displayed_at desc, before.update_id desc
                 limit 1), false) as "same_phase!"
         from incidents.maintenance_update u
         join incidents.maintenance m on m.tenant_id = u.tenant_id and m.maintenance_id = u.maintenance_id
         where u.tenant_id = $1 and u.update_id = $2"#,
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// A maintenance that is still to come.
pub(crate) async fn find_approaching_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<Option<MaintenanceRow>> {
    sqlx::query_as!(
        MaintenanceRow,
        "select m.title, m.language, first.body, m.scheduled_start_at, m.scheduled_end_at
         from incidents.maintenance m
         cross join lateral (
             select u.body
             from incidents.maintenance_update u
             where u.tenant_id = m.tenant_id and u.maintenance_id = m.maintenance_id
             order by u.displayed_at, u.update_id
             limit 1) first
         where m.tenant_id = $1 and m.maintenance_id = $2 and m.phase = 'scheduled'",
        tenant.uuid(),
        maintenance.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The components that a maintenance works on, in the order in which the page shows them; at most `limit`.
pub(crate) async fn list_maintenance_components(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
    limit: i64,
) -> sqlx::Result<Vec<WorkedComponentRow>> {
    sqlx::query_as!(
        WorkedComponentRow,
        "select worked.component_id, c.name
         from incidents.maintenance_component worked
         join incidents.component c on c.tenant_id = worked.tenant_id and c.component_id = worked.component_id
         left join incidents.component_group g
             on g.tenant_id = c.tenant_id and g.component_group_id = c.component_group_id
         where worked.tenant_id = $1 and worked.maintenance_id = $2
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id),
             c.position, c.component_id
         limit $3",
        tenant.uuid(),
        maintenance.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}
