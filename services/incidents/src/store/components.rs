//! Components, with what is known of what they follow.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentGroupId, ComponentId, PageId, TenantId, VendorId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::component_groups::list_component_groups_as_shown;
use crate::domain::{
    Component, ComponentGroup, ComponentSettings, ComponentStatus, Followed, Heard, Readings, VendorFormat,
};

/// The constraint that keeps a component out of a group that is not one of its page.
pub(crate) const COMPONENT_GROUP_FK: &str = "component_group_fk";
/// The constraint that keeps a component from following a vendor that is not one of its page.
pub(crate) const COMPONENT_VENDOR_FK: &str = "component_vendor_fk";

/// A component as its table has it, with what is known of what it follows.
#[derive(Debug)]
struct ComponentRow {
    component_id: ComponentId,
    page_id: PageId,
    component_group_id: Option<ComponentGroupId>,
    name: String,
    description: String,
    status: ComponentStatus,
    position: i32,
    start_date: Option<jiff_sqlx::Date>,
    hidden_while_operational: bool,
    shows_uptime: bool,
    vendor_id: Option<VendorId>,
    vendor_component: Option<String>,
    revision: i64,
    created_at: Timestamp,
    deleted_at: Option<jiff_sqlx::Timestamp>,
    vendor_name: Option<String>,
    vendor_format: Option<VendorFormat>,
    vendor_created_at: Option<jiff_sqlx::Timestamp>,
    vendor_heard_at: Option<jiff_sqlx::Timestamp>,
    vendor_is_failing: bool,
    vendor_group_name: Option<String>,
    missing_since: Option<jiff_sqlx::Timestamp>,
}

impl From<ComponentRow> for Component {
    fn from(row: ComponentRow) -> Self {
        let vendor = row.vendor_name.zip(row.vendor_format).zip(row.vendor_created_at);
        let heard = vendor.map(|((vendor_name, format), vendor_created_at)| {
            let readings = Readings {
                format,
                vendor_created_at: vendor_created_at.into(),
                heard_at: row.vendor_heard_at.map(Into::into),
                is_failing: row.vendor_is_failing,
                is_known: row.vendor_group_name.is_some(),
                missing_since: row.missing_since.map(Into::into),
                component_created_at: row.created_at,
            };
            Heard {
                vendor_name,
                vendor_group_name: row.vendor_group_name.unwrap_or_default(),
                heard_at: readings.heard_at(),
                not_heard_since: readings.not_heard_since(),
            }
        });
        let follows = row
            .vendor_id
            .zip(row.vendor_component)
            .map(|(vendor_id, vendor_component)| Followed { vendor_id, vendor_component });
        Self {
            component_id: row.component_id,
            page_id: row.page_id,
            settings: ComponentSettings {
                component_group_id: row.component_group_id,
                name: row.name,
                description: row.description,
                position: row.position,
                start_date: row.start_date.map(Into::into),
                hidden_while_operational: row.hidden_while_operational,
                shows_uptime: row.shows_uptime,
                follows,
            },
            status: row.status,
            heard,
            revision: row.revision,
            created_at: row.created_at,
            deleted_at: row.deleted_at.map(Into::into),
        }
    }
}

/// Rows of components, `c`: which of them, and in which order. `g` is the group of each, if any. What can be null is
/// written down, because the macro takes it from a plan, and plans change with the tables' sizes. What a component
/// follows is looked up by its id there, and only if none has that id by its name: each look-up has an index.
macro_rules! component_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            ComponentRow,
            r#"select c.component_id as "component_id!", c.page_id as "page_id!",
                 c.component_group_id as "component_group_id?: ComponentGroupId", c.name as "name!",
                 c.description as "description!", c.status as "status!", c.position as "position!",
                 c.start_date as "start_date?", c.hidden_while_operational as "hidden_while_operational!",
                 c.shows_uptime as "shows_uptime!", c.vendor_id as "vendor_id?: VendorId",
                 c.vendor_component as "vendor_component?", c.revision as "revision!",
                 c.created_at as "created_at!", c.deleted_at as "deleted_at?", v.name as "vendor_name?",
                 v.format as "vendor_format?: VendorFormat", v.created_at as "vendor_created_at?",
                 v.heard_at as "vendor_heard_at?", v.failing_since is not null as "vendor_is_failing!",
                 coalesce(by_id.group_name, by_name.group_name) as "vendor_group_name?",
                 coalesce(by_id.missing_since, by_name.missing_since) as "missing_since?"
               from incidents.component c
               left join incidents.component_group g
                 on g.tenant_id = c.tenant_id and g.component_group_id = c.component_group_id
               left join incidents.vendor v on v.tenant_id = c.tenant_id and v.vendor_id = c.vendor_id
               left join incidents.vendor_component by_id
                 on by_id.tenant_id = c.tenant_id and by_id.vendor_id = c.vendor_id
                     and by_id.vendor_component_id = c.vendor_component
               left join lateral (
                 select l.group_name, l.missing_since
                 from incidents.vendor_component l
                 where by_id.vendor_component_id is null and l.tenant_id = c.tenant_id
                     and l.vendor_id = c.vendor_id and l.name = c.vendor_component
                 order by l.missing_since is not null, l.place
                 limit 1) by_name on true
               "# + $which,
            $($bound),*
        )
    };
}

/// How many components the page has, without those that were deleted.
pub(crate) async fn count_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.component
         where tenant_id = $1 and page_id = $2 and deleted_at is null"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Writes a new component; nothing gives it a status yet.
pub(crate) async fn insert_component(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    component: ComponentId,
    settings: &ComponentSettings,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.component (
             tenant_id, component_id, page_id, component_group_id, name, description, status, position, start_date,
             hidden_while_operational, shows_uptime, vendor_id, vendor_component, created_at)
         values ($1, $2, $3, $4, $5, $6, 'operational', $7, $8, $9, $10, $11, $12, $13)",
        tenant.uuid(),
        component.uuid(),
        page.uuid(),
        settings.component_group_id.map(ComponentGroupId::uuid),
        settings.name,
        settings.description,
        settings.position,
        settings.start_date.map(|date| date.to_sqlx()) as _,
        settings.hidden_while_operational,
        settings.shows_uptime,
        settings.follows.as_ref().map(|followed| followed.vendor_id.uuid()),
        settings.follows.as_ref().map(|followed| &followed.vendor_component),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what people say of a component.
pub(crate) async fn save_settings(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
    settings: &ComponentSettings,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component
         set component_group_id = $3, name = $4, description = $5, position = $6, start_date = $7,
             hidden_while_operational = $8, shows_uptime = $9, vendor_id = $10, vendor_component = $11,
             revision = revision + 1
         where tenant_id = $1 and component_id = $2",
        tenant.uuid(),
        component.uuid(),
        settings.component_group_id.map(ComponentGroupId::uuid),
        settings.name,
        settings.description,
        settings.position,
        settings.start_date.map(|date| date.to_sqlx()) as _,
        settings.hidden_while_operational,
        settings.shows_uptime,
        settings.follows.as_ref().map(|followed| followed.vendor_id.uuid()),
        settings.follows.as_ref().map(|followed| &followed.vendor_component),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a component off its page. It follows nothing any more.
pub(crate) async fn delete_component(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.component
         set deleted_at = $3, vendor_id = null, vendor_component = null, revision = revision + 1
         where tenant_id = $1 and component_id = $2 and deleted_at is null",
        tenant.uuid(),
        component.uuid(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The page of a component, also of a deleted one; it never changes.
pub(crate) async fn find_page_of(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
) -> sqlx::Result<Option<PageId>> {
    sqlx::query_scalar!(
        "select page_id from incidents.component where tenant_id = $1 and component_id = $2",
        tenant.uuid(),
        component.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// A component, also a deleted one. It changes only while its page is locked.
pub(crate) async fn find_component(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
) -> sqlx::Result<Option<Component>> {
    let row =
        component_rows!("where c.tenant_id = $1 and c.component_id = $2", tenant.uuid(), component.uuid(),)
            .fetch_optional(db)
            .await?;
    Ok(row.map(Into::into))
}

/// The page's components after this one, oldest first, without those that were deleted.
pub(crate) async fn list_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: ComponentId,
    limit: i64,
) -> sqlx::Result<Vec<Component>> {
    let rows = component_rows!(
        "where c.tenant_id = $1 and c.page_id = $2 and c.component_id > $3 and c.deleted_at is null
         order by c.component_id
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// All components of the page, without those that were deleted, in the order in which they are shown: a group stands
/// among the ungrouped components by its own position, and its components stand together.
pub(crate) async fn list_components_as_shown(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<Component>> {
    let rows = component_rows!(
        "where c.tenant_id = $1 and c.page_id = $2 and c.deleted_at is null
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id), c.position,
             c.component_id",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those of the components that were taken off the page, oldest first.
pub(crate) async fn list_former_components(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    components: impl IntoIterator<Item = ComponentId>,
) -> sqlx::Result<Vec<Component>> {
    let ids = components.into_iter().map(ComponentId::uuid).collect::<Vec<_>>();
    let rows = component_rows!(
        "where c.tenant_id = $1 and c.page_id = $2 and c.component_id = any($3) and c.deleted_at is not null
         order by c.component_id",
        tenant.uuid(),
        page.uuid(),
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those of the components that are or were on the page, and their groups, both in the order in which they are shown.
pub(crate) async fn list_named_as_shown(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    components: impl IntoIterator<Item = ComponentId>,
) -> sqlx::Result<(Vec<Component>, Vec<ComponentGroup>)> {
    let ids = components.into_iter().map(ComponentId::uuid).collect::<Vec<_>>();
    let rows = component_rows!(
        "where c.tenant_id = $1 and c.page_id = $2 and c.component_id = any($3)
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id), c.position,
             c.component_id",
        tenant.uuid(),
        page.uuid(),
        &ids,
    )
    .fetch_all(&mut *db)
    .await?;
    let components = rows.into_iter().map(Component::from).collect::<Vec<_>>();
    let mut groups = list_component_groups_as_shown(db, tenant, page).await?;
    groups.retain(|group| {
        let holds =
            |component: &Component| component.settings.component_group_id == Some(group.component_group_id);
        components.iter().any(holds)
    });
    Ok((components, groups))
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
         where tenant_id = $1 and page_id = $2 and component_id = any($3) and deleted_at is null",
        tenant.uuid(),
        page.uuid(),
        components,
    )
    .fetch_all(db)
    .await
}

/// Since when those of these components are off the page that are.
pub(crate) async fn list_deletions(
    db: &mut PgConnection,
    tenant: TenantId,
    components: &[ComponentId],
) -> sqlx::Result<HashMap<ComponentId, Timestamp>> {
    let ids = components.iter().map(|component| component.uuid()).collect::<Vec<_>>();
    let rows = sqlx::query!(
        r#"select component_id, deleted_at as "deleted_at!"
         from incidents.component
         where tenant_id = $1 and component_id = any($2) and deleted_at is not null"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.component_id, row.deleted_at.to_jiff())).collect())
}
