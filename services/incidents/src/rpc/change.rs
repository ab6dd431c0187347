//! The beats that verbs and the clock share when they change what a page shows.

use std::collections::{BTreeSet, HashMap};

use kit::ids::{AuditEntryId, ComponentId, EventId, TenantId};
use sqlx::PgConnection;

use crate::{
    domain::{Cause, Event, NewAuditEntry, Spell, StatusInterval, component_status, correction},
    error::Error,
    store::{
        audit,
        intervals::{self, Recording},
        outbox,
    },
};

/// Makes the history say that this cause gave components these statuses, and nothing else; the statuses that
/// components show now follow. The page is locked.
pub(crate) async fn replace_spells(
    db: &mut PgConnection,
    by: Recording<'_>,
    cause: Cause,
    wanted: &[Spell],
) -> Result<(), Error> {
    let recorded = intervals::list_by_cause(db, by.tenant, cause).await?;
    correct(db, by, cause, &recorded, wanted).await
}

/// The same, where only some of what the cause gave is at stake.
pub(crate) async fn correct(
    db: &mut PgConnection,
    by: Recording<'_>,
    cause: Cause,
    recorded: &[StatusInterval],
    wanted: &[Spell],
) -> Result<(), Error> {
    let correction = correction(recorded, wanted);
    if !correction.retract.is_empty() {
        intervals::retract(db, by.tenant, &correction.retract, by.clock.now()).await?;
    }
    if !correction.end.is_empty() {
        intervals::end(db, by.tenant, &correction.end).await?;
    }
    if !correction.record.is_empty() {
        intervals::record(db, by, cause, &correction.record).await?;
    }
    let touched = recorded
        .iter()
        .map(|interval| &interval.spell)
        .chain(wanted)
        .map(|spell| spell.component_id)
        .collect::<BTreeSet<_>>();
    refresh_statuses(db, by.tenant, touched).await
}

/// Computes anew what these components show, from all that gives them a status now.
pub(crate) async fn refresh_statuses(
    db: &mut PgConnection,
    tenant: TenantId,
    touched: impl IntoIterator<Item = ComponentId>,
) -> Result<(), Error> {
    let ids = touched.into_iter().map(ComponentId::uuid).collect::<Vec<_>>();
    if ids.is_empty() {
        return Ok(());
    }
    let mut given = HashMap::<_, Vec<_>>::new();
    for (component, status) in intervals::list_open_statuses(db, tenant, &ids).await? {
        given.entry(component.uuid()).or_default().push(status);
    }
    let statuses =
        ids.iter().map(|id| component_status(given.remove(id).unwrap_or_default())).collect::<Vec<_>>();
    intervals::save_component_statuses(db, tenant, &ids, &statuses).await?;
    Ok(())
}

/// Puts an event into the outbox, and wakes the relays.
pub(crate) async fn insert_event(
    db: &mut PgConnection,
    by: Recording<'_>,
    event: Event,
    position: i64,
) -> Result<(), Error> {
    outbox::insert_event(db, by.tenant, EventId::new(by.clock), by.page, &event, position).await?;
    outbox::wake_relay(db).await?;
    Ok(())
}

/// Writes a change into the audit log.
pub(crate) async fn log(db: &mut PgConnection, by: Recording<'_>, entry: NewAuditEntry) -> Result<(), Error> {
    audit::insert_entry(db, by, AuditEntryId::new(by.clock), &entry).await?;
    Ok(())
}
