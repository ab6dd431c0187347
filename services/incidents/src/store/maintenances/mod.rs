//! Maintenances: their rows, and the components they work on. Their updates and the ways to list them stand beside.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, MaintenanceId, PageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use lists::{
    count_open, list_active, list_ended_before, list_ended_since, list_maintenances,
    list_maintenances_between, list_upcoming,
};
pub(crate) use updates::{Story, delete_updates, find_story, insert_update};

use crate::domain::{Maintenance, MaintenancePhase, MaintenanceUpdate, Moment};

/// Rows of maintenances: what to select them `from`, and what stands before it.
macro_rules! maintenance_rows {
    ($from:tt, $($bound:expr),* $(,)?) => {
        maintenance_rows!(with "", $from, $($bound),*)
    };
    (with $with:tt, $from:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            MaintenanceRow,
            $with
                + "select maintenance_id, page_id, title, phase, scheduled_start_at, scheduled_end_at, started_at,
                    ended_at, starts_by_hand, ends_by_hand, reminder_lead_minutes, silent_at_start, silent_at_end,
                    language, revision, created_at
                  from "
                + $from,
            $($bound),*
        )
    };
}

mod lists;
mod updates;

/// A maintenance as its table has it.
#[derive(Debug)]
pub(crate) struct MaintenanceRow {
    pub(crate) maintenance_id: MaintenanceId,
    pub(crate) page_id: PageId,
    pub(crate) title: String,
    pub(crate) phase: MaintenancePhase,
    pub(crate) scheduled_start_at: Timestamp,
    pub(crate) scheduled_end_at: Timestamp,
    pub(crate) started_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) ended_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) starts_by_hand: bool,
    pub(crate) ends_by_hand: bool,
    pub(crate) reminder_lead_minutes: Vec<i32>,
    pub(crate) silent_at_start: bool,
    pub(crate) silent_at_end: bool,
    pub(crate) language: String,
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
}

impl MaintenanceRow {
    /// Its place in the lists of a page.
    pub(crate) fn moment(&self) -> Moment {
        (self.scheduled_start_at, self.maintenance_id.uuid())
    }

    /// The maintenance with these components and these of its updates, the newest first.
    pub(crate) fn with(
        self,
        component_ids: Vec<ComponentId>,
        updates: Vec<MaintenanceUpdate>,
    ) -> Maintenance {
        Maintenance {
            maintenance_id: self.maintenance_id,
            page_id: self.page_id,
            title: self.title,
            phase: self.phase,
            component_ids,
            scheduled_start_at: self.scheduled_start_at,
            scheduled_end_at: self.scheduled_end_at,
            started_at: self.started_at.map(Into::into),
            ended_at: self.ended_at.map(Into::into),
            starts_by_hand: self.starts_by_hand,
            ends_by_hand: self.ends_by_hand,
            reminder_lead_minutes: self.reminder_lead_minutes,
            silent_at_start: self.silent_at_start,
            silent_at_end: self.silent_at_end,
            language: self.language,
            revision: self.revision,
            created_at: self.created_at,
            updates,
        }
    }
}

/// The maintenances of these rows in their order, with all updates: two queries, however many there are.
pub(crate) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<MaintenanceRow>,
) -> sqlx::Result<Vec<Maintenance>> {
    let ids = ids_of(&rows);
    let told = updates::list_updates(db, tenant, &ids).await?;
    put_together(db, tenant, rows, told).await
}

/// The same, with the latest update of each, and more of them as long as all bodies together have no more than so many
/// bytes; each with how many earlier ones are left out.
pub(crate) async fn load_within(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<MaintenanceRow>,
    bytes: i64,
) -> sqlx::Result<Vec<(Maintenance, i32)>> {
    let ids = ids_of(&rows);
    let mut left_out = HashMap::new();
    let mut told = Vec::new();
    for (update, earlier) in updates::list_updates_within(db, tenant, &ids, bytes).await? {
        left_out.insert(update.0, earlier);
        told.push(update);
    }
    let found = put_together(db, tenant, rows, told).await?;
    let with_counts = found.into_iter().map(|maintenance| {
        let earlier = left_out.get(&maintenance.maintenance_id).copied().unwrap_or(0);
        (maintenance, earlier)
    });
    Ok(with_counts.collect())
}

/// The same, without any update.
pub(crate) async fn load_bare(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<MaintenanceRow>,
) -> sqlx::Result<Vec<Maintenance>> {
    put_together(db, tenant, rows, Vec::new()).await
}

fn ids_of(rows: &[MaintenanceRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.maintenance_id.uuid()).collect()
}

async fn put_together(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<MaintenanceRow>,
    told: Vec<(MaintenanceId, MaintenanceUpdate)>,
) -> sqlx::Result<Vec<Maintenance>> {
    let mut components = HashMap::<_, Vec<_>>::new();
    for (maintenance, component) in list_components(db, tenant, &ids_of(&rows)).await? {
        components.entry(maintenance).or_default().push(component);
    }
    let mut updates = HashMap::<_, Vec<_>>::new();
    for (maintenance, update) in told {
        updates.entry(maintenance).or_default().push(update);
    }
    let complete = rows.into_iter().map(|row| {
        let id = row.maintenance_id;
        row.with(components.remove(&id).unwrap_or_default(), updates.remove(&id).unwrap_or_default())
    });
    Ok(complete.collect())
}

pub(crate) async fn find_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<Option<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and maintenance_id = $2",
        tenant.uuid(),
        maintenance.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Locks a maintenance; its page must be locked before.
pub(crate) async fn lock_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<Option<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and maintenance_id = $2
         for update",
        tenant.uuid(),
        maintenance.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Writes a new maintenance, without its components and updates.
pub(crate) async fn insert_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: &Maintenance,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.maintenance (
             tenant_id, maintenance_id, page_id, title, phase, scheduled_start_at, scheduled_end_at, started_at,
             ended_at, starts_by_hand, ends_by_hand, reminder_lead_minutes, silent_at_start, silent_at_end, language,
             revision, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant.uuid(),
        maintenance.maintenance_id.uuid(),
        maintenance.page_id.uuid(),
        maintenance.title,
        maintenance.phase as MaintenancePhase,
        maintenance.scheduled_start_at.to_sqlx() as _,
        maintenance.scheduled_end_at.to_sqlx() as _,
        maintenance.started_at.map(|at| at.to_sqlx()) as _,
        maintenance.ended_at.map(|at| at.to_sqlx()) as _,
        maintenance.starts_by_hand,
        maintenance.ends_by_hand,
        &maintenance.reminder_lead_minutes,
        maintenance.silent_at_start,
        maintenance.silent_at_end,
        maintenance.language,
        maintenance.revision,
        maintenance.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what can change of a locked maintenance, without its components and updates, as its next revision, which is
/// answered.
pub(crate) async fn save_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: &Maintenance,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "update incidents.maintenance
         set title = $3, phase = $4, scheduled_start_at = $5, scheduled_end_at = $6, started_at = $7, ended_at = $8,
             starts_by_hand = $9, ends_by_hand = $10, reminder_lead_minutes = $11, silent_at_start = $12,
             silent_at_end = $13, language = $14, revision = revision + 1
         where tenant_id = $1 and maintenance_id = $2
         returning revision",
        tenant.uuid(),
        maintenance.maintenance_id.uuid(),
        maintenance.title,
        maintenance.phase as MaintenancePhase,
        maintenance.scheduled_start_at.to_sqlx() as _,
        maintenance.scheduled_end_at.to_sqlx() as _,
        maintenance.started_at.map(|at| at.to_sqlx()) as _,
        maintenance.ended_at.map(|at| at.to_sqlx()) as _,
        maintenance.starts_by_hand,
        maintenance.ends_by_hand,
        &maintenance.reminder_lead_minutes,
        maintenance.silent_at_start,
        maintenance.silent_at_end,
        maintenance.language,
    )
    .fetch_one(db)
    .await
}

/// Takes a maintenance out whose components and updates were taken out before.
pub(crate) async fn delete_maintenance(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.maintenance where tenant_id = $1 and maintenance_id = $2",
        tenant.uuid(),
        maintenance.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes these the components that the maintenance works on, and no others.
pub(crate) async fn save_components(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
    components: &[ComponentId],
) -> sqlx::Result<()> {
    let ids = components.iter().map(|component| component.uuid()).collect::<Vec<_>>();
    sqlx::query!(
        "with dropped as (
             delete from incidents.maintenance_component
             where tenant_id = $1 and maintenance_id = $2 and component_id <> all($3))
         insert into incidents.maintenance_component (tenant_id, maintenance_id, component_id)
         select $1, $2, wanted.component_id
         from unnest($3::uuid[]) as wanted (component_id)
         on conflict on constraint maintenance_component_pk do nothing",
        tenant.uuid(),
        maintenance.uuid(),
        &ids,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The components that these maintenances work on, by id.
async fn list_components(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenances: &[Uuid],
) -> sqlx::Result<Vec<(MaintenanceId, ComponentId)>> {
    let rows = sqlx::query!(
        "select maintenance_id, component_id
         from incidents.maintenance_component
         where tenant_id = $1 and maintenance_id = any($2)
         order by component_id",
        tenant.uuid(),
        maintenances,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.maintenance_id, row.component_id)).collect())
}
