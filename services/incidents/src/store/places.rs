//! Where components and groups stand on their page.

use kit::ids::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Writes where components stand, where it differs; answers how many it moved.
pub(crate) async fn arrange_components(
    db: &mut PgConnection,
    tenant: TenantId,
    components: &[Uuid],
    groups: &[Option<Uuid>],
    positions: &[i32],
) -> sqlx::Result<u64> {
    let moved = sqlx::query!(
        "update incidents.component c
         set component_group_id = new.component_group_id, position = new.position, revision = c.revision + 1
         from unnest($2::uuid[], $3::uuid[], $4::integer[]) as new (component_id, component_group_id, position)
         where c.tenant_id = $1 and c.component_id = new.component_id
             and (c.position, c.component_group_id) is distinct from (new.position, new.component_group_id)",
        tenant.uuid(),
        components,
        groups as &[Option<Uuid>],
        positions,
    )
    .execute(db)
    .await?;
    Ok(moved.rows_affected())
}

/// Writes where groups stand, where it differs; answers how many it moved.
pub(crate) async fn arrange_component_groups(
    db: &mut PgConnection,
    tenant: TenantId,
    groups: &[Uuid],
    positions: &[i32],
) -> sqlx::Result<u64> {
    let moved = sqlx::query!(
        "update incidents.component_group g
         set position = new.position, revision = g.revision + 1
         from unnest($2::uuid[], $3::integer[]) as new (component_group_id, position)
         where g.tenant_id = $1 and g.component_group_id = new.component_group_id and g.position <> new.position",
        tenant.uuid(),
        groups,
        positions,
    )
    .execute(db)
    .await?;
    Ok(moved.rows_affected())
}
