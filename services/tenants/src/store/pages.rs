//! Pages, and the registry of their ids and slugs.

use kit::ids::{PageId, TenantId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::Page;

/// Whose a page is.
#[derive(Debug)]
pub(crate) struct PageEntry {
    pub(crate) tenant_id: TenantId,
    pub(crate) page_id: PageId,
}

/// Locks the tenant's row until the transaction ends; `false` if there is none.
pub(crate) async fn lock_tenant(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<bool> {
    let locked = sqlx::query_scalar!(
        "select tenant_id from tenants.tenant where tenant_id = $1 for no key update",
        tenant.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(locked.is_some())
}

pub(crate) async fn count_pages(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from tenants.page where tenant_id = $1"#,
        tenant.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_page(db: &mut PgConnection, page: &Page) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.page (tenant_id, page_id, slug, name, locale, time_zone, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        page.tenant_id.uuid(),
        page.page_id.uuid(),
        page.slug,
        page.name,
        page.locale,
        page.time_zone,
        jiff_sqlx::Timestamp::from(page.created_at) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_page(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Option<Page>> {
    sqlx::query_as!(
        Page,
        "select tenant_id, page_id, slug, name, locale, time_zone, created_at
         from tenants.page
         where tenant_id = $1 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The tenant's pages after this id, oldest first: ids sort by the time they were made.
pub(crate) async fn list_pages(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Page>> {
    sqlx::query_as!(
        Page,
        "select tenant_id, page_id, slug, name, locale, time_zone, created_at
         from tenants.page
         where tenant_id = $1 and page_id > $2
         order by page_id
         limit $3",
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn insert_page_entry(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    slug: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.page_entry (page_id, slug, tenant_id) values ($1, $2, $3)",
        page.uuid(),
        slug,
        tenant.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_page_entry(db: &PgPool, page: PageId) -> sqlx::Result<Option<PageEntry>> {
    sqlx::query_as!(
        PageEntry,
        "select tenant_id, page_id from tenants.page_entry where page_id = $1",
        page.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_page_entry_by_slug(db: &PgPool, slug: &str) -> sqlx::Result<Option<PageEntry>> {
    sqlx::query_as!(PageEntry, "select tenant_id, page_id from tenants.page_entry where slug = $1", slug,)
        .fetch_optional(db)
        .await
}
