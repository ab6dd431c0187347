//! Types and rules: no queries, no clock, no input or output.

mod broadcast;
mod content;
mod outcome;
mod retry;
mod segment;
mod sending_domain;

pub use broadcast::{Audience, Broadcast, Kind, NewBroadcast, Page, RecipientId};
pub use content::{
    Component, ComponentStatus, Content, IncidentUpdate, MaintenanceApproaching, MaintenancePhase,
    MaintenanceUpdate, NextUpdateDue, Phase, Postmortem, Window,
};
pub use outcome::{Outcome, Settled, Strike, settle};
pub use retry::pause_after;
pub use segment::{Counts, Lease, Mode, NewSegment, Part, Progress, Thread, behind};
pub use sending_domain::{
    PublishedKey, Record, Seen, SendingDomain, parse_domain, parse_from_local_part, parse_reply_to,
};
