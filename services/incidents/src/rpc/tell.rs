//! The beats that the two verbs share which tell something: `CreateIncident` and `PostUpdate`.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use kit::{
    Clock,
    ids::{EventId, PageId, TenantId, UpdateId},
    time::from_wire,
};
use proto::{Violation, incidents::v1 as wire};
use sqlx::PgConnection;

use super::convert;
use crate::{
    domain::{Affected, Incident, Phase, Update, component_status},
    error::Error,
    store::{components, outbox, updates},
};

/// An update as a request describes it.
#[derive(Debug)]
pub(super) struct Draft {
    phase: Phase,
    body: String,
    affected: Vec<Affected>,
    displayed_at: Option<Timestamp>,
    silent: bool,
}

impl Draft {
    /// Reads what both requests say of the update.
    pub(super) fn parse(
        now: Timestamp,
        phase: wire::Phase,
        body: String,
        affected: &[wire::AffectedComponent],
        displayed_at: Option<prost_types::Timestamp>,
        silent: bool,
    ) -> Result<Self, Error> {
        let displayed_at = displayed_at
            .map(|at| from_wire(&at, now).map_err(|wrong| Error::invalid("displayed_at", wrong)))
            .transpose()?;
        Ok(Self {
            phase: convert::parse_phase(phase)?,
            body,
            affected: convert::parse_affected(affected)?,
            displayed_at,
            silent,
        })
    }

    /// How many events the update makes.
    pub(super) fn events(&self) -> i64 {
        i64::from(!self.silent)
    }

    /// Makes the update. It is called with the page locked: the times of updates that name none are then in
    /// the order in which they are committed, and so are their ids.
    pub(super) async fn settle(
        self,
        db: &mut PgConnection,
        tenant: TenantId,
        page: PageId,
        clock: &Clock,
    ) -> Result<Update, Error> {
        let Self { phase, body, mut affected, displayed_at, silent } = self;
        check_known(db, tenant, page, &affected).await?;
        affected.sort_unstable_by_key(|affected| affected.component_id);
        let now = clock.now();
        Ok(Update {
            update_id: UpdateId::new(clock),
            phase,
            body,
            affected,
            displayed_at: displayed_at.unwrap_or(now),
            created_at: now,
            silent,
        })
    }
}

async fn check_known(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    affected: &[Affected],
) -> Result<(), Error> {
    if affected.is_empty() {
        return Ok(());
    }
    let ids = affected.iter().map(|affected| affected.component_id.uuid()).collect::<Vec<_>>();
    let known = components::list_known_components(db, tenant, page, &ids).await?;
    let known = known.into_iter().collect::<HashSet<_>>();
    let violations = affected
        .iter()
        .enumerate()
        .filter(|(_, affected)| !known.contains(&affected.component_id))
        .map(|(index, _)| Violation {
            field: format!("affected_components[{index}].component_id"),
            description: "must be a component of the incident's page".to_owned(),
        })
        .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// Writes the incident's newly told update with all that follows from it, and the event unless it is silent.
/// The incident's own row is written by then.
pub(super) async fn write(
    db: &mut PgConnection,
    tenant: TenantId,
    clock: &Clock,
    incident: &Incident,
    update: &Update,
    position: i64,
) -> Result<(), Error> {
    updates::insert_update(db, tenant, incident.incident_id, update).await?;
    if !update.affected.is_empty() {
        updates::insert_update_components(db, tenant, update.update_id, &update.affected).await?;
    }
    if !incident.standing.affected.is_empty() {
        updates::save_incident_components(db, tenant, incident.incident_id, &incident.standing.affected)
            .await?;
        refresh_components(db, tenant, incident).await?;
    }
    if !update.silent {
        let event = EventId::new(clock);
        outbox::insert_event(
            db,
            tenant,
            event,
            incident.page_id,
            incident.incident_id,
            update.update_id,
            position,
        )
        .await?;
        outbox::wake_relay(db).await?;
    }
    Ok(())
}

/// Computes the statuses of the incident's components anew, from all open incidents of the page.
async fn refresh_components(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: &Incident,
) -> Result<(), Error> {
    let touched = incident.standing.affected.iter().map(|said| said.component_id).collect::<Vec<_>>();
    let ids = touched.iter().map(|component| component.uuid()).collect::<Vec<_>>();
    let mut said = HashMap::<_, Vec<_>>::new();
    for affected in components::list_open_statuses(db, tenant, incident.page_id, &ids).await? {
        said.entry(affected.component_id).or_default().push(affected.status);
    }
    let statuses = touched
        .iter()
        .map(|component| component_status(said.remove(component).unwrap_or_default()))
        .collect::<Vec<_>>();
    components::save_component_statuses(db, tenant, &ids, &statuses).await?;
    Ok(())
}
