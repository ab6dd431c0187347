//! Component groups and components.

use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentGroupId, ComponentId, PageId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Affected, Component, ComponentGroup, ComponentStatus};

/// The constraint that keeps a component out of a group that is not one of its page.
pub(crate) const COMPONENT_GROUP_FK: &str = "component_group_fk";

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
        "insert into incidents.component_group (tenant_id, component_group_id, page_id, name, position, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        tenant.uuid(),
        group.component_group_id.uuid(),
        group.page_id.uuid(),
        group.name,
        group.position,
        group.created_at.to_sqlx() as _,
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
    sqlx::query_as!(
        ComponentGroup,
        "select component_group_id, page_id, name, position, created_at
         from incidents.component_group
         where tenant_id = $1 and page_id = $2 and component_group_id > $3
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
    sqlx::query_as!(
        ComponentGroup,
        "select component_group_id, page_id, name, position, created_at
         from incidents.component_group
         where tenant_id = $1 and page_id = $2
         order by position, component_group_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn count_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.component where tenant_id = $1 and page_id = $2"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_component(
    db: &mut PgConnection,
    tenant: TenantId,
    component: &Component,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.component (
             tenant_id, component_id, page_id, component_group_id, name, description, status, position, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        component.component_id.uuid(),
        component.page_id.uuid(),
        component.component_group_id.map(ComponentGroupId::uuid),
        component.name,
        component.description,
        component.status as ComponentStatus,
        component.position,
        component.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The page's components after this one, oldest first.
pub(crate) async fn list_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: ComponentId,
    limit: i64,
) -> sqlx::Result<Vec<Component>> {
    sqlx::query_as!(
        Component,
        "select component_id, page_id, component_group_id, name, description, status, position, created_at
         from incidents.component
         where tenant_id = $1 and page_id = $2 and component_id > $3
         order by component_id
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        limit,
    )
    .fetch_all(db)
    .await
}

/// All components of the page, in the order in which they are shown: a group stands among the ungrouped
/// components by its own position, and its components stand together.
pub(crate) async fn list_components_as_shown(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<Component>> {
    sqlx::query_as!(
        Component,
        r#"select c.component_id, c.page_id, c.component_group_id, c.name, c.description, c.status, c.position,
             c.created_at
         from incidents.component c
         left join incidents.component_group g
             on g.tenant_id = c.tenant_id and g.component_group_id = c.component_group_id
         where c.tenant_id = $1 and c.page_id = $2
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id),
             c.position, c.component_id"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// Those of the components that are on the page.
pub(crate) async fn list_known_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    components: &[Uuid],
) -> sqlx::Result<Vec<ComponentId>> {
    sqlx::query_scalar!(
        "select component_id from incidents.component
         where tenant_id = $1 and page_id = $2 and component_id = any($3)",
        tenant.uuid(),
        page.uuid(),
        components,
    )
    .fetch_all(db)
    .await
}

/// What the page's open incidents say now of these components: each different thing once.
pub(crate) async fn list_open_statuses(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    components: &[Uuid],
) -> sqlx::Result<Vec<Affected>> {
    sqlx::query_as!(
        Affected,
        "select distinct said.component_id, said.status
         from incidents.incident i
         join incidents.incident_component said
             on said.tenant_id = i.tenant_id and said.incident_id = i.incident_id
         where i.tenant_id = $1 and i.page_id = $2 and i.resolved_at is null and said.component_id = any($3)",
        tenant.uuid(),
        page.uuid(),
        components,
    )
    .fetch_all(db)
    .await
}

/// Writes the cached statuses of components, where they differ.
pub(crate) async fn save_component_statuses(
    db: &mut PgConnection,
    tenant: TenantId,
    components: &[Uuid],
    statuses: &[ComponentStatus],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component c
         set status = new.status
         from unnest($2::uuid[], $3::incidents.component_status[]) as new (component_id, status)
         where c.tenant_id = $1 and c.component_id = new.component_id and c.status <> new.status",
        tenant.uuid(),
        components,
        statuses as &[ComponentStatus],
    )
    .execute(db)
    .await?;
    Ok(())
}
