//! The ways to list maintenances of a page.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{MaintenanceId, PageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::MaintenanceRow;
use crate::domain::Moment;

/// How many maintenances of the page are not over.
pub(crate) async fn count_open(db: &mut PgConnection, tenant: TenantId, page: PageId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from incidents.maintenance
         where tenant_id = $1 and page_id = $2 and ended_at is null"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

/// The page's maintenances before this one in the order of their list: latest planned start first, then by id.
pub(crate) async fn list_maintenances(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: Moment,
    limit: i64,
) -> sqlx::Result<Vec<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and page_id = $2 and (scheduled_start_at, maintenance_id) < ($3, $4)
         order by scheduled_start_at desc, maintenance_id desc
         limit $5",
        tenant.uuid(),
        page.uuid(),
        before.0.to_sqlx() as _,
        before.1,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The page's maintenances in progress or verifying, earliest planned end first.
pub(crate) async fn list_active(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and page_id = $2 and ended_at is null and phase in ('in_progress', 'verifying')
         order by scheduled_end_at, maintenance_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The page's maintenances to come, earliest planned start first.
pub(crate) async fn list_upcoming(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and page_id = $2 and ended_at is null and phase = 'scheduled'
         order by scheduled_start_at, maintenance_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The page's maintenances that were completed or cancelled after this moment, latest planned start first.
///
/// Materialized, because the limit would else lead the planner to walk through the page's whole past in the order of
/// the list, looking for the few that were over lately.
pub(crate) async fn list_ended_since(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<MaintenanceRow>> {
    maintenance_rows!(
        with "with recent as materialized (
             select * from incidents.maintenance
             where tenant_id = $1 and page_id = $2 and ended_at is not null and ended_at > $3)
         ",
        "recent
         order by scheduled_start_at desc, maintenance_id desc
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The page's maintenances that are over and come before this one, latest planned start first.
pub(crate) async fn list_ended_before(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: Moment,
    limit: i64,
) -> sqlx::Result<Vec<MaintenanceRow>> {
    maintenance_rows!(
        "incidents.maintenance
         where tenant_id = $1 and page_id = $2 and (scheduled_start_at, maintenance_id) < ($3, $4)
             and ended_at is not null
         order by scheduled_start_at desc, maintenance_id desc
         limit $5",
        tenant.uuid(),
        page.uuid(),
        before.0.to_sqlx() as _,
        before.1,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The page's maintenances with ids from one to another.
pub(crate) async fn list_maintenances_between(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    ids: (Uuid, Uuid),
) -> sqlx::Result<Vec<MaintenanceId>> {
    sqlx::query_scalar!(
        r#"select maintenance_id as "maintenance_id: MaintenanceId" from incidents.maintenance
         where tenant_id = $1 and maintenance_id between $2 and $3 and page_id = $4"#,
        tenant.uuid(),
        ids.0,
        ids.1,
        page.uuid(),
    )
    .fetch_all(db)
    .await
}
