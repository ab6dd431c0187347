//! The history of components' statuses: recorded, ended once, retracted once.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    Clock,
    ids::{ComponentId, IncidentId, MemberId, PageId, StatusIntervalId, TenantId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Cause, CauseKind, ComponentStatus, Moment, Spell, StatusInterval};

/// An interval as its table has it.
#[derive(Debug)]
struct IntervalRow {
    status_interval_id: StatusIntervalId,
    component_id: ComponentId,
    status: ComponentStatus,
    started_at: Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    cause: CauseKind,
    cause_id: Uuid,
    recorded_at: Timestamp,
    retracted_at: Option<jiff_sqlx::Timestamp>,
}

impl From<IntervalRow> for StatusInterval {
    fn from(row: IntervalRow) -> Self {
        Self {
            status_interval_id: row.status_interval_id,
            spell: Spell {
                component_id: row.component_id,
                status: row.status,
                started_at: row.started_at,
                ended_at: row.ended_at.map(Into::into),
            },
            cause: Cause::new(row.cause, row.cause_id),
            recorded_at: row.recorded_at,
            retracted_at: row.retracted_at.map(Into::into),
        }
    }
}

/// Rows of intervals, `i`: which of them, and in which order.
macro_rules! interval_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            IntervalRow,
            "select i.status_interval_id, i.component_id, i.status, i.started_at, i.ended_at, i.cause, i.cause_id,
                 i.recorded_at, i.retracted_at
             from incidents.status_interval i "
                + $which,
            $($bound),*
        )
    };
}

/// Who records something, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recording<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) page: PageId,
    /// None if the clock or a vendor does.
    pub(crate) member: Option<MemberId>,
    pub(crate) clock: &'a Clock,
}

/// What counts of all that this cause gave components.
pub(crate) async fn list_by_cause(
    db: &mut PgConnection,
    tenant: TenantId,
    cause: Cause,
) -> sqlx::Result<Vec<StatusInterval>> {
    let rows = interval_rows!(
        "where tenant_id = $1 and cause_id = $2 and cause = $3 and retracted_at is null",
        tenant.uuid(),
        cause.uuid(),
        cause.kind() as CauseKind,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What gives these components a status now: each different thing once.
pub(crate) async fn list_open_statuses(
    db: &mut PgConnection,
    tenant: TenantId,
    components: &[Uuid],
) -> sqlx::Result<Vec<(ComponentId, ComponentStatus)>> {
    let rows = sqlx::query!(
        "select distinct component_id, status
         from incidents.status_interval
         where tenant_id = $1 and component_id = any($2) and ended_at is null and retracted_at is null",
        tenant.uuid(),
        components,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.component_id, row.status)).collect())
}

/// The open intervals of a component.
pub(crate) async fn list_open(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
) -> sqlx::Result<Vec<StatusInterval>> {
    let rows = interval_rows!(
        "where tenant_id = $1 and component_id = $2 and ended_at is null and retracted_at is null",
        tenant.uuid(),
        component.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What this cause gives these components now.
pub(crate) async fn list_open_by_cause(
    db: &mut PgConnection,
    tenant: TenantId,
    cause: Cause,
    components: &[ComponentId],
) -> sqlx::Result<Vec<StatusInterval>> {
    let components = components.iter().map(|component| component.uuid()).collect::<Vec<_>>();
    let rows = interval_rows!(
        "where tenant_id = $1 and component_id = any($2) and ended_at is null and retracted_at is null
             and cause = $3 and cause_id = $4",
        tenant.uuid(),
        &components,
        cause.kind() as CauseKind,
        cause.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The open intervals of a component that a member takes over with a status given by hand: what members gave it, and
/// what incidents left behind that are over.
pub(crate) async fn list_left_to_members(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
) -> sqlx::Result<Vec<StatusInterval>> {
    let rows = interval_rows!(
        "where i.tenant_id = $1 and i.component_id = $2 and i.ended_at is null and i.retracted_at is null
             and (i.cause = 'member' or i.cause = 'incident' and exists (
                 select from incidents.incident over
                 where over.tenant_id = i.tenant_id and over.incident_id = i.cause_id
                     and over.resolved_at is not null))",
        tenant.uuid(),
        component.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// An interval, also a retracted one.
pub(crate) async fn find_interval(
    db: &mut PgConnection,
    tenant: TenantId,
    interval: StatusIntervalId,
) -> sqlx::Result<Option<StatusInterval>> {
    let row = interval_rows!(
        "where i.tenant_id = $1 and i.status_interval_id = $2",
        tenant.uuid(),
        interval.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Into::into))
}

/// A component's intervals before this one, latest start first, then the larger id; those that were retracted only if
/// they are asked for.
pub(crate) async fn list_intervals(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
    with_retracted: bool,
    before: Moment,
    limit: i64,
) -> sqlx::Result<Vec<StatusInterval>> {
    let rows = interval_rows!(
        "where i.tenant_id = $1 and i.component_id = $2 and (i.started_at, i.status_interval_id) < ($3, $4)
             and ($5 or i.retracted_at is null)
         order by i.started_at desc, i.status_interval_id desc
         limit $6",
        tenant.uuid(),
        component.uuid(),
        before.0.to_sqlx() as _,
        before.1,
        with_retracted,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Records spells as given by this cause.
pub(crate) async fn record(
    db: &mut PgConnection,
    by: Recording<'_>,
    cause: Cause,
    spells: &[Spell],
) -> sqlx::Result<Vec<StatusIntervalId>> {
    let ids = spells.iter().map(|_| by.clock.uuid()).collect::<Vec<_>>();
    let components = spells.iter().map(|spell| spell.component_id.uuid()).collect::<Vec<_>>();
    let statuses = spells.iter().map(|spell| spell.status).collect::<Vec<_>>();
    let starts = spells.iter().map(|spell| spell.started_at.to_sqlx()).collect::<Vec<_>>();
    let ends = spells.iter().map(|spell| spell.ended_at.map(|at| at.to_sqlx())).collect::<Vec<_>>();
    sqlx::query!(
        "insert into incidents.status_interval (
             tenant_id, status_interval_id, page_id, component_id, status, started_at, ended_at, cause, cause_id,
             member_id, recorded_at)
         select $1, new.id, $2, new.component_id, new.status, new.started_at, new.ended_at, $3, $4, $5, $6
         from unnest($7::uuid[], $8::uuid[], $9::incidents.component_status[], $10::timestamptz[],
             $11::timestamptz[]) as new (id, component_id, status, started_at, ended_at)",
        by.tenant.uuid(),
        by.page.uuid(),
        cause.kind() as CauseKind,
        cause.uuid(),
        by.member.map(MemberId::uuid),
        by.clock.now().to_sqlx() as _,
        &ids,
        &components,
        &statuses as &[ComponentStatus],
        &starts as &[jiff_sqlx::Timestamp],
        &ends as &[Option<jiff_sqlx::Timestamp>],
    )
    .execute(db)
    .await?;
    Ok(ids.into_iter().map(StatusIntervalId::from_uuid).collect())
}

/// Ends open intervals, each at its time.
pub(crate) async fn end(
    db: &mut PgConnection,
    tenant: TenantId,
    ends: &[(StatusIntervalId, Timestamp)],
) -> sqlx::Result<()> {
    let (ids, times): (Vec<_>, Vec<_>) = ends.iter().map(|(id, at)| (id.uuid(), at.to_sqlx())).unzip();
    sqlx::query!(
        "update incidents.status_interval i
         set ended_at = new.ended_at
         from unnest($2::uuid[], $3::timestamptz[]) as new (id, ended_at)
         where i.tenant_id = $1 and i.status_interval_id = new.id and i.ended_at is null
             and i.retracted_at is null",
        tenant.uuid(),
        &ids,
        &times as &[jiff_sqlx::Timestamp],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes intervals back: they count no more.
pub(crate) async fn retract(
    db: &mut PgConnection,
    tenant: TenantId,
    intervals: &[StatusIntervalId],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids = intervals.iter().map(|id| id.uuid()).collect::<Vec<_>>();
    sqlx::query!(
        "update incidents.status_interval
         set retracted_at = $3
         where tenant_id = $1 and status_interval_id = any($2) and retracted_at is null",
        tenant.uuid(),
        &ids,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what components show now, which is kept beside them, where it differs.
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

/// Says that members take over the status of a component that these incidents gave one: they say nothing of it any more.
pub(crate) async fn release(
    db: &mut PgConnection,
    tenant: TenantId,
    component: ComponentId,
    incidents: &[IncidentId],
    now: Timestamp,
) -> sqlx::Result<()> {
    let incidents = incidents.iter().map(|incident| incident.uuid()).collect::<Vec<_>>();
    sqlx::query!(
        "update incidents.incident_component
         set released_at = released_at || $4::timestamptz, status = 'operational'
         where tenant_id = $1 and component_id = $2 and incident_id = any($3)",
        tenant.uuid(),
        component.uuid(),
        &incidents,
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
