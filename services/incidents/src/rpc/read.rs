//! The beats that the reading verbs share.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use kit::{
    Db,
    db::Tx,
    ids::{IncidentId, TenantId},
    paging::Cursor,
    time::EARLIEST,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        Affected, ComponentImpact, Incident, Maintenance, Moment, OPEN_INCIDENTS_PER_PAGE, Postmortem,
        Standing, Update,
    },
    error::Error,
    store::{
        component_impacts,
        incidents::{self, IncidentRow},
        maintenances::{self, MaintenanceRow},
        pages,
        postmortems::{self, PublishedRow},
        updates::{self, UpdateRow},
    },
};

/// How many components or groups a list answers if it is not told.
pub(super) const COMPONENT_LIST_SIZE: i64 = 100;

/// How many bytes the bodies of all updates of an answer's incidents may have, those of all reports, and those of all
/// updates of its maintenances: what a reader has of many at once must not grow with their stories.
const ANSWER_BYTES: i64 = 2 * 1024 * 1024;
/// Nothing that is listed by time is planned for more than so long after now.
const LATEST_AFTER: SignedDuration = SignedDuration::from_hours(3 * 366 * 24);

/// An incident as it stands among others, perhaps without all that was told of it.
#[derive(Debug)]
pub(crate) struct IncidentExcerpt {
    pub(crate) incident: Incident,
    /// How many updates are left out, all of them earlier than those that are here.
    pub(crate) earlier_updates: i32,
    /// Whether a report is published, be it here or left out.
    pub(crate) has_postmortem: bool,
}

/// The same of a maintenance.
#[derive(Debug)]
pub(crate) struct MaintenanceExcerpt {
    pub(crate) maintenance: Maintenance,
    pub(crate) earlier_updates: i32,
}

/// How much of the stories an answer has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// The latest update of each, and of reports only whether they are there.
    Latest,
    /// The latest update of each, and as much more as an answer can hold.
    Bounded,
}

impl Extent {
    /// How many bytes the bodies may have together.
    fn bytes(self) -> i64 {
        match self {
            Self::Latest => 0,
            Self::Bounded => ANSWER_BYTES,
        }
    }
}

/// A transaction that sees one moment of one tenant.
pub(super) async fn snapshot(db: &Db, tenant: TenantId) -> Result<Tx, Error> {
    let mut tx = db.tenant(tenant).await?;
    pages::take_snapshot(&mut tx).await?;
    Ok(tx)
}

/// The incidents of these rows in their order, with all that was told of them: five queries, however many
/// incidents there are.
pub(super) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
) -> Result<Vec<Incident>, Error> {
    let ids = ids_of(&rows);
    let told = updates::list_updates(db, tenant, &ids).await?;
    let mut incidents = put_together(db, tenant, rows, told).await?;
    let mut reports = HashMap::new();
    for row in postmortems::list_published(db, tenant, &ids, i64::MAX).await? {
        reports.insert(row.incident_id, report(row));
    }
    for incident in &mut incidents {
        incident.postmortem = reports.remove(&incident.incident_id).flatten();
    }
    Ok(incidents)
}

/// The same among others, as much of their stories as the answer is to have.
pub(super) async fn load_incident_excerpts(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
    extent: Extent,
) -> Result<Vec<IncidentExcerpt>, Error> {
    let bytes = extent.bytes();
    let ids = ids_of(&rows);
    let over = rows.iter().filter(|row| row.resolved_at.is_some());
    let over = over.map(|row| row.incident_id.uuid()).collect::<Vec<_>>();
    let mut left_out = HashMap::new();
    let mut told = Vec::new();
    for (row, earlier) in updates::list_updates_within(db, tenant, &ids, bytes).await? {
        left_out.insert(row.incident_id, earlier);
        told.push(row);
    }
    let incidents = put_together(db, tenant, rows, told).await?;
    let mut reports = HashMap::new();
    for row in postmortems::list_published(db, tenant, &over, bytes).await? {
        reports.insert(row.incident_id, report(row));
    }
    let excerpts = incidents.into_iter().map(|incident| {
        let published = reports.remove(&incident.incident_id);
        IncidentExcerpt {
            earlier_updates: left_out.get(&incident.incident_id).copied().unwrap_or(0),
            has_postmortem: published.is_some(),
            incident: Incident { postmortem: published.flatten(), ..incident },
        }
    });
    Ok(excerpts.collect())
}

/// The maintenances of these rows among others, as much of their stories as the answer is to have.
pub(super) async fn load_maintenance_excerpts(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<MaintenanceRow>,
    extent: Extent,
) -> Result<Vec<MaintenanceExcerpt>, Error> {
    let found = maintenances::load_within(db, tenant, rows, extent.bytes()).await?;
    let excerpts = found
        .into_iter()
        .map(|(maintenance, earlier_updates)| MaintenanceExcerpt { maintenance, earlier_updates });
    Ok(excerpts.collect())
}

/// What readers see of a report; none if its body was left out.
fn report(row: PublishedRow) -> Option<Postmortem> {
    Some(Postmortem {
        body: row.body?,
        published_at: row.published_at,
        edited_at: row.edited_at.map(Into::into),
    })
}

/// The same, with the latest update of each only and without reports: four queries.
pub(super) async fn load_latest(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
) -> Result<Vec<Incident>, Error> {
    let told = updates::list_latest_updates(db, tenant, &ids_of(&rows)).await?;
    put_together(db, tenant, rows, told).await
}

fn ids_of(rows: &[IncidentRow]) -> Vec<Uuid> {
    rows.iter().map(|row| row.incident_id.uuid()).collect()
}

async fn put_together(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
    told: Vec<UpdateRow>,
) -> Result<Vec<Incident>, Error> {
    let ids = ids_of(&rows);
    let told_ids = told.iter().map(|row| row.update_id.uuid()).collect::<Vec<_>>();
    let mut said_by_update = HashMap::<_, Vec<_>>::new();
    for said in updates::list_update_components(db, tenant, &told_ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_update.entry(said.update_id).or_default().push(affected);
    }
    let mut updates_by_incident = HashMap::<_, Vec<_>>::new();
    for row in told {
        updates_by_incident.entry(row.incident_id).or_default().push(Update {
            update_id: row.update_id,
            phase: row.phase,
            body: row.body,
            affected: said_by_update.remove(&row.update_id).unwrap_or_default(),
            displayed_at: row.displayed_at,
            created_at: row.created_at,
            silent: row.silent,
            next_update_at: row.next_update_at.map(Into::into),
            edited_at: row.edited_at.map(Into::into),
        });
    }
    let mut said_by_incident = HashMap::<_, Vec<_>>::new();
    for said in updates::list_incident_components(db, tenant, &ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_incident.entry(said.incident_id).or_default().push(affected);
    }
    let mut impacts_by_incident = HashMap::<_, Vec<_>>::new();
    for row in component_impacts::list_component_impacts(db, tenant, &ids).await? {
        impacts_by_incident.entry(row.incident_id).or_default().push(ComponentImpact {
            component_id: row.component_id,
            status: row.status,
            started_at: row.started_at,
            ended_at: row.ended_at,
        });
    }
    let with_all = rows.into_iter().map(|row| Incident {
        incident_id: row.incident_id,
        page_id: row.page_id,
        title: row.title,
        created_at: row.created_at,
        backfilled: row.backfilled,
        language: row.language,
        is_public: row.is_public,
        revision: row.revision,
        impact_override: row.impact_override,
        impact_started_at: row.impact_started_at.map(Into::into),
        impact_ended_at: row.impact_ended_at.map(Into::into),
        component_impacts: impacts_by_incident.remove(&row.incident_id).unwrap_or_default(),
        standing: Standing {
            phase: row.phase,
            impact: row.impact,
            started_at: row.started_at,
            resolved_at: row.resolved_at.map(Into::into),
            next_update_at: row.next_update_at.map(Into::into),
            affected: said_by_incident.remove(&row.incident_id).unwrap_or_default(),
        },
        updates: updates_by_incident.remove(&row.incident_id).unwrap_or_default(),
        postmortem: None,
    });
    Ok(with_all.collect())
}

/// One incident with all that was told of it.
///
/// # Errors
/// [`Error::NotFound`]
pub(super) async fn incident(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> Result<Incident, Error> {
    let row = incidents::find_incident(db, tenant, incident).await?;
    let found = load(db, tenant, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// The same to be changed, its row locked; its page must be locked before.
///
/// # Errors
/// [`Error::NotFound`]
pub(super) async fn incident_to_change(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> Result<Incident, Error> {
    let row = incidents::lock_incident(db, tenant, incident).await?;
    let found = load(db, tenant, row.into_iter().collect()).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// Makes sure that the incident, as it will be written, leaves the page with no more open incidents than it may have.
/// The page is locked. One that is open already stays so, however many there are.
///
/// # Errors
/// [`Error::LimitReached`]
pub(super) async fn check_may_be_open(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> Result<(), Error> {
    if !incident.is_public || incident.standing.resolved_at.is_some() {
        return Ok(());
    }
    let (others, is_open) =
        incidents::count_open_incidents(db, tenant, incident.page_id, incident.incident_id).await?;
    if is_open || others < i64::from(OPEN_INCIDENTS_PER_PAGE) {
        return Ok(());
    }
    Err(Error::LimitReached { what: "a page", limit: OPEN_INCIDENTS_PER_PAGE, of: "open incidents" })
}

/// The place in time that a list, latest first, goes on from; without a token, that before all up to `latest`.
///
/// # Errors
/// If nothing can stand there. A time that only a made-up token has may be none that the database knows.
pub(super) fn moment(page_token: &str, now: Timestamp, latest: Timestamp) -> Result<Moment, Error> {
    let Some(cursor) = cursor(page_token)? else { return Ok((latest, Uuid::max())) };
    let latest = now.saturating_add(LATEST_AFTER).unwrap_or(Timestamp::MAX);
    let at = Timestamp::from_microsecond(cursor.at).ok().filter(|at| (EARLIEST..=latest).contains(at));
    let at =
        at.ok_or_else(|| Error::invalid("page_token", "must be a `next_page_token` of an earlier answer"))?;
    Ok((at, cursor.id))
}

/// The place as tokens have it.
pub(super) fn place((at, id): Moment) -> Cursor {
    Cursor { at: at.as_microsecond(), id }
}

/// The place that a list goes on from.
pub(super) fn cursor(page_token: &str) -> Result<Option<Cursor>, Error> {
    Cursor::parse(page_token).map_err(Error::PageToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_only_from_where_something_can_stand() {
        let now = Timestamp::constant(1_790_000_000, 0);
        let token = |at: i64| Cursor { at, id: Uuid::nil() }.token();
        for latest in [now, Timestamp::MAX] {
            assert_eq!(moment("", now, latest).unwrap(), (latest, Uuid::max()));
        }
        let year = 366 * 24 * 3_600_000_000_i64;
        let (now_us, earliest) = (now.as_microsecond(), EARLIEST.as_microsecond());
        for at in [earliest, now_us, now_us + 3 * year] {
            let found = moment(&token(at), now, now).unwrap();
            assert_eq!(place(found), Cursor { at, id: Uuid::nil() });
        }
        for at in [i64::MIN, -210_866_803_200_000_001, 0, earliest - 1, now_us + 3 * year + 1, i64::MAX] {
            let Error::Invalid(violations) = moment(&token(at), now, now).unwrap_err() else {
                panic!("{at}")
            };
            assert_eq!(violations[0].field, "page_token");
        }
    }
}
