//! What incidents do by themselves, when the time of a draft or of a promise has come.
//!
//! Each function does what one due row asks for, and takes the row out in the same transaction. What a row asks for is
//! done only if the incident, once its page is locked, still says so.

use jiff::Timestamp;
use kit::{
    Clock, Db,
    ids::{IncidentId, PageId, TenantId, UpdateId},
};
use sqlx::PgConnection;

use super::{publish_update::publish, write};
use crate::{
    domain::{Draft, Event, Incident},
    error::Error,
    rpc::{change, read},
    store::{
        drafts,
        due::{self, Due, DueKind},
        incidents,
        intervals::Recording,
        pages,
    },
};

/// Publishes a draft whose time has come, and with it whatever else of its incident is due, in the order in which that
/// was planned: one whose turn another worker took out of order would be mailed to nobody. It happened when it was
/// planned, unless it says otherwise: what was told meanwhile stays the latest. Components that were deleted meanwhile
/// are left out.
pub(crate) async fn publish_due(db: &Db, clock: &Clock, due: &Due) -> Result<(), Error> {
    let (tenant, update_id) = (due.tenant_id, UpdateId::from_uuid(due.subject_id));
    let mut tx = db.tenant(tenant).await?;
    // Looked at before the page is locked: what is not done does not move the page on.
    if let Some((incident_id, page)) = is_planned(&mut tx, tenant, update_id, due.due_at).await? {
        pages::lock_page(&mut tx, tenant, page).await?;
        let mut incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
        let planned = list_planned(&mut tx, tenant, incident_id, due.due_at.max(clock.now())).await?;
        let events = i64::try_from(planned.len()).unwrap_or(i64::MAX);
        let last =
            if planned.is_empty() { 0 } else { pages::advance_page(&mut tx, tenant, page, events).await? };
        for (position, (publish_at, mut draft)) in (last - events + 1..).zip(planned) {
            if draft.update_id != update_id {
                due::cancel(&mut tx, tenant, draft.update_id.uuid(), &[DueKind::PublishUpdate]).await?;
            }
            let telling = &mut draft.telling;
            telling.displayed_at.get_or_insert(publish_at);
            let named = telling.affected.iter().map(|affected| affected.component_id);
            let gone = write::strangers(&mut tx, tenant, page, named).await?;
            telling.affected.retain(|affected| !gone.contains(&affected.component_id));
            let by = Recording { tenant, page, member: None, clock };
            publish(&mut tx, by, &mut incident, draft, position).await?;
        }
    }
    if due::complete(&mut tx, due).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Where the draft is, if it is still to be published at this time.
async fn is_planned(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
    publish_at: Timestamp,
) -> Result<Option<(IncidentId, PageId)>, Error> {
    let draft = drafts::find_draft(db, tenant, update).await?;
    if draft.is_none_or(|draft| draft.publish_at != Some(publish_at)) {
        return Ok(None);
    }
    Ok(incidents::find_incident_of(db, tenant, update).await?)
}

/// The drafts of the incident whose time has come, and their times, in that order.
async fn list_planned(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    now: Timestamp,
) -> Result<Vec<(Timestamp, Draft)>, Error> {
    let drafts = drafts::list_drafts(db, tenant, incident).await?.into_iter();
    let mut planned = drafts
        .filter_map(|draft| Some((draft.publish_at.filter(|publish_at| *publish_at <= now)?, draft)))
        .collect::<Vec<_>>();
    planned.sort_by_key(|(publish_at, draft)| (*publish_at, draft.update_id));
    Ok(planned)
}

/// Reminds responders of the next update that an update promised.
pub(crate) async fn remind_due(db: &Db, clock: &Clock, due: &Due) -> Result<(), Error> {
    let (tenant, update) = (due.tenant_id, UpdateId::from_uuid(due.subject_id));
    let mut tx = db.tenant(tenant).await?;
    if let Some(seen) = find_promising(&mut tx, tenant, update).await? {
        let position = pages::advance_page(&mut tx, tenant, seen.page_id, 1).await?;
        if find_promising(&mut tx, tenant, update).await?.is_some() {
            let by = Recording { tenant, page: seen.page_id, member: None, clock };
            let event = Event::NextUpdateDue { incident: seen.incident_id, update };
            change::insert_event(&mut tx, by, event, position).await?;
        }
    }
    if due::complete(&mut tx, due).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Moves the page on as a promise passes, so that those who watch it see that the next update is overdue.
pub(crate) async fn pass_due(db: &Db, _clock: &Clock, due: &Due) -> Result<(), Error> {
    let (tenant, update) = (due.tenant_id, UpdateId::from_uuid(due.subject_id));
    let mut tx = db.tenant(tenant).await?;
    if let Some(seen) = find_promising(&mut tx, tenant, update).await? {
        pages::advance_page(&mut tx, tenant, seen.page_id, 0).await?;
    }
    if due::complete(&mut tx, due).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// The incident of this update, if it is this update's promise that stands.
async fn find_promising(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> Result<Option<Incident>, Error> {
    let Some((incident, _)) = incidents::find_incident_of(db, tenant, update).await? else {
        return Ok(None);
    };
    let row = incidents::find_incident(db, tenant, incident).await?;
    let found = read::load_latest(db, tenant, row.into_iter().collect()).await?.into_iter().next();
    Ok(found.filter(|found| found.promise().is_some_and(|promise| promise.update_id == update)))
}
