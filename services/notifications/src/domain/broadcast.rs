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
    /// Something is wrong.
    Investigating,
    /// The cause is known.
    Identified,
    /// It looks mended.
    Monitoring,
    /// It is over.
    Resolved,
}

/// A component that an update speaks of. Kept as JSON beside the update's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// The name that readers know.
    pub name: String,
    /// Its status, by the name that the contract gives it.
    pub status: String,
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
pub enum Subject {
    /// An incident update.
    IncidentUpdate {
        /// The incident.
        incident: IncidentId,
        /// The update.
        update: UpdateId,
        /// The place of the event among those of its page.
        position: i64,
        /// The incident's headline.
        title: String,
        /// The phase that the update put it in.
        phase: Phase,
        /// The update's text, CommonMark.
        body: String,
        /// When it happened, as readers see it.
        displayed_at: Timestamp,
        /// The components it speaks of.
        components: Vec<Component>,
    },
    /// A link to confirm.
    Confirmation {
        /// Who asked.
        subscriber: SubscriberId,
    },
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
    pub subject: Subject,
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
