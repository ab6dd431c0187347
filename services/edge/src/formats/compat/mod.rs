//! The JSON that clients of other status pages read.
//!
//! Field names, their order and their words are those of the format that most such clients know; what it does not have
//! comes last (`next_page`). Ids are codes of 12 characters, times are in the page's zone.

mod changes;
mod codes;
mod envelopes;
mod history;
mod inventory;
#[cfg(test)]
mod sample;
mod stories;
#[cfg(test)]
mod tests;
mod time;
mod updates;
mod uptime;
mod words;

use std::cmp::Reverse;

use jiff::Timestamp;
use proto::incidents::v1::{
    ListHistoryResponse, Maintenance, StatusServiceGetIncidentResponse, StatusServiceGetMaintenanceResponse,
    StatusServiceListIncidentsResponse, StatusServiceListMaintenancesResponse,
};
use serde::Serialize;

use self::{
    envelopes::{
        Components, IncidentLot, Incidents, MaintenanceLot, Maintenances, Page, PageStatus, Status, Summary,
    },
    history::History,
    inventory::Inventory,
    stories::Teller,
    uptime::Uptimes,
};
use super::Source;
use crate::wire::read;

/// `summary.json`: the page, its components, what is open, what is being done or is to come, and its status.
pub(crate) fn summary(source: &Source) -> impl Serialize {
    let teller = Teller::new(source, &[], &[]);
    let front = &source.front;
    let maintenances = front.active_maintenances.iter().chain(&front.upcoming_maintenances);
    Summary {
        page: Page::new(source),
        incidents: teller.incidents(&front.open_incidents),
        scheduled_maintenances: teller.maintenances(latest_first(maintenances)),
        components: teller.inventory.into_page(),
        status: PageStatus::new(source),
    }
}

/// `status.json`: how the page is, in a word.
pub(crate) fn status(source: &Source) -> impl Serialize {
    Status { page: Page::new(source), status: PageStatus::new(source) }
}

/// `components.json`: groups and components in one flat list.
pub(crate) fn components(source: &Source) -> impl Serialize {
    Components { page: Page::new(source), components: Inventory::new(source, &[], &[]).into_page() }
}

/// `incidents/unresolved.json`: what is open, newest first.
pub(crate) fn unresolved(source: &Source) -> impl Serialize {
    let incidents = Teller::new(source, &[], &[]).incidents(&source.front.open_incidents);
    Incidents { page: Page::new(source), incidents }
}

/// `scheduled-maintenances/upcoming.json`: what is to come, latest planned start first.
pub(crate) fn upcoming(source: &Source) -> impl Serialize {
    going_on(source, &source.front.upcoming_maintenances)
}

/// `scheduled-maintenances/active.json`: what is being done or verified, latest planned start first.
pub(crate) fn active(source: &Source) -> impl Serialize {
    going_on(source, &source.front.active_maintenances)
}

/// `incidents.json`: a lot of incidents, open or over, newest first.
pub(crate) fn incidents<'a>(
    source: &'a Source,
    lot: &'a StatusServiceListIncidentsResponse,
) -> impl Serialize {
    let teller = Teller::new(source, &lot.former_components, &[]);
    IncidentLot {
        page: Page::new(source),
        incidents: teller.incidents(&lot.incidents),
        next_page: next_page(&lot.next_page_token),
    }
}

/// `scheduled-maintenances.json`: a lot of maintenances, those that are over too, latest planned start first.
pub(crate) fn scheduled_maintenances<'a>(
    source: &'a Source,
    lot: &'a StatusServiceListMaintenancesResponse,
) -> impl Serialize {
    let teller = Teller::new(source, &lot.former_components, &[]);
    MaintenanceLot {
        page: Page::new(source),
        scheduled_maintenances: teller.maintenances(&lot.maintenances),
        next_page: next_page(&lot.next_page_token),
    }
}

/// `/incidents/<code>.json` of an incident: itself, with its report. Nothing (null) if the answer lacks it.
pub(crate) fn incident<'a>(source: &'a Source, told: &'a StatusServiceGetIncidentResponse) -> impl Serialize {
    let teller = Teller::new(source, &told.components, &told.component_groups);
    told.incident.as_ref().map(|incident| teller.incident(incident))
}

/// `/incidents/<code>.json` of a maintenance. Nothing (null) if the answer lacks it.
pub(crate) fn maintenance<'a>(
    source: &'a Source,
    told: &'a StatusServiceGetMaintenanceResponse,
) -> impl Serialize {
    let teller = Teller::new(source, &told.components, &told.component_groups);
    told.maintenance.as_ref().map(|maintenance| teller.maintenance(maintenance))
}

/// `/history.json`: months, newest first.
pub(crate) fn history<'a>(source: &'a Source, lot: &'a ListHistoryResponse) -> impl Serialize {
    History::new(source, lot)
}

/// The uptime of the last 90 days, by the codes of components and groups.
pub(crate) fn uptime(source: &Source) -> impl Serialize {
    Uptimes::new(source)
}

/// A time in the page's zone, as all of the format are.
pub(crate) fn time(source: &Source, at: Timestamp) -> String {
    time::iso(at, &source.time_zone)
}

fn going_on<'a>(source: &'a Source, maintenances: &'a [Maintenance]) -> Maintenances<'a> {
    let teller = Teller::new(source, &[], &[]);
    Maintenances {
        page: Page::new(source),
        scheduled_maintenances: teller.maintenances(latest_first(maintenances)),
    }
}

/// The latest planned start first: the order of all lists of the format, and not of the page.
fn latest_first<'a>(maintenances: impl IntoIterator<Item = &'a Maintenance>) -> Vec<&'a Maintenance> {
    let mut maintenances = maintenances.into_iter().collect::<Vec<_>>();
    maintenances.sort_by_key(|each| Reverse(read(each.scheduled_start_at.as_ref())));
    maintenances
}

/// Where a list goes on; null at its end.
fn next_page(token: &str) -> Option<&str> {
    Some(token).filter(|token| !token.is_empty())
}
