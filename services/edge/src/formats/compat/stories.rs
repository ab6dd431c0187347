//! Incidents and maintenances, which are one thing in the format.

use std::cell::OnceCell;

use jiff::Timestamp;
use proto::incidents::v1 as wire;
use serde::Serialize;

use super::{
    changes, codes,
    inventory::{Component, Inventory},
    time,
    updates::Update,
    words,
};
use crate::{formats::Source, view::PageHead, wire::read};

/// An incident, or a maintenance.
#[derive(Debug, Serialize)]
pub(super) struct Incident<'a> {
    id: String,
    name: &'a str,
    status: &'static str,
    created_at: Option<String>,
    updated_at: Option<String>,
    monitoring_at: Option<String>,
    resolved_at: Option<String>,
    impact: &'static str,
    shortlink: String,
    started_at: Option<String>,
    page_id: String,
    /// The newest first.
    pub(super) incident_updates: Vec<Update>,
    /// As they are now.
    components: Vec<Component<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_for: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_until: Option<String>,
    /// Nudges to those who write, which are nobody else's business: always null.
    reminder_intervals: (),
}

/// What stories are told with.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    pub(super) source: &'a Source,
    pub(super) inventory: Inventory<'a>,
    page_id: String,
    /// Made when it is needed.
    head: OnceCell<Option<PageHead>>,
}

impl<'a> Teller<'a> {
    /// With the components and groups that an answer brings along.
    pub(super) fn new(
        source: &'a Source,
        others: &'a [wire::Component],
        other_groups: &'a [wire::ComponentGroup],
    ) -> Self {
        Self {
            source,
            inventory: Inventory::new(source, others, other_groups),
            page_id: codes::page(&source.page.page_id),
            head: OnceCell::new(),
        }
    }

    pub(super) fn time(&self, at: Option<Timestamp>) -> Option<String> {
        at.map(|at| time::iso(at, &self.source.time_zone))
    }

    /// A time from the wire, as the format writes it.
    pub(super) fn told(&self, at: Option<&prost_types::Timestamp>) -> Option<String> {
        self.time(read(at))
    }

    pub(super) fn head(&self) -> Option<&PageHead> {
        self.head.get_or_init(|| PageHead::new(&self.source.front)).as_ref()
    }

    pub(super) fn incidents(&self, incidents: &'a [wire::Incident]) -> Vec<Incident<'a>> {
        incidents.iter().map(|incident| self.incident(incident)).collect()
    }

    pub(super) fn maintenances(
        &self,
        maintenances: impl IntoIterator<Item = &'a wire::Maintenance>,
    ) -> Vec<Incident<'a>> {
        maintenances.into_iter().map(|maintenance| self.maintenance(maintenance)).collect()
    }

    pub(super) fn incident(&self, incident: &'a wire::Incident) -> Incident<'a> {
        let id = codes::incident(&incident.incident_id);
        let monitoring = incident.updates.iter().rfind(|update| update.phase() == wire::Phase::Monitoring);
        let named = incident.affected_components.iter().map(|each| each.component_id.as_str());
        let hurt = incident.component_impacts.iter().map(|each| each.component_id.as_str());
        Incident {
            name: &incident.title,
            status: if incident.has_postmortem { words::POSTMORTEM } else { words::phase(incident.phase()) },
            created_at: self.told(incident.created_at.as_ref()),
            updated_at: self.time(changes::of_incident(incident)),
            monitoring_at: monitoring.and_then(|update| self.told(update.displayed_at.as_ref())),
            resolved_at: self.told(incident.resolved_at.as_ref()),
            impact: words::impact(incident.impact()),
            shortlink: self.address(&id),
            started_at: self.told(incident.started_at.as_ref()),
            page_id: self.page_id.clone(),
            incident_updates: Update::of_incident(self, incident, &id),
            components: self.inventory.listed(named.chain(hurt)),
            scheduled_for: None,
            scheduled_until: None,
            reminder_intervals: (),
            id,
        }
    }

    pub(super) fn maintenance(&self, maintenance: &'a wire::Maintenance) -> Incident<'a> {
        let id = codes::maintenance(&maintenance.maintenance_id);
        // Elsewhere a maintenance starts, by this field, when it is announced; when it is done, the next ones say.
        let announced = maintenance.updates.last().and_then(|update| update.displayed_at.as_ref());
        Incident {
            name: &maintenance.title,
            status: words::maintenance(maintenance.phase()),
            created_at: self.told(maintenance.created_at.as_ref()),
            updated_at: self.time(changes::of_maintenance(maintenance)),
            monitoring_at: None,
            resolved_at: self.told(maintenance.ended_at.as_ref()),
            impact: words::MAINTENANCE,
            shortlink: self.address(&id),
            started_at: self.told(announced.or(maintenance.created_at.as_ref())),
            page_id: self.page_id.clone(),
            incident_updates: Update::of_maintenance(self, maintenance, &id),
            components: self.inventory.listed(maintenance.component_ids.iter().map(String::as_str)),
            scheduled_for: self.told(maintenance.scheduled_start_at.as_ref()),
            scheduled_until: self.told(maintenance.scheduled_end_at.as_ref()),
            reminder_intervals: (),
            id,
        }
    }

    fn address(&self, code: &str) -> String {
        format!("{}/incidents/{code}", self.source.url)
    }
}
