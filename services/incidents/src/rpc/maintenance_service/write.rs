//! The beats that the verbs and the clock share when they change a maintenance. The page is locked in all of them.

use std::collections::HashSet;

use jiff::Timestamp;
use kit::{
    Clock,
    ids::{ComponentId, MaintenanceId, PageId, TenantId, UpdateId},
};
use proto::Violation;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        AuditAction, AuditSubject, Cause, Event, Maintenance, MaintenancePhase, MaintenanceUpdate,
        NewAuditEntry, UPDATES_PER_MAINTENANCE, displayed_after,
    },
    error::Error,
    rpc::change,
    store::{
        components,
        due::{self, DueKind},
        intervals::Recording,
        maintenances::{self, Story},
    },
};

/// Locks the maintenance, whose page is locked; it comes without its updates.
pub(super) async fn lock(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> Result<Option<Maintenance>, Error> {
    let row = maintenances::lock_maintenance(db, tenant, maintenance).await?;
    let found = maintenances::load_bare(db, tenant, row.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// Makes sure that the components can be worked on: they are on the page, or the maintenance has them already.
pub(super) async fn check_known(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    named: &[ComponentId],
    had: &[ComponentId],
) -> Result<(), Error> {
    let ids = named.iter().map(|component| component.uuid()).collect::<Vec<_>>();
    let known = components::list_known_components(db, tenant, page, &ids).await?;
    let known = known.iter().chain(had).collect::<HashSet<_>>();
    let violations = named
        .iter()
        .enumerate()
        .filter(|(_, component)| !known.contains(component))
        .map(|(index, _)| Violation {
            field: format!("component_ids[{index}]"),
            description: "must be a component of the maintenance's page".to_owned(),
        })
        .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// Makes sure that the maintenance can have another update.
pub(super) async fn check_not_full(
    db: &mut PgConnection,
    tenant: TenantId,
    maintenance: MaintenanceId,
) -> Result<Story, Error> {
    let story = maintenances::find_story(db, tenant, maintenance).await?;
    if story.updates >= i64::from(UPDATES_PER_MAINTENANCE) {
        return Err(Error::LimitReached {
            what: "a maintenance",
            limit: UPDATES_PER_MAINTENANCE,
            of: "updates",
        });
    }
    Ok(story)
}

/// An update of this moment, or of this later time, that says nothing yet.
pub(super) fn new_update(
    clock: &Clock,
    phase: MaintenancePhase,
    latest_at: Option<Timestamp>,
    at: Option<Timestamp>,
    silent: bool,
) -> MaintenanceUpdate {
    let now = clock.now();
    let at = at.unwrap_or(now);
    MaintenanceUpdate {
        update_id: UpdateId::new(clock),
        phase,
        body: String::new(),
        silent,
        automatic: false,
        scheduled_start_at: None,
        scheduled_end_at: None,
        displayed_at: latest_at.map_or(at, |latest| displayed_after(latest, at)),
        created_at: now,
    }
}

/// Writes an update that was told, and its event unless it is silent.
pub(super) async fn insert_told(
    db: &mut PgConnection,
    by: Recording<'_>,
    maintenance: MaintenanceId,
    update: &MaintenanceUpdate,
    position: i64,
) -> Result<(), Error> {
    maintenances::insert_update(db, by.tenant, maintenance, update).await?;
    if update.silent {
        return Ok(());
    }
    change::insert_event(
        db,
        by,
        Event::MaintenanceUpdated { maintenance, update: update.update_id },
        position,
    )
    .await
}

/// Makes the components' history say what follows from the maintenance.
pub(super) async fn record(
    db: &mut PgConnection,
    by: Recording<'_>,
    maintenance: &Maintenance,
) -> Result<(), Error> {
    let deleted = components::list_deletions(db, by.tenant, &maintenance.component_ids).await?;
    let cause = Cause::Maintenance(maintenance.maintenance_id);
    change::replace_spells(db, by, cause, &maintenance.spells(&deleted)).await
}

/// What a maintenance does by itself.
const BY_ITSELF: [DueKind; 3] =
    [DueKind::StartMaintenance, DueKind::EndMaintenance, DueKind::RemindSubscribers];

/// Puts down what the maintenance will do by itself, in place of what was down before. A reminder whose time has just
/// come is not put down any more; one that is down already, and only not sent yet, stays.
pub(super) async fn put_down(
    db: &mut PgConnection,
    by: Recording<'_>,
    maintenance: &Maintenance,
) -> Result<(), Error> {
    let subject = maintenance.maintenance_id.uuid();
    let now = by.clock.now();
    let course = maintenance.course(now);
    let still_to_send = maintenance.reminders().filter(|at| maintenance.reminds(*at, now));
    let still_to_send = still_to_send.map(|at| (DueKind::RemindSubscribers, at));
    let reminders = course.remind_at.into_iter().map(|at| (DueKind::RemindSubscribers, at));
    let start = course.start_at.map(|at| (DueKind::StartMaintenance, at));
    let end = course.end_at.map(|at| (DueKind::EndMaintenance, at));
    let planned = reminders.chain(start).chain(end).collect::<Vec<_>>();
    let kept = planned.iter().copied().chain(still_to_send).collect::<Vec<_>>();
    due::cancel_all_but(db, by.tenant, subject, &BY_ITSELF, &kept).await?;
    for (kind, at) in planned {
        due::put(db, by.tenant, by.clock.uuid(), kind, subject, at).await?;
    }
    Ok(())
}

/// The maintenance does nothing by itself any more.
pub(super) async fn cancel_all(db: &mut PgConnection, tenant: TenantId, subject: Uuid) -> Result<(), Error> {
    due::cancel(db, tenant, subject, &BY_ITSELF).await?;
    Ok(())
}

/// Writes the change into the audit log.
pub(super) async fn log(
    db: &mut PgConnection,
    by: Recording<'_>,
    maintenance: &Maintenance,
    action: AuditAction,
    detail: String,
) -> Result<(), Error> {
    let entry = NewAuditEntry {
        action,
        subject: AuditSubject::Maintenance,
        subject_id: maintenance.maintenance_id.uuid(),
        subject_name: maintenance.title.clone(),
        detail,
    };
    change::log(db, by, entry).await
}

/// When the maintenance is planned, for the audit log.
pub(super) fn planned(maintenance: &Maintenance) -> String {
    format!("planned from {} to {}", maintenance.scheduled_start_at, maintenance.scheduled_end_at)
}

/// A phase, for the audit log.
pub(super) fn name(phase: MaintenancePhase) -> &'static str {
    match phase {
        MaintenancePhase::Scheduled => "scheduled",
        MaintenancePhase::InProgress => "in progress",
        MaintenancePhase::Verifying => "verifying",
        MaintenancePhase::Completed => "completed",
        MaintenancePhase::Cancelled => "cancelled",
    }
}
