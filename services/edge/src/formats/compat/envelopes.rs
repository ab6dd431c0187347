//! What stands around the lists: the page first, its status last.

use serde::Serialize;

use super::{changes, codes, inventory::Component, stories::Incident, time, words};
use crate::formats::Source;

#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    id: String,
    name: &'a str,
    url: &'a str,
    time_zone: &'a str,
    updated_at: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            id: codes::page(&source.page.page_id),
            name: &source.page.name,
            url: &source.url,
            time_zone: &source.page.time_zone,
            updated_at: time::iso(changes::of_page(source), &source.time_zone),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct PageStatus {
    indicator: &'static str,
    description: &'static str,
}

impl PageStatus {
    pub(super) fn new(source: &Source) -> Self {
        let (indicator, description) = words::overall(source.front.overall_status());
        Self { indicator, description }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    pub(super) page: Page<'a>,
    pub(super) components: Vec<Component<'a>>,
    pub(super) incidents: Vec<Incident<'a>>,
    pub(super) scheduled_maintenances: Vec<Incident<'a>>,
    pub(super) status: PageStatus,
}

#[derive(Debug, Serialize)]
pub(super) struct Status<'a> {
    pub(super) page: Page<'a>,
    pub(super) status: PageStatus,
}

#[derive(Debug, Serialize)]
pub(super) struct Components<'a> {
    pub(super) page: Page<'a>,
    pub(super) components: Vec<Component<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Incidents<'a> {
    pub(super) page: Page<'a>,
    pub(super) incidents: Vec<Incident<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Maintenances<'a> {
    pub(super) page: Page<'a>,
    pub(super) scheduled_maintenances: Vec<Incident<'a>>,
}

/// One lot of a page's incidents.
#[derive(Debug, Serialize)]
pub(super) struct IncidentLot<'a> {
    pub(super) page: Page<'a>,
    pub(super) incidents: Vec<Incident<'a>>,
    pub(super) next_page: Option<&'a str>,
}

/// One lot of a page's maintenances.
#[derive(Debug, Serialize)]
pub(super) struct MaintenanceLot<'a> {
    pub(super) page: Page<'a>,
    pub(super) scheduled_maintenances: Vec<Incident<'a>>,
    pub(super) next_page: Option<&'a str>,
}
