//! What the audit log says of components' statuses.

use crate::domain::{ComponentStatus, Spell};

/// A status by its name.
pub(super) fn name(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational => "operational",
        ComponentStatus::UnderMaintenance => "under maintenance",
        ComponentStatus::DegradedPerformance => "degraded performance",
        ComponentStatus::PartialOutage => "partial outage",
        ComponentStatus::MajorOutage => "major outage",
    }
}

/// A spell with its times.
pub(super) fn describe(spell: &Spell) -> String {
    let status = name(spell.status);
    match spell.ended_at {
        Some(ended_at) => format!("{status} from {} to {ended_at}", spell.started_at),
        None => format!("{status} since {}", spell.started_at),
    }
}
