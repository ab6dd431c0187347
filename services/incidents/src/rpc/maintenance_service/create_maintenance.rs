//! `MaintenanceService.CreateMaintenance`

use kit::{
    caller::Member,
    ids::{MaintenanceId, PageId},
};
use proto::incidents::v1::{CreateMaintenanceRequest, CreateMaintenanceResponse};

use super::write;
use crate::{
    domain::{AuditAction, Maintenance, MaintenancePhase, MaintenanceUpdate, OPEN_MAINTENANCES_PER_PAGE},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, intervals::Recording, maintenances, pages},
};

pub(super) async fn create_maintenance(
    rpc: &Rpc,
    member: &Member,
    request: CreateMaintenanceRequest,
) -> Result<CreateMaintenanceResponse, Error> {
    let key = member.request_key("CreateMaintenance", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let now = rpc.clock.now();
    let named = convert::parse_worked_on(&request.component_ids)?;
    let mut component_ids = named.clone();
    component_ids.sort_unstable();
    let mut maintenance = Maintenance {
        maintenance_id: MaintenanceId::new(&rpc.clock),
        page_id,
        title: convert::line("title", &request.title)?,
        phase: MaintenancePhase::Scheduled,
        component_ids,
        scheduled_start_at: convert::parse_planned("scheduled_start_at", request.scheduled_start_at, now)?,
        scheduled_end_at: convert::parse_planned("scheduled_end_at", request.scheduled_end_at, now)?,
        started_at: None,
        ended_at: None,
        starts_by_hand: request.starts_by_hand,
        ends_by_hand: request.ends_by_hand,
        reminder_lead_minutes: convert::parse_reminders(request.reminder_lead_minutes)?,
        silent_at_start: request.silent_at_start,
        silent_at_end: request.silent_at_end,
        language: request.language,
        revision: 1,
        created_at: now,
        updates: Vec::new(),
    };
    if maintenance.scheduled_end_at <= maintenance.scheduled_start_at {
        return Err(Error::invalid("scheduled_end_at", "must be later than `scheduled_start_at`"));
    }
    let is_past = maintenance.is_past(now);
    let body = convert::text("body", request.body)?;
    let silent = is_past || request.notify == Some(false);

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let position = pages::advance_page(&mut tx, tenant, page_id, i64::from(!silent)).await?;
    let open = maintenances::count_open(&mut tx, tenant, page_id).await?;
    if !is_past && open >= i64::from(OPEN_MAINTENANCES_PER_PAGE) {
        return Err(Error::LimitReached {
            what: "a page",
            limit: OPEN_MAINTENANCES_PER_PAGE,
            of: "maintenances that are not over",
        });
    }
    write::check_known(&mut tx, tenant, page_id, &named, &[]).await?;
    if is_past {
        let over_at = Some(maintenance.scheduled_end_at);
        let told = write::new_update(&rpc.clock, MaintenancePhase::Completed, None, over_at, silent);
        maintenance.tell_afterwards(MaintenanceUpdate { body, ..told });
    } else {
        let told = write::new_update(&rpc.clock, MaintenancePhase::Scheduled, None, None, silent);
        maintenance.tell(MaintenanceUpdate { body, ..told });
    }
    maintenances::insert_maintenance(&mut tx, tenant, &maintenance).await?;
    maintenances::save_components(&mut tx, tenant, maintenance.maintenance_id, &maintenance.component_ids)
        .await?;
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    for update in &maintenance.updates {
        write::insert_told(&mut tx, by, maintenance.maintenance_id, update, position).await?;
    }
    write::record(&mut tx, by, &maintenance).await?;
    write::put_down(&mut tx, by, &maintenance).await?;
    write::log(&mut tx, by, &maintenance, AuditAction::Created, write::planned(&maintenance)).await?;
    let reply = CreateMaintenanceResponse { maintenance: Some(maintenance.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
