//! Incidents, without their updates.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{IncidentId, PageId, TenantId, UpdateId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Impact, Incident, Moment, Phase};

/// An incident without its updates, without what it says of components, and without its report.
#[derive(Debug)]
pub(crate) struct IncidentRow {
    pub(crate) incident_id: IncidentId,
    pub(crate) page_id: PageId,
    pub(crate) title: String,
    pub(crate) phase: Phase,
    pub(crate) impact: Impact,
    pub(crate) impact_override: Option<Impact>,
    pub(crate) impact_started_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) impact_ended_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) started_at: Timestamp,
    pub(crate) resolved_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) next_update_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) backfilled: bool,
    pub(crate) language: String,
    pub(crate) is_public: bool,
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
}

impl IncidentRow {
    /// Its place in the lists of a page.
    pub(crate) fn moment(&self) -> Moment {
        (self.started_at, self.incident_id.uuid())
    }
}

/// Rows of incidents: what to select them `from`, and what stands before it.
macro_rules! incident_rows {
    ($from:tt, $($bound:expr),* $(,)?) => {
        incident_rows!(with "", $from, $($bound),*)
    };
    (with $with:tt, $from:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            IncidentRow,
            $with
                + r#"select incident_id, page_id, title, phase, impact, impact_override as "impact_override: Impact",
                    impact_started_at, impact_ended_at, started_at, resolved_at, next_update_at, backfilled,
                    language, is_public, revision, created_at
                  from "#
                + $from,
            $($bound),*
        )
    };
}

/// The page of an incident, which never changes.
pub(crate) async fn find_page_of(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<PageId>> {
    sqlx::query_scalar!(
        "select page_id from incidents.incident where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The incident of an update or of a draft, and its page; neither ever changes.
pub(crate) async fn find_incident_of(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<(IncidentId, PageId)>> {
    let found = sqlx::query!(
        "select incident_id, page_id
         from incidents.incident
         where tenant_id = $1 and incident_id in (
             select incident_id from incidents.incident_update where tenant_id = $1 and update_id = $2
             union all
             select incident_id from incidents.update_draft where tenant_id = $1 and update_id = $2)",
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|found| (found.incident_id, found.page_id)))
}

/// Locks an incident; its page must be locked before.
pub(crate) async fn lock_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<IncidentRow>> {
    incident_rows!(
        "incidents.incident where tenant_id = $1 and incident_id = $2 for update",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<IncidentRow>> {
    incident_rows!(
        "incidents.incident where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The page's incidents before this one in the order of its list, hidden ones too: newest first by `started_at`, then
/// by id.
pub(crate) async fn list_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: Moment,
    limit: i64,
) -> sqlx::Result<Vec<IncidentRow>> {
    incident_rows!(
        "incidents.incident
         where tenant_id = $1 and page_id = $2 and (started_at, incident_id) < ($3, $4)
         order by started_at desc, incident_id desc
         limit $5",
        tenant.uuid(),
        page.uuid(),
        before.0.to_sqlx() as _,
        before.1,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The same, of those that the public sees.
pub(crate) async fn list_public_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    before: Moment,
    limit: i64,
) -> sqlx::Result<Vec<IncidentRow>> {
    incident_rows!(
        "incidents.incident
         where tenant_id = $1 and page_id = $2 and is_public and (started_at, incident_id) < ($3, $4)
         order by started_at desc, incident_id desc
         limit $5",
        tenant.uuid(),
        page.uuid(),
        before.0.to_sqlx() as _,
        before.1,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The page's incidents with ids from one to another that the public sees.
pub(crate) async fn list_public_incidents_between(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    ids: (Uuid, Uuid),
) -> sqlx::Result<Vec<IncidentId>> {
    sqlx::query_scalar!(
        r#"select incident_id as "incident_id: IncidentId" from incidents.incident
         where tenant_id = $1 and incident_id between $2 and $3 and page_id = $4 and is_public"#,
        tenant.uuid(),
        ids.0,
        ids.1,
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The page's open incidents that the public sees, newest first.
pub(crate) async fn list_open_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<Vec<IncidentRow>> {
    incident_rows!(
        "incidents.incident
         where tenant_id = $1 and page_id = $2 and is_public and resolved_at is null
         order by started_at desc, incident_id desc",
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_all(db)
    .await
}

/// The page's incidents that were resolved after this moment and that the public sees, newest first.
///
/// Materialized, because the limit would else lead the planner to walk through the page's whole past in the
/// order of the list, looking for the few that were resolved lately.
pub(crate) async fn list_resolved_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<IncidentRow>> {
    incident_rows!(
        with "with recent as materialized (
             select * from incidents.incident
             where tenant_id = $1 and page_id = $2 and is_public and resolved_at > $3)
         ",
        "recent
         order by started_at desc, incident_id desc
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.to_sqlx() as _,
        limit,
    )
    .fetch_all(db)
    .await
}

/// How many other incidents of the page are open and public, and whether this one is, as they were written last.
pub(crate) async fn count_open_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    incident: IncidentId,
) -> sqlx::Result<(i64, bool)> {
    let open = sqlx::query!(
        r#"select count(*) filter (where incident_id <> $3) as "others!",
             coalesce(bool_or(incident_id = $3), false) as "is_open!"
         from incidents.incident
         where tenant_id = $1 and page_id = $2 and is_public and resolved_at is null"#,
        tenant.uuid(),
        page.uuid(),
        incident.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok((open.others, open.is_open))
}

/// How many of the page's incidents the public does not see. Those have no update and so are open.
pub(crate) async fn count_hidden_incidents(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.incident
         where tenant_id = $1 and page_id = $2 and resolved_at is null and not is_public"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> sqlx::Result<()> {
    let standing = &incident.standing;
    sqlx::query!(
        "insert into incidents.incident (
             tenant_id, incident_id, page_id, title, phase, impact, impact_override, impact_started_at,
             impact_ended_at, started_at, resolved_at, next_update_at, backfilled, language, is_public, revision,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant.uuid(),
        incident.incident_id.uuid(),
        incident.page_id.uuid(),
        incident.title,
        standing.phase as Phase,
        standing.impact as Impact,
        incident.impact_override as Option<Impact>,
        incident.impact_started_at.map(jiff_sqlx::Timestamp::from) as _,
        incident.impact_ended_at.map(jiff_sqlx::Timestamp::from) as _,
        standing.started_at.to_sqlx() as _,
        standing.resolved_at.map(jiff_sqlx::Timestamp::from) as _,
        standing.next_update_at.map(jiff_sqlx::Timestamp::from) as _,
        incident.backfilled,
        incident.language,
        incident.is_public,
        incident.revision,
        incident.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what can change of an incident, but for its component impacts.
pub(crate) async fn save_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> sqlx::Result<()> {
    let standing = &incident.standing;
    sqlx::query!(
        "update incidents.incident
         set title = $3, phase = $4, impact = $5, impact_override = $6, impact_started_at = $7,
             impact_ended_at = $8, started_at = $9, resolved_at = $10, next_update_at = $11, language = $12,
             is_public = $13, revision = $14
         where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.incident_id.uuid(),
        incident.title,
        standing.phase as Phase,
        standing.impact as Impact,
        incident.impact_override as Option<Impact>,
        incident.impact_started_at.map(jiff_sqlx::Timestamp::from) as _,
        incident.impact_ended_at.map(jiff_sqlx::Timestamp::from) as _,
        standing.started_at.to_sqlx() as _,
        standing.resolved_at.map(jiff_sqlx::Timestamp::from) as _,
        standing.next_update_at.map(jiff_sqlx::Timestamp::from) as _,
        incident.language,
        incident.is_public,
        incident.revision,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes an incident with everything that points at it.
pub(crate) async fn delete_incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<()> {
    macro_rules! delete {
        ($($what:tt),*) => {
            $(sqlx::query!("delete from incidents." + $what, tenant.uuid(), incident.uuid())
                .execute(&mut *db)
                .await?;)*
        };
    }
    delete!(
        "update_revision where tenant_id = $1 and update_id in (
             select update_id from incidents.incident_update where tenant_id = $1 and incident_id = $2)",
        "update_component where tenant_id = $1 and update_id in (
             select update_id from incidents.incident_update where tenant_id = $1 and incident_id = $2)",
        "incident_update where tenant_id = $1 and incident_id = $2",
        "incident_component where tenant_id = $1 and incident_id = $2",
        "component_impact where tenant_id = $1 and incident_id = $2",
        "update_draft where tenant_id = $1 and incident_id = $2",
        "postmortem where tenant_id = $1 and incident_id = $2",
        "incident where tenant_id = $1 and incident_id = $2"
    );
    Ok(())
}
