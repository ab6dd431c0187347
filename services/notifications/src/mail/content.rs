//! The page that a mail speaks for, and how phases and statuses look in it.

use jiff::tz::TimeZone;
use kit::ids::{PageId, TenantId};
use kit::locale::Locale;

use crate::domain::{
    ComponentStatus, IncidentUpdate, MaintenanceApproaching, MaintenancePhase, MaintenanceUpdate, Phase,
    Postmortem,
};

/// The page that a mail speaks for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Whose page it is.
    pub tenant_id: TenantId,
    /// The page.
    pub page_id: PageId,
    /// Its place under the public address: small letters, digits and hyphens.
    pub slug: String,
    /// Its name as members wrote it; mails show at most 64 characters of it.
    pub name: String,
    /// The language that its members write in.
    pub locale: Locale,
    /// The zone in which times are told to readers who chose none.
    pub time_zone: TimeZone,
    /// Whom its mails are from.
    pub sender: Sender,
}

/// Whom a page's mails are from. What no header can carry counts as absent.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// An address of the tenant, in a domain that was verified; `status@` our own domain if absent.
    pub address: Option<String>,
    /// Where answers go: an address of the tenant that was verified.
    pub reply_to: Option<String>,
}

impl Phase {
    /// The key of its name among the texts.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Investigating => "phase-investigating",
            Self::Identified => "phase-identified",
            Self::Monitoring => "phase-monitoring",
            Self::Resolved => "phase-resolved",
        }
    }

    /// A ground for white letters, of a contrast above 4.5 (WCAG 2.2, criterion 1.4.3).
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Investigating => "#c4231c",
            Self::Identified => "#b3470a",
            Self::Monitoring => "#8a6100",
            Self::Resolved => "#1a7f37",
        }
    }
}

impl IncidentUpdate {
    /// The key of the news among the texts: the phase, or that there is more to say in it. In both the reader sees
    /// the phase, and all further mails of a phase have one subject, for readers' programs that go by it.
    pub(super) const fn label(&self) -> &'static str {
        if !self.same_phase {
            return self.phase.text();
        }
        match self.phase {
            Phase::Investigating => "update-investigating",
            Phase::Identified => "update-identified",
            Phase::Monitoring => "update-monitoring",
            Phase::Resolved => "update-resolved",
        }
    }
}

impl MaintenancePhase {
    /// As [`Phase::colour`].
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Scheduled => MaintenanceApproaching::COLOUR,
            Self::InProgress => "#0a5cb8",
            Self::Verifying => "#6f42c1",
            Self::Completed => Phase::Resolved.colour(),
            Self::Cancelled => "#59636e",
        }
    }
}

impl MaintenanceUpdate {
    /// The key of the news among the texts: other times, or as of [`IncidentUpdate::label`].
    pub(super) const fn label(&self) -> &'static str {
        if self.moved {
            return "maintenance-moved";
        }
        if self.same_phase {
            return match self.phase {
                MaintenancePhase::Scheduled => "maintenance-update-scheduled",
                MaintenancePhase::InProgress => "maintenance-update-in-progress",
                MaintenancePhase::Verifying => "maintenance-update-verifying",
                MaintenancePhase::Completed => "maintenance-update-completed",
                MaintenancePhase::Cancelled => "maintenance-update-cancelled",
            };
        }
        match self.phase {
            MaintenancePhase::Scheduled => "maintenance-scheduled",
            MaintenancePhase::InProgress => "maintenance-in-progress",
            MaintenancePhase::Verifying => "maintenance-verifying",
            MaintenancePhase::Completed => "maintenance-completed",
            MaintenancePhase::Cancelled => "maintenance-cancelled",
        }
    }

    /// The key of the sentence that stands where nobody wrote a text.
    pub(super) const fn sentence(&self) -> &'static str {
        if self.moved {
            return "maintenance-moved-said";
        }
        match self.phase {
            MaintenancePhase::Scheduled => "maintenance-scheduled-said",
            MaintenancePhase::InProgress => "maintenance-in-progress-said",
            MaintenancePhase::Verifying => "maintenance-verifying-said",
            MaintenancePhase::Completed => "maintenance-completed-said",
            MaintenancePhase::Cancelled => "maintenance-cancelled-said",
        }
    }
}

impl MaintenanceApproaching {
    /// As [`Phase::colour`].
    pub(super) const COLOUR: &str = "#1f6feb";
}

impl Postmortem {
    /// As [`Phase::colour`].
    pub(super) const COLOUR: &str = "#4b5563";
}

impl ComponentStatus {
    /// The key of its name among the texts.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Operational => "status-operational",
            Self::UnderMaintenance => "status-under-maintenance",
            Self::DegradedPerformance => "status-degraded-performance",
            Self::PartialOutage => "status-partial-outage",
            Self::MajorOutage => "status-major-outage",
        }
    }

    /// The colour of its dot, of a contrast above 3 on white and on black (WCAG 2.2, criterion 1.4.11).
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Operational => "#2da44e",
            Self::UnderMaintenance => "#3a7bd5",
            Self::DegradedPerformance => "#b08800",
            Self::PartialOutage => "#e0620d",
            Self::MajorOutage => "#e5343d",
        }
    }
}
