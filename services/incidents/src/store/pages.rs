//! Versions of pages, and the snapshot that a page is read in.

use kit::ids::{PageId, TenantId};
use sqlx::PgConnection;

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

/// Makes all statements of the transaction see one moment; it must be the first of them. Without it an answer
/// put together from several statements could show a status of one moment beside an incident of another.
pub(crate) async fn take_snapshot(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(db).await?;
    Ok(())
}
