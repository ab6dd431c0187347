//! What maintenances do by themselves, when their time has come.
//!
//! Each function does what one due row asks for, and takes the row out in the same transaction. What a row asks for is
//! done only if the maintenance, once locked, still says so.

use jiff::Timestamp;
use kit::{Clock, Db, ids::MaintenanceId};

use super::write;
use crate::{
    domain::{AuditAction, Event, Maintenance, MaintenancePhase, MaintenanceUpdate},
    error::Error,
    rpc::change,
    store::{
        due::{self, Due},
        intervals::Recording,
        maintenances, pages,
    },
};

/// Begins a maintenance whose planned start has come.
pub(crate) async fn start_due(db: &Db, clock: &Clock, due: &Due) -> Result<(), Error> {
    move_on(db, clock, due, |maintenance, now| {
        let is_foreseen = maintenance.course(now).start_at == Some(due.due_at);
        is_foreseen.then_some((MaintenancePhase::InProgress, maintenance.silent_at_start))
    })
    .await
}

/// Completes a maintenance whose planned end has come.
pub(crate) async fn end_due(db: &Db, clock: &Clock, due: &Due) -> Result<(), Error> {
    move_on(db, clock, due, |maintenance, now| {
        let is_foreseen = maintenance.course(now).end_at == Some(due.due_at);
        is_foreseen.then_some((MaintenancePhase::Completed, maintenance.silent_at_end))
    })
    .await
}

/// Tells the update that the clock foresaw; `foreseen` says into which phase, and whether silently.
async fn move_on(
    db: &Db,
    clock: &Clock,
    due: &Due,
    foreseen: impl Fn(&Maintenance, Timestamp) -> Option<(MaintenancePhase, bool)>,
) -> Result<(), Error> {
    let (tenant, maintenance_id) = (due.tenant_id, MaintenanceId::from_uuid(due.subject_id));
    let now = clock.now();
    let mut tx = db.tenant(tenant).await?;
    // Looked at before the page is locked: what is not done does not move the page on.
    let seen = maintenances::find_maintenance(&mut tx, tenant, maintenance_id).await?;
    let seen = seen.map(|row| row.with(Vec::new(), Vec::new()));
    let Some(seen) = seen.filter(|seen| foreseen(seen, now).is_some()) else {
        if due::complete(&mut tx, due).await? {
            tx.commit().await?;
        }
        return Ok(());
    };
    // A position that no event takes is a gap, which is nobody's loss.
    let position = pages::advance_page(&mut tx, tenant, seen.page_id, 1).await?;
    let maintenance = write::lock(&mut tx, tenant, maintenance_id).await?;
    // Before the rest, because what follows puts down anew what the maintenance will do.
    if !due::complete(&mut tx, due).await? {
        return Ok(());
    }
    let step = maintenance.and_then(|maintenance| {
        foreseen(&maintenance, now).map(|(phase, silent)| (maintenance, phase, silent))
    });
    if let Some((mut maintenance, phase, silent)) = step {
        let story = maintenances::find_story(&mut tx, tenant, maintenance_id).await?;
        let told = write::new_update(clock, phase, Some(story.latest_at), Some(due.due_at), silent);
        let told = MaintenanceUpdate { automatic: true, ..told };
        let by = Recording { tenant, page: seen.page_id, member: None, clock };
        write::insert_told(&mut tx, by, maintenance_id, &told, position).await?;
        maintenance.tell(told);
        maintenances::save_maintenance(&mut tx, tenant, &maintenance).await?;
        write::record(&mut tx, by, &maintenance).await?;
        write::put_down(&mut tx, by, &maintenance).await?;
        let detail = format!("{}, as planned", write::name(phase));
        write::log(&mut tx, by, &maintenance, AuditAction::Told, detail).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Reminds subscribers of a maintenance that begins soon.
pub(crate) async fn remind_due(db: &Db, clock: &Clock, due: &Due) -> Result<(), Error> {
    let (tenant, maintenance_id) = (due.tenant_id, MaintenanceId::from_uuid(due.subject_id));
    let now = clock.now();
    let mut tx = db.tenant(tenant).await?;
    let seen = maintenances::find_maintenance(&mut tx, tenant, maintenance_id).await?;
    let seen = seen.map(|row| row.with(Vec::new(), Vec::new()));
    if let Some(seen) = seen.filter(|seen| seen.reminds(due.due_at, now)) {
        let position = pages::advance_page(&mut tx, tenant, seen.page_id, 1).await?;
        let maintenance = write::lock(&mut tx, tenant, maintenance_id).await?;
        if let Some(maintenance) = maintenance.filter(|found| found.reminds(due.due_at, now)) {
            let by = Recording { tenant, page: maintenance.page_id, member: None, clock };
            let event = Event::MaintenanceApproaching { maintenance: maintenance_id, due_at: due.due_at };
            change::insert_event(&mut tx, by, event, position).await?;
            let detail = "subscribers were reminded".to_owned();
            write::log(&mut tx, by, &maintenance, AuditAction::Told, detail).await?;
        }
    }
    if due::complete(&mut tx, due).await? {
        tx.commit().await?;
    }
    Ok(())
}
