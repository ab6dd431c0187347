//! What a mail tells.

use jiff::{Timestamp, tz::TimeZone};
use kit::ids::{IncidentId, PageId, TenantId, UpdateId};
use kit::locale::Locale;

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
    /// The zone in which times are told.
    pub time_zone: TimeZone,
}

/// What a mail tells of a page.
#[derive(Debug, Clone)]
pub enum Content {
    /// An incident has a new update, or its first.
    IncidentUpdate(IncidentUpdate),
    /// Somebody gave this address and must say that it was they.
    Confirmation,
}

/// One update of an incident, with what readers must know of the incident.
#[derive(Debug, Clone)]
pub struct IncidentUpdate {
    /// The incident: its mails make one thread.
    pub incident_id: IncidentId,
    /// The update: the same in every try to send it, so that mail systems can fold two copies.
    pub update_id: UpdateId,
    /// The incident's headline, as members wrote it.
    pub title: String,
    /// Where the incident stands with this update.
    pub phase: Phase,
    /// The text as CommonMark, at most 25,000 characters.
    pub body: String,
    /// When it happened, as readers are to see it.
    pub displayed_at: Timestamp,
    /// The components it speaks of; a mail lists at most 50 of them, the worst first.
    pub components: Vec<Component>,
}

/// A component by the name that readers know.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name as members wrote it.
    pub name: String,
    /// Its status from the update on.
    pub status: ComponentStatus,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Something is wrong, and its cause is looked for.
    Investigating,
    /// The cause is known.
    Identified,
    /// It looks mended and is watched.
    Monitoring,
    /// It is over.
    Resolved,
}

/// How a component does; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComponentStatus {
    /// It works.
    Operational,
    /// It is slow or flawed.
    DegradedPerformance,
    /// It fails for some.
    PartialOutage,
    /// It fails for all.
    MajorOutage,
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

impl ComponentStatus {
    /// The key of its name among the texts.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Operational => "status-operational",
            Self::DegradedPerformance => "status-degraded-performance",
            Self::PartialOutage => "status-partial-outage",
            Self::MajorOutage => "status-major-outage",
        }
    }

    /// The colour of its dot, of a contrast above 3 on white and on black (WCAG 2.2, criterion 1.4.11).
    pub(super) const fn colour(self) -> &'static str {
        match self {
            Self::Operational => "#2da44e",
            Self::DegradedPerformance => "#b08800",
            Self::PartialOutage => "#e0620d",
            Self::MajorOutage => "#e5343d",
        }
    }
}
