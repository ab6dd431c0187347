//! Pages, and the registry of their ids and slugs.

use jiff::Timestamp;
use kit::ids::{PageId, TenantId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::{Logo, LogoType, Page};

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

/// A page with its logo, side by side.
struct Row {
    tenant_id: TenantId,
    page_id: PageId,
    slug: String,
    name: String,
    locale: String,
    time_zone: String,
    created_at: Timestamp,
    accent_color: String,
    website_url: String,
    support_url: String,
    revision: i64,
    digest: Option<String>,
    logo_type: Option<LogoType>,
    alt: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
}

/// Rows of pages: those of the table `page` with this behind it.
macro_rules! page_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select page.tenant_id, page.page_id, slug, name, locale, time_zone, page.created_at, accent_color,
                   website_url, support_url, revision, encode(logo.digest, 'hex') as "digest",
                   logo.type as "logo_type?: LogoType", logo.alt as "alt?", logo.width as "width?",
                   logo.height as "height?"
               from tenants.page as page left join tenants.page_logo as logo using (tenant_id, page_id) "#
                + $which,
            $($bound),*
        )
    };
}

impl From<Row> for Page {
    fn from(row: Row) -> Self {
        let logo = match (row.digest, row.logo_type, row.alt, row.width, row.height) {
            (Some(digest), Some(r#type), Some(alt), Some(width), Some(height)) => {
                Some(Logo { digest, r#type, alt, width, height })
            }
            _ => None,
        };
        Self {
            tenant_id: row.tenant_id,
            page_id: row.page_id,
            slug: row.slug,
            name: row.name,
            locale: row.locale,
            time_zone: row.time_zone,
            created_at: row.created_at,
            accent_color: row.accent_color,
            website_url: row.website_url,
            support_url: row.support_url,
            logo,
            revision: row.revision,
        }
    }
}

pub(crate) async fn find_page(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Option<Page>> {
    let row = page_rows!("where page.tenant_id = $1 and page.page_id = $2", tenant.uuid(), page.uuid(),)
        .fetch_optional(db)
        .await?;
    Ok(row.map(Into::into))
}

/// The page, which nobody else changes until the transaction ends.
pub(crate) async fn lock_page(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Option<Page>> {
    let locked = sqlx::query_scalar!(
        "select page_id from tenants.page where tenant_id = $1 and page_id = $2 for no key update",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_optional(&mut *db)
    .await?;
    // Read in a statement of its own after the lock: a statement sees what was committed as it began.
    match locked {
        Some(_) => find_page(db, tenant, page).await,
        None => Ok(None),
    }
}

/// Writes what can be changed of a page.
pub(crate) async fn update_page(db: &mut PgConnection, page: &Page) -> sqlx::Result<()> {
    sqlx::query!(
        "update tenants.page
         set name = $3, time_zone = $4, accent_color = $5, website_url = $6, support_url = $7, revision = $8
         where tenant_id = $1 and page_id = $2",
        page.tenant_id.uuid(),
        page.page_id.uuid(),
        page.name,
        page.time_zone,
        page.accent_color,
        page.website_url,
        page.support_url,
        page.revision,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that something of the page has changed.
pub(crate) async fn touch_page(db: &mut PgConnection, tenant: TenantId, page: PageId) -> sqlx::Result<()> {
    sqlx::query!(
        "update tenants.page set revision = revision + 1 where tenant_id = $1 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The tenant's pages after this id, oldest first: ids sort by the time they were made.
pub(crate) async fn list_pages(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Page>> {
    let rows = page_rows!(
        "where page.tenant_id = $1 and page.page_id > $2
         order by page.page_id
         limit $3",
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
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
