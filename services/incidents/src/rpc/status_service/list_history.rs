//! `StatusService.ListHistory`

use std::collections::BTreeSet;

use jiff::civil::Date;
use kit::ids::PageId;
use proto::{
    common::v1::Month,
    incidents::v1::{
        HistoryEntry, HistoryMonth, ListHistoryRequest, ListHistoryResponse, history_entry::Entry,
    },
};

use super::speaks::{incident_speaks_of, maintenance_speaks_of};
use crate::{
    domain::{Moment, lot},
    error::Error,
    pages::Key,
    rpc::{
        Rpc, convert,
        read::{self, Extent, IncidentExcerpt, MaintenanceExcerpt},
    },
    store::{components, incidents, maintenances},
};

/// How many months are answered if the request does not say.
const MONTHS: i32 = 3;
/// How many incidents and maintenances an answer holds, from the contract.
const ENTRIES: u8 = 100;

/// Something that stands in the history.
enum Told {
    Incident(IncidentExcerpt),
    Maintenance(MaintenanceExcerpt),
}

impl Told {
    fn moment(&self) -> Moment {
        match self {
            Self::Incident(IncidentExcerpt { incident, .. }) => {
                (incident.standing.started_at, incident.incident_id.uuid())
            }
            Self::Maintenance(MaintenanceExcerpt { maintenance, .. }) => {
                (maintenance.scheduled_start_at, maintenance.maintenance_id.uuid())
            }
        }
    }

    fn entry(self) -> HistoryEntry {
        let entry = match self {
            Self::Incident(incident) => Entry::Incident(convert::public_incident(incident)),
            Self::Maintenance(maintenance) => Entry::Maintenance(convert::public_maintenance(maintenance)),
        };
        HistoryEntry { entry: Some(entry) }
    }
}

/// Ten queries, however much happened.
pub(super) async fn list_history(
    rpc: &Rpc,
    request: ListHistoryRequest,
) -> Result<ListHistoryResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    // What is later than now is left out: a cancelled maintenance that was planned for later stands nowhere yet.
    let now = rpc.clock.now();
    let before = read::moment(&request.page_token, now, now)?;
    let months = if request.page_size == 0 { MONTHS } else { request.page_size };
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let (tenant, zone) = (page.tenant_id, page.zone()?);

    let limit = i64::from(ENTRIES) + 1;
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let incident_rows = incidents::list_public_incidents(&mut tx, tenant, page_id, before, limit).await?;
    let maintenance_rows = maintenances::list_ended_before(&mut tx, tenant, page_id, before, limit).await?;
    let mut told = Vec::with_capacity(incident_rows.len() + maintenance_rows.len());
    let incidents = read::load_incident_excerpts(&mut tx, tenant, incident_rows, Extent::Latest).await?;
    told.extend(incidents.into_iter().map(Told::Incident));
    let maintenances =
        read::load_maintenance_excerpts(&mut tx, tenant, maintenance_rows, Extent::Latest).await?;
    told.extend(maintenances.into_iter().map(Told::Maintenance));
    told.sort_by_key(|told| std::cmp::Reverse(told.moment()));
    told.truncate(usize::from(ENTRIES) + 1);
    let moments = told.iter().map(Told::moment).collect::<Vec<_>>();
    let lot = lot(before, &moments, months, usize::from(ENTRIES), &zone);
    told.truncate(lot.taken);

    let mut spoken_of = BTreeSet::new();
    for told in &told {
        match told {
            Told::Incident(excerpt) => spoken_of.extend(incident_speaks_of(&excerpt.incident)),
            Told::Maintenance(excerpt) => spoken_of.extend(maintenance_speaks_of(&excerpt.maintenance)),
        }
    }
    let former_components = components::list_former_components(&mut tx, tenant, page_id, spoken_of).await?;
    tx.commit().await?;

    let mut told = told.into_iter();
    let months = lot
        .months
        .into_iter()
        .map(|(month, count)| HistoryMonth {
            month: Some(wire_month(month)),
            entries: told.by_ref().take(count).map(Told::entry).collect(),
        })
        .collect();
    let next = lot.next.map(|moment| read::place(moment).token());
    Ok(ListHistoryResponse {
        months,
        next_page_token: next.unwrap_or_default(),
        former_components: former_components.into_iter().map(convert::public_component).collect(),
    })
}

fn wire_month(first: Date) -> Month {
    Month { year: i32::from(first.year()), month: i32::from(first.month()) }
}
