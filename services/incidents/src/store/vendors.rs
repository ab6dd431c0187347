//! Vendors, what their pages list, and who follows it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, PageId, TenantId, VendorId};
use sqlx::PgConnection;

use crate::domain::{ComponentStatus, Followed, LastReading, Vendor, VendorComponent, VendorFormat};

/// A vendor as its table has it.
#[derive(Debug)]
struct VendorRow {
    vendor_id: VendorId,
    page_id: PageId,
    name: String,
    url: String,
    format: VendorFormat,
    heard_at: Option<jiff_sqlx::Timestamp>,
    failing_since: Option<jiff_sqlx::Timestamp>,
    problem: String,
    created_at: Timestamp,
}

impl From<VendorRow> for Vendor {
    fn from(row: VendorRow) -> Self {
        Self {
            vendor_id: row.vendor_id,
            page_id: row.page_id,
            name: row.name,
            url: row.url,
            format: row.format,
            last_reading: LastReading {
                heard_at: row.heard_at.map(Into::into),
                failing_since: row.failing_since.map(Into::into),
                problem: row.problem,
            },
            created_at: row.created_at,
        }
    }
}

/// Rows of vendors: which of them, and in which order.
macro_rules! vendor_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            VendorRow,
            "select vendor_id, page_id, name, url, format, heard_at, failing_since, problem, created_at
             from incidents.vendor "
                + $which,
            $($bound),*
        )
    };
}

pub(crate) async fn count_vendors(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.vendor where tenant_id = $1 and page_id = $2"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Writes a vendor whose page was not read yet.
pub(crate) async fn insert_vendor(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: &Vendor,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.vendor (tenant_id, vendor_id, page_id, name, url, format, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        vendor.vendor_id.uuid(),
        vendor.page_id.uuid(),
        vendor.name,
        vendor.url,
        vendor.format as VendorFormat,
        vendor.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks the vendor until the transaction ends, so that nothing is read of it while a component begins to follow it.
///
/// The page, if it is to be locked, is locked before, and so is what is due. Not the strongest lock: with that one, those
/// who wait for it and those who name the vendor in a component could wait for each other.
pub(crate) async fn lock_vendor(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
) -> sqlx::Result<Option<Vendor>> {
    let row = vendor_rows!(
        "where tenant_id = $1 and vendor_id = $2
         for no key update",
        tenant.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Into::into))
}

pub(crate) async fn find_vendor(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
) -> sqlx::Result<Option<Vendor>> {
    let row = vendor_rows!("where tenant_id = $1 and vendor_id = $2", tenant.uuid(), vendor.uuid(),)
        .fetch_optional(db)
        .await?;
    Ok(row.map(Into::into))
}

/// All vendors of the page, oldest first.
pub(crate) async fn list_vendors(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<Vendor>> {
    let rows = vendor_rows!(
        "where tenant_id = $1 and page_id = $2
         order by vendor_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Deletes the vendor with what its page lists. Nothing may follow it any more.
pub(crate) async fn delete_vendor(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.vendor where tenant_id = $1 and vendor_id = $2",
        tenant.uuid(),
        vendor.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn save_last_reading(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
    reading: &LastReading,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.vendor
         set heard_at = $3, failing_since = $4, problem = $5
         where tenant_id = $1 and vendor_id = $2",
        tenant.uuid(),
        vendor.uuid(),
        reading.heard_at.map(|at| at.to_sqlx()) as _,
        reading.failing_since.map(|at| at.to_sqlx()) as _,
        reading.problem,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the vendor's page lists in its order, and then what it lists no more.
pub(crate) async fn list_vendor_components(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
) -> sqlx::Result<Vec<VendorComponent>> {
    let rows = sqlx::query!(
        "select vendor_component_id, place, name, group_name, status, missing_since
         from incidents.vendor_component
         where tenant_id = $1 and vendor_id = $2
         order by missing_since desc nulls first, place, vendor_component_id",
        tenant.uuid(),
        vendor.uuid(),
    )
    .fetch_all(db)
    .await?;
    let components = rows.into_iter().map(|row| VendorComponent {
        vendor_component_id: row.vendor_component_id,
        place: row.place,
        name: row.name,
        group_name: row.group_name,
        status: row.status,
        missing_since: row.missing_since.map(Into::into),
    });
    Ok(components.collect())
}

/// Writes components of the vendor's page over what was known of them.
pub(crate) async fn save_vendor_components(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
    components: &[&VendorComponent],
) -> sqlx::Result<()> {
    let ids = components.iter().map(|it| it.vendor_component_id.clone()).collect::<Vec<_>>();
    let places = components.iter().map(|it| it.place).collect::<Vec<_>>();
    let names = components.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let groups = components.iter().map(|it| it.group_name.clone()).collect::<Vec<_>>();
    let statuses = components.iter().map(|it| it.status).collect::<Vec<_>>();
    let missing = components.iter().map(|it| it.missing_since.map(|at| at.to_sqlx())).collect::<Vec<_>>();
    sqlx::query!(
        "insert into incidents.vendor_component (
             tenant_id, vendor_id, vendor_component_id, place, name, group_name, status, missing_since)
         select $1, $2, new.id, new.place, new.name, new.group_name, new.status, new.missing_since
         from unnest($3::text[], $4::integer[], $5::text[], $6::text[], $7::incidents.component_status[],
             $8::timestamptz[]) as new (id, place, name, group_name, status, missing_since)
         on conflict on constraint vendor_component_pk do update
         set place = excluded.place, name = excluded.name, group_name = excluded.group_name,
             status = excluded.status, missing_since = excluded.missing_since",
        tenant.uuid(),
        vendor.uuid(),
        &ids,
        &places,
        &names,
        &groups,
        &statuses as &[ComponentStatus],
        &missing as &[Option<jiff_sqlx::Timestamp>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets components of the vendor's page.
pub(crate) async fn delete_vendor_components(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
    components: &[String],
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.vendor_component
         where tenant_id = $1 and vendor_id = $2 and vendor_component_id = any($3)",
        tenant.uuid(),
        vendor.uuid(),
        components,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The components that follow the vendor, each with what it follows there.
pub(crate) async fn list_followers(
    db: &mut PgConnection,
    tenant: TenantId,
    vendor: VendorId,
) -> sqlx::Result<Vec<(ComponentId, String)>> {
    let rows = sqlx::query!(
        r#"select component_id, vendor_component as "vendor_component!"
         from incidents.component
         where tenant_id = $1 and vendor_id = $2
         order by component_id"#,
        tenant.uuid(),
        vendor.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.component_id, row.vendor_component)).collect())
}

/// Makes what follows the vendor follow nothing.
pub(crate) async fn unfollow(db: &mut PgConnection, tenant: TenantId, vendor: VendorId) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component
         set vendor_id = null, vendor_component = null, revision = revision + 1
         where tenant_id = $1 and vendor_id = $2",
        tenant.uuid(),
        vendor.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The status that a component of the vendor's page has; none if the last reading failed or did not have it.
pub(crate) async fn find_followed_status(
    db: &mut PgConnection,
    tenant: TenantId,
    followed: &Followed,
) -> sqlx::Result<Option<ComponentStatus>> {
    sqlx::query_scalar!(
        "select said.status
         from (
             select status, missing_since
             from incidents.vendor_component
             where tenant_id = $1 and vendor_id = $2 and $3 in (vendor_component_id, name)
             order by vendor_component_id = $3 desc, missing_since is not null, place
             limit 1) said
         join incidents.vendor v on v.tenant_id = $1 and v.vendor_id = $2
         where said.missing_since is null and v.failing_since is null",
        tenant.uuid(),
        followed.vendor_id.uuid(),
        followed.vendor_component,
    )
    .fetch_optional(db)
    .await
}
