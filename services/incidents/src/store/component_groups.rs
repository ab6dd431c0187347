//! Component groups.

use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentGroupId, PageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ComponentGroup;

/// Groups: those of the table with this behind it.
macro_rules! group_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            ComponentGroup,
            "select component_group_id, page_id, name, description, position, revision, created_at
             from incidents.component_group "
                + $which,
            $($bound),*
        )
    };
}

pub(crate) async fn count_component_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.component_group where tenant_id = $1 and page_id = $2"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_component_group(
    db: &mut PgConnection,
    tenant: TenantId,
    group: &ComponentGroup,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.component_group (
             tenant_id, component_group_id, page_id, name, description, position, revision, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        group.component_group_id.uuid(),
        group.page_id.uuid(),
        group.name,
        group.description,
        group.position,
        group.revision,
        group.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A group. It changes only while its page is locked.
pub(crate) async fn find_component_group(
    db: &mut PgConnection,
    tenant: TenantId,
    group: ComponentGroupId,
) -> sqlx::Result<Option<ComponentGroup>> {
    group_rows!("where tenant_id = $1 and component_group_id = $2", tenant.uuid(), group.uuid(),)
        .fetch_optional(db)
        .await
}

/// Writes what people say of a group, with its revision.
pub(crate) async fn save_component_group(
    db: &mut PgConnection,
    tenant: TenantId,
    group: &ComponentGroup,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component_group
         set name = $3, description = $4, position = $5, revision = $6
         where tenant_id = $1 and component_group_id = $2",
        tenant.uuid(),
        group.component_group_id.uuid(),
        group.name,
        group.description,
        group.position,
        group.revision,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets all components of a group alone, deleted ones too.
pub(crate) async fn empty_component_group(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    group: ComponentGroupId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component
         set component_group_id = null, revision = revision + 1
         where tenant_id = $1 and page_id = $2 and component_group_id = $3",
        tenant.uuid(),
        page.uuid(),
        group.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a group that no component stands in.
pub(crate) async fn delete_component_group(
    db: &mut PgConnection,
    tenant: TenantId,
    group: ComponentGroupId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.component_group where tenant_id = $1 and component_group_id = $2",
        tenant.uuid(),
        group.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The page's groups after this one, oldest first.
pub(crate) async fn list_component_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: ComponentGroupId,
    limit: i64,
) -> sqlx::Result<Vec<ComponentGroup>> {
    group_rows!(
        "where tenant_id = $1 and page_id = $2 and component_group_id > $3
         order by component_group_id
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// All groups of the page, in the order in which they are shown.
pub(crate) async fn list_component_groups_as_shown(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<ComponentGroup>> {
    group_rows!(
        "where tenant_id = $1 and page_id = $2
         order by position, component_group_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// Those of the groups that are on the page.
pub(crate) async fn list_known_component_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    groups: &[Uuid],
) -> sqlx::Result<Vec<ComponentGroupId>> {
    sqlx::query_scalar!(
        "select component_group_id from incidents.component_group
         where tenant_id = $1 and page_id = $2 and component_group_id = any($3)",
        tenant.uuid(),
        page.uuid(),
        groups,
    )
    .fetch_all(db)
    .await
}
