//! Of which components a story speaks.

use kit::ids::ComponentId;

use crate::domain::{Incident, Maintenance};

/// The components that the incident names anywhere, some more than once.
pub(super) fn incident_speaks_of(incident: &Incident) -> impl Iterator<Item = ComponentId> {
    let now = incident.standing.affected.iter().map(|said| said.component_id);
    let told = incident.updates.iter().flat_map(|update| &update.affected).map(|said| said.component_id);
    let hurt = incident.component_impacts.iter().map(|impact| impact.component_id);
    now.chain(told).chain(hurt)
}

/// The components that the maintenance works on.
pub(super) fn maintenance_speaks_of(maintenance: &Maintenance) -> impl Iterator<Item = ComponentId> {
    maintenance.component_ids.iter().copied()
}
