//! What the format calls our statuses, phases and impacts.

use proto::incidents::v1::{ComponentStatus, Impact, MaintenancePhase, OverallStatus, Phase};

/// The status of an incident whose report is published, and of the entry that holds the report.
pub(super) const POSTMORTEM: &str = "postmortem";
/// The impact of every maintenance.
pub(super) const MAINTENANCE: &str = "maintenance";

pub(super) const fn component(status: ComponentStatus) -> &'static str {
    match status {
        ComponentStatus::Operational | ComponentStatus::Unspecified => "operational",
        ComponentStatus::UnderMaintenance => "under_maintenance",
        ComponentStatus::DegradedPerformance => "degraded_performance",
        ComponentStatus::PartialOutage => "partial_outage",
        ComponentStatus::MajorOutage => "major_outage",
    }
}

pub(super) const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Investigating | Phase::Unspecified => "investigating",
        Phase::Identified => "identified",
        Phase::Monitoring => "monitoring",
        Phase::Resolved => "resolved",
    }
}

/// The format has no word for what was cancelled: it is over.
pub(super) const fn maintenance(phase: MaintenancePhase) -> &'static str {
    match phase {
        MaintenancePhase::Scheduled | MaintenancePhase::Unspecified => "scheduled",
        MaintenancePhase::InProgress => "in_progress",
        MaintenancePhase::Verifying => "verifying",
        MaintenancePhase::Completed | MaintenancePhase::Cancelled => "completed",
    }
}

/// What a maintenance in this phase makes of its components.
pub(super) const fn worked_on(phase: MaintenancePhase) -> ComponentStatus {
    match phase {
        MaintenancePhase::InProgress | MaintenancePhase::Verifying => ComponentStatus::UnderMaintenance,
        MaintenancePhase::Scheduled
        | MaintenancePhase::Completed
        | MaintenancePhase::Cancelled
        | MaintenancePhase::Unspecified => ComponentStatus::Operational,
    }
}

pub(super) const fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::None | Impact::Unspecified => "none",
        Impact::Minor => "minor",
        Impact::Major => "major",
        Impact::Critical => "critical",
    }
}

/// The indicator of a page and its description, which programs compare and which is therefore always English.
pub(super) const fn overall(status: OverallStatus) -> (&'static str, &'static str) {
    match status {
        OverallStatus::MajorOutage => ("critical", "Major System Outage"),
        OverallStatus::PartialOutage => ("major", "Partial System Outage"),
        OverallStatus::MinorOutage => ("minor", "Minor Service Outage"),
        OverallStatus::Degraded => ("minor", "Degraded System Service"),
        OverallStatus::PartiallyDegraded => ("minor", "Partially Degraded Service"),
        OverallStatus::SystemUnderMaintenance => ("maintenance", "System Under Maintenance"),
        OverallStatus::ServiceUnderMaintenance => ("maintenance", "Service Under Maintenance"),
        OverallStatus::Operational => ("none", "All Systems Operational"),
        OverallStatus::Unspecified => ("none", "Status Unknown"),
    }
}
