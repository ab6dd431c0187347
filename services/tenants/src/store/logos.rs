//! Logos of pages.

use kit::{
    Clock,
    ids::{PageId, TenantId},
};
use sqlx::PgConnection;

use crate::domain::{LogoType, Picture};

/// A picture and how it is encoded.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) image: Vec<u8>,
    pub(crate) r#type: LogoType,
}

/// Gives a page a logo, in place of the one it had.
pub(crate) async fn put_logo(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    picture: &Picture,
    alt: &str,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.page_logo
             (tenant_id, page_id, digest, type, image, alt, width, height, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (tenant_id, page_id) do update
         set digest = excluded.digest, type = excluded.type, image = excluded.image, alt = excluded.alt,
             width = excluded.width, height = excluded.height, created_at = excluded.created_at",
        tenant.uuid(),
        page.uuid(),
        picture.digest,
        picture.r#type as LogoType,
        picture.image,
        alt,
        picture.width,
        picture.height,
        jiff_sqlx::Timestamp::from(clock.now()) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a page's logo away; `false` if it has none.
pub(crate) async fn delete_logo(db: &mut PgConnection, tenant: TenantId, page: PageId) -> sqlx::Result<bool> {
    let gone = sqlx::query!(
        "delete from tenants.page_logo where tenant_id = $1 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
    )
    .execute(db)
    .await?;
    Ok(gone.rows_affected() > 0)
}

/// The picture with this SHA-256 (in hexadecimal digits), if it is the page's logo.
pub(crate) async fn find_picture(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    digest: &str,
) -> sqlx::Result<Option<Encoded>> {
    sqlx::query_as!(
        Encoded,
        "select image, type from tenants.page_logo
         where tenant_id = $1 and page_id = $2 and digest = decode($3, 'hex')",
        tenant.uuid(),
        page.uuid(),
        digest,
    )
    .fetch_optional(db)
    .await
}
