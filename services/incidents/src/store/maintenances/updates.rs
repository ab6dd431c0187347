//! The updates of maintenances.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{MaintenanceId, TenantId, UpdateId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{MaintenancePhase, MaintenanceUpdate};

#[derive(Debug)]
struct UpdateRow {
    update_id: UpdateId,
    maintenance_id: MaintenanceId,
    phase: MaintenancePhase,
    body: String,
    silent: bool,
    automatic: bool,
    scheduled_start_at: Option<jiff_sqlx::Timestamp>,
    scheduled_end_at: Option<jiff_sqlx::Timestamp>,
    displayed_at: Timestamp,
    created_at: Timestamp,
}

impl From<UpdateRow> for (MaintenanceId, MaintenanceUpdate) {
    fn from(row: UpdateRow) -> Self {
        let update = MaintenanceUpdate {
            update_id: row.update_id,
            phase: row.phase,
            body: row.body,
            silent: row.silent,
            automatic: row.automatic,
            scheduled_start_at: row.scheduled_start_at.map(Into::into),
            scheduled_end_at: row.scheduled_end_at.map(Into::into),
            displayed_at: row.displayed_at,
            created_at: row.created_at,
        };
        (row.maintenance_id, update)
    }
}

/// How long the story of a maintenance is, and up to when it is told.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) updates: i64,
    pub(crate) latest_at: Timestamp,
}

/// The story of a maintenance, which has at least one update.
pub(crate) async fn find_story(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<Story> {
    sqlx::query_as!(
        Story,
        r#"select count(*) as "updates!", max(displayed_at) as "latest_at!"
         from incidents.maintenance_update
         where tenant_id = $1 and maintenance_id = $2"#,
        tenant.uuid(),
        maintenance.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_update(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
    update: &MaintenanceUpdate,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.maintenance_update (
             tenant_id, update_id, maintenance_id, phase, body, silent, automatic, scheduled_start_at,
             scheduled_end_at, displayed_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant.uuid(),
        update.update_id.uuid(),
        maintenance.uuid(),
        update.phase as MaintenancePhase,
        update.body,
        update.silent,
        update.automatic,
        update.scheduled_start_at.map(|at| at.to_sqlx()) as _,
        update.scheduled_end_at.map(|at| at.to_sqlx()) as _,
        update.displayed_at.to_sqlx() as _,
        update.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn delete_updates(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.maintenance_update where tenant_id = $1 and maintenance_id = $2",
        tenant.uuid(),
        maintenance.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All updates of these maintenances, the newest first.
pub(super) async fn list_updates(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenances: &[Uuid],
) -> sqlx::Result<Vec<(MaintenanceId, MaintenanceUpdate)>> {
    let rows = sqlx::query_as!(
        UpdateRow,
        "select update_id, maintenance_id, phase, body, silent, automatic, scheduled_start_at, scheduled_end_at,
             displayed_at, created_at
         from incidents.maintenance_update
         where tenant_id = $1 and maintenance_id = any($2)
         order by displayed_at desc, update_id desc",
        tenant.uuid(),
        maintenances,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The latest update of each of these maintenances, and more of them as long as all bodies together have no more than so
/// many bytes. Newest first, each with how many earlier ones of its maintenance are left out.
pub(super) async fn list_updates_within(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenances: &[Uuid],
    bytes: i64,
) -> sqlx::Result<Vec<((MaintenanceId, MaintenanceUpdate), i32)>> {
    let rows = updates_within!(
        "incidents.maintenance_update",
        "maintenance_id",
        "u.update_id, u.maintenance_id, u.phase, u.body, u.silent, u.automatic, u.scheduled_start_at,
             u.scheduled_end_at, u.displayed_at, u.created_at",
        tenant.uuid(),
        maintenances,
        bytes,
    )
    .fetch_all(db)
    .await?;
    let with_counts = rows.into_iter().map(|row| {
        let update = UpdateRow {
            update_id: row.update_id,
            maintenance_id: row.maintenance_id,
            phase: row.phase,
            body: row.body,
            silent: row.silent,
            automatic: row.automatic,
            scheduled_start_at: row.scheduled_start_at,
            scheduled_end_at: row.scheduled_end_at,
            displayed_at: row.displayed_at.into(),
            created_at: row.created_at.into(),
        };
        (update.into(), row.earlier)
    });
    Ok(with_counts.collect())
}
