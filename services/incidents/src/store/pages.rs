//! Versions of pages, and the snapshot that a page is read in.

use kit::ids::{PageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Moves the page's version on, which tells those who watch it when the transaction commits, and takes the next
/// position for each of so many events; answers the last position taken.
///
/// It locks the page until the transaction ends. Every change of a page begins with it: the limits checked
/// after it hold, and positions are in the order of the commits.
pub(crate) async fn advance_page(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    events: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with moved as (
             insert into incidents.page_version (tenant_id, page_id, version, event_position)
             values ($1, $2, 1, $3)
             on conflict on constraint page_version_pk do update
             set version = page_version.version + 1, event_position = page_version.event_position + $3
             returning version, event_position)
         select moved.event_position as "event_position!"
         from moved, pg_notify('incidents_page', format('%s %s', $2, moved.version))"#,
        tenant.uuid(),
        page.uuid(),
        events,
    )
    .fetch_one(db)
    .await
}

/// Locks the page as [`advance_page`] does, and changes nothing that anybody sees: for what members alone see. The
/// public's version of the page stays, and nobody who watches it is told.
pub(crate) async fn lock_page(db: &mut PgConnection, tenant: TenantId, page: PageId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.page_version (tenant_id, page_id, version, event_position)
         values ($1, $2, 0, 0)
         on conflict on constraint page_version_pk do update set version = page_version.version",
        tenant.uuid(),
        page.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The page's version; none if nothing was ever put on it.
pub(crate) async fn find_version(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select version from incidents.page_version where tenant_id = $1 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The versions of those of these pages that were ever put anything on.
pub(crate) async fn list_versions(
    db: &mut PgConnection,
    tenant: TenantId,
    pages: &[Uuid],
) -> sqlx::Result<Vec<(PageId, i64)>> {
    let rows = sqlx::query!(
        "select page_id, version from incidents.page_version where tenant_id = $1 and page_id = any($2)",
        tenant.uuid(),
        pages,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.page_id, row.version)).collect())
}

/// Makes all statements of the transaction see one moment; it must be the first of them. Without it an answer
/// put together from several statements could show a status of one moment beside an incident of another.
pub(crate) async fn take_snapshot(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(db).await?;
    Ok(())
}
