//! What uptime is counted from, and how.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, PageId, TenantId};
use sqlx::PgConnection;

use crate::domain::{ComponentStatus, Spell, Weights};

#[derive(Debug)]
struct OutageRow {
    component_id: ComponentId,
    status: ComponentStatus,
    started_at: Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
}

/// The outages of all of a page's components that reach into this time.
///
/// They are found by their ends in the index `status_interval_outage`: what was over before is never read, however much
/// it is; of what came after only entries of the index are. Row-level security lets only conditions into an index that cannot leak what they see, and `coalesce` is not
/// one of them.
pub(crate) async fn list_outages(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<Vec<Spell>> {
    let rows = sqlx::query_as!(
        OutageRow,
        "select component_id, status, started_at, ended_at
         from incidents.status_interval
         where tenant_id = $1 and page_id = $2 and (ended_at > $3 or ended_at is null)
             and started_at < $4 and retracted_at is null and status in ('partial_outage', 'major_outage')",
        tenant.uuid(),
        page.uuid(),
        from.to_sqlx() as _,
        to.to_sqlx() as _,
    )
    .fetch_all(db)
    .await?;
    let spells = rows.into_iter().map(|row| Spell {
        component_id: row.component_id,
        status: row.status,
        started_at: row.started_at,
        ended_at: row.ended_at.map(Into::into),
    });
    Ok(spells.collect())
}

/// The page's weights, if it ever set any.
pub(crate) async fn find_weights(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Option<Weights>> {
    sqlx::query_as!(
        Weights,
        "select partial_outage_percent, major_outage_percent
         from incidents.uptime_setting
         where tenant_id = $1 and page_id = $2",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn save_weights(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    weights: Weights,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.uptime_setting (tenant_id, page_id, partial_outage_percent, major_outage_percent)
         values ($1, $2, $3, $4)
         on conflict on constraint uptime_setting_pk do update
         set partial_outage_percent = excluded.partial_outage_percent,
             major_outage_percent = excluded.major_outage_percent",
        tenant.uuid(),
        page.uuid(),
        weights.partial_outage_percent,
        weights.major_outage_percent,
    )
    .execute(db)
    .await?;
    Ok(())
}
