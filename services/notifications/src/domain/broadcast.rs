//! A broadcast: the telling of one event.

use jiff::Timestamp;
use kit::ids::{
    BroadcastId, ComponentId, EventId, IncidentId, MaintenanceId, MemberId, PageId, SubscriberId, TenantId,
    UpdateId,
};
use uuid::Uuid;

use super::content::Content;

/// What a broadcast tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "notifications.broadcast_kind", rename_all = "snake_case")]
pub enum Kind {
    /// An incident update, to everybody confirmed on its page.
    IncidentUpdate,
    /// A maintenance update, to everybody confirmed on its page.
    MaintenanceUpdate,
    /// That a maintenance begins soon, to everybody confirmed on its page.
    MaintenanceApproaching,
    /// The report after an incident, to everybody confirmed on its page.
    Postmortem,
    /// That a promised update is due, to the tenant's responders.
    NextUpdateDue,
    /// A link to confirm, to the one who asked.
    Confirmation,
}

/// Who is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody confirmed on the page.
    Confirmed,
    /// This subscriber, while it is pending.
    Pending(SubscriberId),
    /// The tenant's members who may post an update. They are no subscribers: nobody takes them off a list,
    /// and what their mail server refuses is no strike against a subscriber.
    Responders,
}

/// Who gets a mail: a subscriber, or a member where the broadcast goes to responders. Ranges, cursors and the
/// delivery log hold one or the other, and the broadcast says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecipientId(Uuid);

impl RecipientId {
    /// Before all of them.
    pub const BEFORE_ALL: Self = Self(Uuid::nil());

    /// The UUID, as the database keeps it.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The id just before: a range after it and up to this one holds this one alone.
    #[must_use]
    pub fn just_before(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128().saturating_sub(1)))
    }
}

impl From<Uuid> for RecipientId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl From<SubscriberId> for RecipientId {
    fn from(subscriber: SubscriberId) -> Self {
        Self(subscriber.uuid())
    }
}

impl From<MemberId> for RecipientId {
    fn from(member: MemberId) -> Self {
        Self(member.uuid())
    }
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
    /// Whoever chose one of these components hears of it, beside those who chose the whole page.
    pub components: Vec<ComponentId>,
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
    /// The maintenance it tells of.
    pub maintenance: Option<MaintenanceId>,
    /// The update it carries.
    pub update: Option<UpdateId>,
    /// How many recipients it was planned for.
    pub planned: i64,
    /// When it was planned.
    pub created_at: Timestamp,
    /// When its last delivery had its outcome.
    pub completed_at: Option<Timestamp>,
}
