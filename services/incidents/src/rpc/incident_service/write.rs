//! The beats that the verbs share which change incidents, and the clock: checks under the page's lock, and all that is
//! written when something is told.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use kit::ids::{ComponentId, IncidentId, PageId, TenantId, UpdateId};
use proto::{Violation, incidents::v1 as wire};
use sqlx::PgConnection;

use crate::{
    domain::{
        AuditAction, AuditSubject, Cause, ComponentImpact, Draft, Endings, Event, Incident, NewAuditEntry,
        Phase, Promise, Telling, UPDATES_PER_INCIDENT, Update, remind_at,
    },
    error::Error,
    rpc::{change, convert, read},
    store::{
        components, drafts,
        due::{self, DueKind},
        incidents,
        intervals::Recording,
        updates,
    },
};

/// What a request says of an update.
pub(super) struct Fields<'a> {
    pub(super) phase: wire::Phase,
    pub(super) body: String,
    pub(super) affected_components: &'a [wire::AffectedComponent],
    pub(super) displayed_at: Option<prost_types::Timestamp>,
    pub(super) notify: Option<bool>,
    pub(super) next_update_at: Option<prost_types::Timestamp>,
}

impl Fields<'_> {
    /// Reads them, of a draft that is published then or of what is told now.
    pub(super) fn parse(self, publish_at: Option<Timestamp>, now: Timestamp) -> Result<Telling, Error> {
        let mut affected = convert::parse_affected(self.affected_components)?;
        affected.sort_unstable_by_key(|affected| affected.component_id);
        let telling = Telling {
            phase: convert::parse_phase(self.phase)?,
            body: convert::text("body", self.body)?,
            affected,
            displayed_at: convert::parse_past("displayed_at", self.displayed_at, now)?,
            notify: self.notify,
            next_update_at: convert::parse_promise(self.next_update_at, now)?,
        };
        check_promise(&telling, publish_at, now)?;
        Ok(telling)
    }
}

/// Makes sure that what is told may promise what it promises. The next update of one that is dated back is promised from
/// there on, for replays of the past, and of a draft from when it is published.
pub(super) fn check_promise(
    telling: &Telling,
    publish_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(next_update_at) = telling.next_update_at else { return Ok(()) };
    if telling.phase == Phase::Resolved {
        return Err(Error::invalid(
            "next_update_at",
            "must not be set: a resolved incident promises nothing",
        ));
    }
    let told_at = publish_at.or(telling.displayed_at).unwrap_or(now);
    if next_update_at > told_at {
        Ok(())
    } else {
        Err(Error::invalid("next_update_at", format!("must be after {told_at}")))
    }
}

/// When the clock publishes what the request says; only drafts wait for it.
pub(super) fn parse_publish_at(
    publish_at: Option<prost_types::Timestamp>,
    draft: bool,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    if publish_at.is_some() && !draft {
        return Err(Error::invalid("publish_at", "must not be set but of a draft"));
    }
    convert::parse_coming("publish_at", publish_at, now)
}

/// The ids among these of components that are not on the page.
pub(super) async fn strangers(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    named: impl IntoIterator<Item = ComponentId>,
) -> Result<HashSet<ComponentId>, Error> {
    let mut named = named.into_iter().collect::<HashSet<_>>();
    if !named.is_empty() {
        let ids = named.iter().map(|component| component.uuid()).collect::<Vec<_>>();
        for known in components::list_known_components(db, tenant, page, &ids).await? {
            named.remove(&known);
        }
    }
    Ok(named)
}

/// Makes sure that the components that a request names are on the page, or hurt by what the incident says already.
///
/// # Errors
/// A violation for each that is not.
pub(super) async fn check_known(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    affected: &[wire::AffectedComponent],
    impacts: &[wire::ComponentImpact],
    had: &[ComponentImpact],
) -> Result<(), Error> {
    let affected = affected.iter().map(|affected| ("affected_components", &affected.component_id));
    let impacts = impacts.iter().map(|span| ("component_impacts", &span.component_id));
    let named = affected.enumerate().chain(impacts.enumerate());
    let named = named
        .filter_map(|(index, (list, id))| Some((list, index, id.parse::<ComponentId>().ok()?)))
        .collect::<Vec<_>>();
    let strangers = strangers(db, tenant, page, named.iter().map(|(_, _, id)| *id)).await?;
    let violations = named
        .iter()
        .filter(|(_, _, id)| strangers.contains(id) && had.iter().all(|span| span.component_id != *id))
        .map(|(list, index, _)| Violation {
            field: format!("{list}[{index}].component_id"),
            description: "must be a component of the incident's page".to_owned(),
        })
        .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// Makes sure that the span of its impact is one, and there where the incident cannot be shown without.
pub(super) fn check_span(incident: &Incident) -> Result<(), Error> {
    let (started_at, ended_at) = (incident.impact_started_at, incident.impact_ended_at);
    if started_at.zip(ended_at).is_some_and(|(started_at, ended_at)| ended_at <= started_at) {
        return Err(Error::invalid("impact_ended_at", "must be after `impact_started_at`"));
    }
    let violations = [("impact_started_at", started_at), ("impact_ended_at", ended_at)]
        .into_iter()
        .filter(|(_, at)| incident.needs_span() && at.is_none())
        .map(|(field, _)| Violation {
            field: field.to_owned(),
            description: "must be set for an incident without updates".to_owned(),
        })
        .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// Makes sure that the incident may have another update or draft.
pub(super) async fn check_not_full(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> Result<(), Error> {
    let drafts = drafts::count_drafts(db, tenant, incident.incident_id).await?;
    let left = usize::from(UPDATES_PER_INCIDENT).saturating_sub(incident.updates.len());
    if usize::try_from(drafts).is_ok_and(|drafts| drafts < left) {
        return Ok(());
    }
    Err(Error::LimitReached { what: "an incident", limit: UPDATES_PER_INCIDENT, of: "updates" })
}

/// Keeps what was written as a draft.
pub(super) async fn draft(
    db: &mut PgConnection,
    by: Recording<'_>,
    incident: IncidentId,
    telling: Telling,
    publish_at: Option<Timestamp>,
) -> Result<Draft, Error> {
    let draft = Draft { update_id: UpdateId::new(by.clock), telling, publish_at, created_at: by.clock.now() };
    drafts::insert_draft(db, by.tenant, incident, &draft).await?;
    plan(db, by, &draft).await?;
    Ok(draft)
}

/// Puts down when the clock publishes a draft, in the place of what was planned before.
pub(super) async fn plan(db: &mut PgConnection, by: Recording<'_>, draft: &Draft) -> Result<(), Error> {
    let subject = draft.update_id.uuid();
    due::cancel(db, by.tenant, subject, &[DueKind::PublishUpdate]).await?;
    if let Some(publish_at) = draft.publish_at {
        due::put(db, by.tenant, by.clock.uuid(), DueKind::PublishUpdate, subject, publish_at).await?;
    }
    Ok(())
}

/// Tells something of an incident whose row is there, and writes all that follows. The page is locked: the times of
/// updates that name none are then in the order in which they are committed, and so are their ids.
pub(super) async fn tell(
    db: &mut PgConnection,
    by: Recording<'_>,
    incident: &mut Incident,
    update_id: UpdateId,
    telling: Telling,
    position: i64,
) -> Result<Update, Error> {
    let before = incident.promise();
    let update = incident.tell(update_id, telling, by.clock.now());
    updates::insert_update(db, by.tenant, incident.incident_id, &update).await?;
    if !update.affected.is_empty() {
        updates::insert_update_components(db, by.tenant, update_id, &update.affected).await?;
    }
    follow(db, by, incident, before).await?;
    if !update.silent {
        let event = Event::IncidentUpdated { incident: incident.incident_id, update: update_id };
        change::insert_event(db, by, event, position).await?;
    }
    Ok(update)
}

/// Writes the incident and all that follows from it: what it says of components, their history, and what is due for
/// its promise.
pub(super) async fn follow(
    db: &mut PgConnection,
    by: Recording<'_>,
    incident: &mut Incident,
    promise_before: Option<Promise>,
) -> Result<(), Error> {
    let endings = find_endings(db, by.tenant, incident).await?;
    incident.standing.affected = incident.affected(&endings);
    read::check_may_be_open(db, by.tenant, incident).await?;
    incidents::save_incident(db, by.tenant, incident).await?;
    let affected = &incident.standing.affected;
    if !affected.is_empty() {
        updates::save_incident_components(db, by.tenant, incident.incident_id, affected).await?;
    }
    change::replace_spells(db, by, Cause::Incident(incident.incident_id), &incident.spells(&endings)).await?;
    replace_promise(db, by, promise_before, incident.promise()).await
}

async fn find_endings(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> Result<Endings, Error> {
    let told = incident.updates.iter().flat_map(|update| &update.affected).map(|said| said.component_id);
    let declared = incident.component_impacts.iter().map(|span| span.component_id);
    let named = told.chain(declared).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    Ok(Endings {
        releases: updates::list_releases(db, tenant, incident.incident_id).await?,
        deletions: components::list_deletions(db, tenant, &named).await?,
    })
}

/// Puts down what is due for a promise, in the place of what was due for the one before. Nothing is due for one that
/// is in the past as it is made.
pub(super) async fn replace_promise(
    db: &mut PgConnection,
    by: Recording<'_>,
    before: Option<Promise>,
    after: Option<Promise>,
) -> Result<(), Error> {
    if before == after {
        return Ok(());
    }
    if let Some(before) = before {
        let kinds = [DueKind::RemindResponders, DueKind::PassPromise];
        due::cancel(db, by.tenant, before.update_id.uuid(), &kinds).await?;
    }
    let now = by.clock.now();
    if let Some(after) = after.filter(|after| after.next_update_at > now) {
        let subject = after.update_id.uuid();
        let remind_at = remind_at(now, after.next_update_at);
        due::put(db, by.tenant, by.clock.uuid(), DueKind::RemindResponders, subject, remind_at).await?;
        let pass_at = after.next_update_at;
        due::put(db, by.tenant, by.clock.uuid(), DueKind::PassPromise, subject, pass_at).await?;
    }
    Ok(())
}

/// Logs what was done to the incident.
pub(crate) async fn log(
    db: &mut PgConnection,
    by: Recording<'_>,
    incident: IncidentId,
    title: &str,
    action: AuditAction,
    detail: impl Into<String>,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::Incident,
        subject_id: incident.uuid(),
        subject_name: title.to_owned(),
        detail: detail.into(),
    };
    change::log(db, by, entry).await
}

/// The incident on the wire as answers to changes hold it: kept for safe retries, it must not grow with the story.
pub(super) fn without_updates(incident: &Incident) -> wire::Incident {
    Incident { updates: Vec::new(), ..incident.clone() }.into()
}
