//! `MaintenanceService.UpdateMaintenance`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::{ComponentId, MaintenanceId},
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{Maintenance as Wire, UpdateMaintenanceRequest, UpdateMaintenanceResponse};
use sqlx::PgConnection;

use super::write;
use crate::{
    domain::{AuditAction, Maintenance, MaintenanceChanges, MaintenanceUpdate, Unchangeable},
    error::Error,
    rpc::{Rpc, convert},
    store::{intervals::Recording, maintenances, pages},
};

/// What of a maintenance can be changed, from the contract.
const CHANGEABLE: [&str; 10] = [
    "title",
    "component_ids",
    "scheduled_start_at",
    "scheduled_end_at",
    "starts_by_hand",
    "ends_by_hand",
    "reminder_lead_minutes",
    "silent_at_start",
    "silent_at_end",
    "language",
];

pub(super) async fn update_maintenance(
    rpc: &Rpc,
    member: &Member,
    mut request: UpdateMaintenanceRequest,
) -> Result<UpdateMaintenanceResponse, Error> {
    let maintenance_id: MaintenanceId = convert::id("maintenance_id", &request.maintenance_id)?;
    let mask = Mask::parse(request.update_mask.take(), &CHANGEABLE)?;
    let (etag, silent) = (request.etag.clone(), request.notify == Some(false));
    let named = mask.pick("component_ids", || convert::parse_worked_on(&request.component_ids))?;
    let changes = parse(rpc.clock.now(), &mask, request, named.as_deref())?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    // Looked at before the page is locked: what changes nothing does not move the page on.
    let row = maintenances::find_maintenance(&mut tx, tenant, maintenance_id).await?;
    let seen = maintenances::load_bare(&mut tx, tenant, row.into_iter().collect()).await?;
    let seen = seen.into_iter().next().ok_or(Error::NotFound)?;
    if check_etag(&etag, seen.revision).is_ok() {
        let wanted = seen.with(&changes).map_err(|why| refusal(why, &mask))?;
        if wanted == seen {
            tx.commit().await?;
            return Ok(answer(seen));
        }
    }

    // A position that no event takes is a gap, which is nobody's loss.
    let position = pages::advance_page(&mut tx, tenant, seen.page_id, 1).await?;
    let before = write::lock(&mut tx, tenant, maintenance_id).await?.ok_or(Error::NotFound)?;
    check_etag(&etag, before.revision)?;
    let mut after = before.with(&changes).map_err(|why| refusal(why, &mask))?;
    let by = Recording { tenant, page: after.page_id, member: Some(member.member), clock: &rpc.clock };
    if let Some(named) = &named {
        write::check_known(&mut tx, tenant, after.page_id, named, &before.component_ids).await?;
        maintenances::save_components(&mut tx, tenant, maintenance_id, &after.component_ids).await?;
    }
    let (start, end) = after.moved_since(&before);
    if start.is_some() || end.is_some() {
        tell_moved(&mut tx, by, &mut after, (start, end), silent, position).await?;
    }
    after.revision = maintenances::save_maintenance(&mut tx, tenant, &after).await?;
    if after.component_ids != before.component_ids {
        write::record(&mut tx, by, &after).await?;
    }
    let now = rpc.clock.now();
    if after.course(now) != before.course(now) {
        write::put_down(&mut tx, by, &after).await?;
    }
    let names = CHANGEABLE.into_iter().filter(|field| mask.has(field)).collect::<Vec<_>>().join(", ");
    let detail = format!("{names}; {}", write::planned(&after));
    write::log(&mut tx, by, &after, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(answer(after))
}

fn answer(maintenance: Maintenance) -> UpdateMaintenanceResponse {
    UpdateMaintenanceResponse { maintenance: Some(Wire { updates: Vec::new(), ..maintenance.into() }) }
}

fn parse(
    now: Timestamp,
    mask: &Mask,
    request: UpdateMaintenanceRequest,
    named: Option<&[ComponentId]>,
) -> Result<MaintenanceChanges, Error> {
    let mut component_ids = named.map(<[_]>::to_vec);
    component_ids.iter_mut().for_each(|ids| ids.sort_unstable());
    let planned = |field, at| mask.pick(field, || convert::parse_planned(field, at, now));
    let start = planned("scheduled_start_at", request.scheduled_start_at)?;
    let end = planned("scheduled_end_at", request.scheduled_end_at)?;
    let flag = |field, value| mask.has(field).then_some(value);
    Ok(MaintenanceChanges {
        title: mask.pick("title", || convert::line("title", &request.title))?,
        component_ids,
        scheduled_start_at: start,
        scheduled_end_at: end,
        starts_by_hand: flag("starts_by_hand", request.starts_by_hand),
        ends_by_hand: flag("ends_by_hand", request.ends_by_hand),
        reminder_lead_minutes: mask
            .pick("reminder_lead_minutes", || convert::parse_reminders(request.reminder_lead_minutes))?,
        silent_at_start: flag("silent_at_start", request.silent_at_start),
        silent_at_end: flag("silent_at_end", request.silent_at_end),
        language: mask.has("language").then_some(request.language),
    })
}

/// What a refusal by the domain is to the caller.
fn refusal(why: Unchangeable, mask: &Mask) -> Error {
    match why {
        Unchangeable::EndsTooEarly if mask.has("scheduled_end_at") => {
            Error::invalid("scheduled_end_at", "must be later than `scheduled_start_at`")
        }
        Unchangeable::EndsTooEarly => {
            Error::invalid("scheduled_start_at", "must be earlier than `scheduled_end_at`")
        }
        Unchangeable::HasBegun => Error::Precondition("the maintenance has begun and has no other start"),
        Unchangeable::IsOver => {
            Error::Precondition("the maintenance is over; only its title, language and components can change")
        }
    }
}

async fn tell_moved(
    db: &mut PgConnection,
    by: Recording<'_>,
    maintenance: &mut Maintenance,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
    silent: bool,
    position: i64,
) -> Result<(), Error> {
    let story = write::check_not_full(db, by.tenant, maintenance.maintenance_id).await?;
    let told = write::new_update(by.clock, maintenance.phase, Some(story.latest_at), None, silent);
    let told = MaintenanceUpdate { scheduled_start_at: start, scheduled_end_at: end, ..told };
    write::insert_told(db, by, maintenance.maintenance_id, &told, position).await?;
    maintenance.tell(told);
    Ok(())
}
