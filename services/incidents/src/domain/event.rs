//! Facts that somebody must be told.

use jiff::Timestamp;
use kit::ids::{IncidentId, MaintenanceId, UpdateId};

/// What kind of fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "incidents.event_kind", rename_all = "snake_case")]
pub(crate) enum EventKind {
    IncidentUpdated,
    MaintenanceUpdated,
    MaintenanceApproaching,
    PostmortemPublished,
    NextUpdateDue,
}

/// A fact that somebody must be told, by the ids of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    IncidentUpdated {
        incident: IncidentId,
        update: UpdateId,
    },
    MaintenanceUpdated {
        maintenance: MaintenanceId,
        update: UpdateId,
    },
    /// Subscribers are reminded that it begins soon.
    MaintenanceApproaching {
        maintenance: MaintenanceId,
        due_at: Timestamp,
    },
    PostmortemPublished {
        incident: IncidentId,
    },
    /// Responders are reminded of the next update that this one promised.
    NextUpdateDue {
        incident: IncidentId,
        update: UpdateId,
    },
}

impl Event {
    pub(crate) fn kind(&self) -> EventKind {
        match self {
            Self::IncidentUpdated { .. } => EventKind::IncidentUpdated,
            Self::MaintenanceUpdated { .. } => EventKind::MaintenanceUpdated,
            Self::MaintenanceApproaching { .. } => EventKind::MaintenanceApproaching,
            Self::PostmortemPublished { .. } => EventKind::PostmortemPublished,
            Self::NextUpdateDue { .. } => EventKind::NextUpdateDue,
        }
    }

    pub(crate) fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::IncidentUpdated { incident, .. }
            | Self::PostmortemPublished { incident }
            | Self::NextUpdateDue { incident, .. } => Some(*incident),
            Self::MaintenanceUpdated { .. } | Self::MaintenanceApproaching { .. } => None,
        }
    }

    pub(crate) fn maintenance(&self) -> Option<MaintenanceId> {
        match self {
            Self::MaintenanceUpdated { maintenance, .. }
            | Self::MaintenanceApproaching { maintenance, .. } => Some(*maintenance),
            Self::IncidentUpdated { .. } | Self::PostmortemPublished { .. } | Self::NextUpdateDue { .. } => {
                None
            }
        }
    }

    pub(crate) fn update(&self) -> Option<UpdateId> {
        match self {
            Self::IncidentUpdated { update, .. }
            | Self::MaintenanceUpdated { update, .. }
            | Self::NextUpdateDue { update, .. } => Some(*update),
            Self::MaintenanceApproaching { .. } | Self::PostmortemPublished { .. } => None,
        }
    }

    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::MaintenanceApproaching { due_at, .. } => Some(*due_at),
            Self::IncidentUpdated { .. }
            | Self::MaintenanceUpdated { .. }
            | Self::PostmortemPublished { .. }
            | Self::NextUpdateDue { .. } => None,
        }
    }
}
