//! When what the format tells last changed, as far as a source can say.

use std::collections::HashMap;

use jiff::Timestamp;
use proto::incidents::v1::{GetPageResponse, Incident, IncidentUpdate, Maintenance, Postmortem};

use crate::formats::Source;
use crate::wire::read;

type Wire = Option<prost_types::Timestamp>;

fn latest<const N: usize>(times: [&Wire; N]) -> Option<Timestamp> {
    times.into_iter().filter_map(|at| read(at.as_ref())).max()
}

pub(super) fn of_update(update: &IncidentUpdate) -> Option<Timestamp> {
    latest([&update.created_at, &update.published_at, &update.edited_at])
}

pub(super) fn of_postmortem(report: &Postmortem) -> Option<Timestamp> {
    latest([&report.published_at, &report.edited_at])
}

pub(super) fn of_incident(incident: &Incident) -> Option<Timestamp> {
    let updates = incident.updates.iter().filter_map(of_update);
    let report = incident.postmortem.as_ref().and_then(of_postmortem);
    updates.chain(report).chain(latest([&incident.created_at])).max()
}

pub(super) fn of_maintenance(maintenance: &Maintenance) -> Option<Timestamp> {
    let updates = maintenance.updates.iter().filter_map(|update| latest([&update.created_at]));
    updates.chain(latest([&maintenance.created_at])).max()
}

fn incidents(front: &GetPageResponse) -> impl Iterator<Item = &Incident> {
    front.open_incidents.iter().chain(&front.recent_incidents)
}

fn maintenances(front: &GetPageResponse) -> impl Iterator<Item = &Maintenance> {
    let now = front.active_maintenances.iter().chain(&front.upcoming_maintenances);
    now.chain(&front.recent_maintenances)
}

/// When something was last told of components, by their ids. Of those that are not named nothing was.
pub(super) fn of_components(front: &GetPageResponse) -> HashMap<&str, Timestamp> {
    let in_incidents = incidents(front).flat_map(|incident| &incident.updates).flat_map(|update| {
        let at = of_update(update);
        update.affected_components.iter().filter_map(move |each| Some((each.component_id.as_str(), at?)))
    });
    let in_maintenances = maintenances(front).flat_map(|maintenance| {
        let at = of_maintenance(maintenance);
        maintenance.component_ids.iter().filter_map(move |id| Some((id.as_str(), at?)))
    });
    let mut changes = HashMap::new();
    for (id, at) in in_incidents.chain(in_maintenances) {
        changes.entry(id).and_modify(|known: &mut Timestamp| *known = at.max(*known)).or_insert(at);
    }
    changes
}

/// When anything on the front of a page last changed, or when the page was made.
pub(super) fn of_page(source: &Source) -> Timestamp {
    let front = &source.front;
    let components = front.components.iter().chain(&front.former_components);
    let components = components.filter_map(|each| latest([&each.created_at, &each.deleted_at]));
    let groups = front.component_groups.iter().filter_map(|each| latest([&each.created_at]));
    let told = incidents(front).filter_map(of_incident).chain(maintenances(front).filter_map(of_maintenance));
    components.chain(groups).chain(told).max().unwrap_or_else(|| source.made_at())
}
