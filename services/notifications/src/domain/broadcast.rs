//! A broadcast: the telling of one event.

use jiff::Timestamp;
use kit::ids::{BroadcastId, EventId, IncidentId, PageId, SubscriberId, TenantId, UpdateId};
use serde::{Deserialize, Serialize};

/// What a broadcast tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.broadcast_kind", rename_all = "snake_case")]
pub enum Kind {
    /// An incident update, to everybody confirmed on its page.
    IncidentUpdate,
    /// A link to confirm, to the one who asked.
    Confirmation,
}

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

/// How a component does; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// A component that an update speaks of. Kept as JSON beside the update's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name as members wrote it.
    pub name: String,
    /// Its status from the update on.
    pub status: ComponentStatus,
}

/// The page that a broadcast is about, as it was when the event was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The page.
    pub page_id: PageId,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub locale: String,
    /// Its IANA time zone.
    pub time_zone: String,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An incident has a new update, or its first.
    IncidentUpdate(IncidentUpdate),
    /// Somebody gave their address and must say that it was they.
    Confirmation {
        /// Who asked.
        subscriber: SubscriberId,
    },
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
    /// The text as CommonMark, at most 25,000 characters.
    pub body: String,
    /// When it happened, as readers are to see it.
    pub displayed_at: Timestamp,
    /// The components it speaks of.
    pub components: Vec<Component>,
}

/// A broadcast that is about to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBroadcast {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub broadcast: BroadcastId,
    /// The event it tells.
    pub event: EventId,
    /// The page it is about.
    pub page: Page,
    /// What is told.
    pub content: Content,
    /// When it was planned; its mails carry this date.
    pub created_at: Timestamp,
}

/// A broadcast as it is kept, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Its id.
    pub broadcast: BroadcastId,
    /// The page it is about.
    pub page: PageId,
    /// What it tells.
    pub kind: Kind,
    /// The incident it tells of.
    pub incident: Option<IncidentId>,
    /// The update it carries.
    pub update: Option<UpdateId>,
    /// How many subscribers it was planned for.
    pub planned: i64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its last delivery had its outcome.
    pub completed_at: Option<Timestamp>,
}
