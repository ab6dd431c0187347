//! What a broadcast tells.

use jiff::{SignedDuration, Timestamp};
use kit::ids::{IncidentId, MaintenanceId, SubscriberId, UpdateId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    broadcast::{Audience, Kind},
    retry::GIVE_UP_AFTER,
};

/// So long after a promised time a reminder of it still makes sense.
const PROMISE_GRACE: SignedDuration = SignedDuration::from_hours(1);

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.phase", rename_all = "snake_case")]
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

/// Where a maintenance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaintenancePhase {
    /// It is announced.
    Scheduled,
    /// It is being done.
    InProgress,
    /// It is done, and looked over.
    Verifying,
    /// It is over.
    Completed,
    /// It does not take place, or was broken off.
    Cancelled,
}

/// How a component does; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentStatus {
    /// It works.
    Operational,
    /// It is being worked on, as planned.
    UnderMaintenance,
    /// It is slow or flawed.
    DegradedPerformance,
    /// It fails for some.
    PartialOutage,
    /// It fails for all.
    MajorOutage,
}

/// A component that an incident's update speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its name as members wrote it.
    pub name: String,
    /// Its status from the update on.
    pub status: ComponentStatus,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An incident has a new update, or its first.
    IncidentUpdate(IncidentUpdate),
    /// A maintenance has a new update, its first, or other times.
    MaintenanceUpdate(MaintenanceUpdate),
    /// A maintenance begins soon.
    MaintenanceApproaching(MaintenanceApproaching),
    /// The report after an incident was published.
    Postmortem(Postmortem),
    /// A promised update of an incident is due: for responders.
    NextUpdateDue(NextUpdateDue),
    /// Somebody gave their address and must say that it was they.
    Confirmation {
        /// Who asked.
        subscriber: SubscriberId,
    },
}

impl Content {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::IncidentUpdate(_) => Kind::IncidentUpdate,
            Self::MaintenanceUpdate(_) => Kind::MaintenanceUpdate,
            Self::MaintenanceApproaching(_) => Kind::MaintenanceApproaching,
            Self::Postmortem(_) => Kind::Postmortem,
            Self::NextUpdateDue(_) => Kind::NextUpdateDue,
            Self::Confirmation { .. } => Kind::Confirmation,
        }
    }

    /// Who is meant.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::IncidentUpdate(_)
            | Self::MaintenanceUpdate(_)
            | Self::MaintenanceApproaching(_)
            | Self::Postmortem(_) => Audience::Confirmed,
            Self::NextUpdateDue(_) => Audience::Responders,
            Self::Confirmation { subscriber } => Audience::Pending(*subscriber),
        }
    }

    /// What it is a part of: broadcasts of one thread reach a reader in order, and a newer one supersedes what
    /// is left of the older ones. The ids of incidents and maintenances never meet: both are random.
    ///
    /// An incident's report is in a thread of its own: it says nothing of what an update says, nor the other way
    /// round, so that neither may take the other's place. A report that is published anew supersedes the older one.
    ///
    /// A reminder to responders is in none, so that it waits for nobody: nothing that subscribers are told
    /// comes before or after it.
    #[must_use]
    pub fn thread(&self) -> Option<Uuid> {
        match self {
            Self::IncidentUpdate(told) => Some(told.incident_id.uuid()),
            Self::MaintenanceUpdate(told) => Some(told.maintenance_id.uuid()),
            Self::MaintenanceApproaching(told) => Some(told.maintenance_id.uuid()),
            // With all bits turned over, it is of a variant that no id of ours has (RFC 9562, section 4.1).
            Self::Postmortem(told) => Some(Uuid::from_u128(!told.incident_id.uuid().as_u128())),
            Self::NextUpdateDue(_) | Self::Confirmation { .. } => None,
        }
    }

    /// From then on it would be read as nonsense, and whoever has not had it gets it no more; `None` if it
    /// never turns into any.
    #[must_use]
    pub fn stale_from(&self) -> Option<Timestamp> {
        match self {
            Self::MaintenanceApproaching(told) => Some(told.window.starts_at),
            Self::NextUpdateDue(told) => told.next_update_at.checked_add(PROMISE_GRACE).ok(),
            Self::IncidentUpdate(_)
            | Self::MaintenanceUpdate(_)
            | Self::Postmortem(_)
            | Self::Confirmation { .. } => None,
        }
    }

    /// The times that a mail tells.
    #[must_use]
    pub fn times(&self) -> [Option<Timestamp>; 3] {
        match self {
            Self::IncidentUpdate(told) => [Some(told.displayed_at), told.next_update_at, None],
            Self::MaintenanceUpdate(told) => {
                [Some(told.displayed_at), Some(told.window.starts_at), Some(told.window.ends_at)]
            }
            Self::MaintenanceApproaching(told) => {
                [Some(told.window.starts_at), Some(told.window.ends_at), None]
            }
            Self::Postmortem(told) => [Some(told.published_at), None, None],
            Self::NextUpdateDue(told) => [Some(told.next_update_at), None, None],
            Self::Confirmation { .. } => [None; 3],
        }
    }

    /// How long a delivery may still be put off, of a range that was planned so long ago; none if that is negative.
    #[must_use]
    pub fn left(&self, age: SignedDuration, now: Timestamp) -> SignedDuration {
        let left = GIVE_UP_AFTER.saturating_sub(age);
        self.stale_from().map_or(left, |stale| stale.duration_since(now).min(left))
    }
}

/// One update of an incident, with what readers must know of the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentUpdate {
    /// The incident: its mails make one thread.
    pub incident_id: IncidentId,
    /// The update: the same in every try to send it, so that mail systems can fold two copies.
    pub update_id: UpdateId,
    /// The incident's headline, as members wrote it.
    pub title: String,
    /// Where the incident stands with this update.
    pub phase: Phase,
    /// It stood there before.
    pub same_phase: bool,
    /// The text as CommonMark, at most 25,000 characters.
    pub body: String,
    /// The language of headline and text as a BCP 47 tag; empty if it is the page's.
    pub language: String,
    /// When it happened, as readers are to see it.
    pub displayed_at: Timestamp,
    /// Until when the next update is promised.
    pub next_update_at: Option<Timestamp>,
    /// The components it speaks of.
    pub components: Vec<Component>,
}

/// When a maintenance is planned to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its begin.
    pub starts_at: Timestamp,
    /// Its end.
    pub ends_at: Timestamp,
}

/// One update of a maintenance, with what readers must know of the maintenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceUpdate {
    /// The maintenance: its mails make one thread.
    pub maintenance_id: MaintenanceId,
    /// The update: the same in every try to send it, so that mail systems can fold two copies.
    pub update_id: UpdateId,
    /// The maintenance's headline, as members wrote it.
    pub title: String,
    /// Where the maintenance stands with this update.
    pub phase: MaintenancePhase,
    /// It stood there before.
    pub same_phase: bool,
    /// The text as CommonMark, at most 25,000 characters; empty where nobody wrote one.
    pub body: String,
    /// The language of headline and text as a BCP 47 tag; empty if it is the page's.
    pub language: String,
    /// When it happened, as readers are to see it.
    pub displayed_at: Timestamp,
    /// When the maintenance is planned to be.
    pub window: Window,
    /// The update moved it there.
    pub moved: bool,
    /// The names of the components that it works on, as members wrote them.
    pub component_names: Vec<String>,
}

/// A maintenance that begins soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceApproaching {
    /// The maintenance: its mails make one thread.
    pub maintenance_id: MaintenanceId,
    /// Its headline, as members wrote it.
    pub title: String,
    /// The text that it was announced with, as CommonMark, at most 25,000 characters.
    pub body: String,
    /// The language of headline and text as a BCP 47 tag; empty if it is the page's.
    pub language: String,
    /// When it is planned to be.
    pub window: Window,
    /// The names of the components that it works on, as members wrote them.
    pub component_names: Vec<String>,
}

/// The report after an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postmortem {
    /// The incident.
    pub incident_id: IncidentId,
    /// The incident's headline, as members wrote it.
    pub title: String,
    /// The report as CommonMark, at most 100,000 characters.
    pub body: String,
    /// The language of headline and report as a BCP 47 tag; empty if it is the page's.
    pub language: String,
    /// When it was published, as readers are to see it.
    pub published_at: Timestamp,
}

/// An update that was promised and has not been posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextUpdateDue {
    /// The incident.
    pub incident_id: IncidentId,
    /// Its headline, as members wrote it.
    pub title: String,
    /// Until when the update is promised.
    pub next_update_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due() -> Content {
        Content::NextUpdateDue(NextUpdateDue {
            incident_id: Uuid::from_u128(1).into(),
            title: "t".into(),
            next_update_at: at("2026-11-21T12:00:00Z"),
        })
    }

    #[test]
    fn a_reminder_of_a_promise_is_stale_an_hour_after_it_and_of_a_maintenance_when_it_begins() {
        let now = at("2026-11-21T11:55:00Z");
        let minutes = SignedDuration::from_mins;
        assert_eq!(due().stale_from(), Some(at("2026-11-21T13:00:00Z")));
        assert_eq!(due().left(SignedDuration::ZERO, now), minutes(65));
        let approaching = |starts_at| {
            Content::MaintenanceApproaching(MaintenanceApproaching {
                maintenance_id: Uuid::from_u128(2).into(),
                title: "t".into(),
                body: "b".into(),
                language: String::new(),
                window: Window { starts_at, ends_at: Timestamp::MAX },
                component_names: Vec::new(),
            })
        };
        let left = |starts_at, age| approaching(at(starts_at)).left(minutes(age), now);
        assert_eq!(left("2026-11-21T12:30:00Z", 0), minutes(35));
        assert_eq!(left("2026-11-28T00:00:00Z", 0), minutes(24 * 60));
        assert_eq!(left("2026-11-28T00:00:00Z", 24 * 60 + 1), minutes(-1));
    }

    #[test]
    fn a_report_and_the_updates_of_its_incident_are_in_threads_of_their_own() {
        let incident = IncidentId::from(Uuid::now_v7());
        let update = || {
            Content::IncidentUpdate(IncidentUpdate {
                incident_id: incident,
                update_id: Uuid::now_v7().into(),
                title: "t".into(),
                phase: Phase::Resolved,
                same_phase: false,
                body: "b".into(),
                language: String::new(),
                displayed_at: at("2026-11-21T12:00:00Z"),
                next_update_at: None,
                components: Vec::new(),
            })
        };
        let report = |incident_id, published_at| {
            Content::Postmortem(Postmortem {
                incident_id,
                title: "t".into(),
                body: "b".into(),
                language: String::new(),
                published_at: at(published_at),
            })
        };
        let first = report(incident, "2026-11-22T12:00:00Z");
        assert_eq!(update().thread(), update().thread());
        assert_ne!(first.thread(), update().thread());
        assert_eq!(first.thread(), report(incident, "2026-11-23T12:00:00Z").thread());
        let other = report(Uuid::now_v7().into(), "2026-11-22T12:00:00Z");
        assert_ne!(first.thread(), other.thread());
        let ours = first.thread().map(|thread| thread.get_variant());
        assert_ne!(ours, Some(uuid::Variant::RFC4122), "no incident and no maintenance has such an id");
    }

    #[test]
    fn what_is_for_responders_or_one_subscriber_is_in_no_thread() {
        let confirmation = Content::Confirmation { subscriber: Uuid::from_u128(3).into() };
        assert_eq!((due().thread(), confirmation.thread()), (None, None));
        assert_eq!(due().audience(), Audience::Responders);
        assert_eq!(confirmation.stale_from(), None);
    }
}
