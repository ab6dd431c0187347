//! Types and rules: no queries, no clock, no input or output.

mod broadcast;
mod content;
mod outcome;
mod retry;
mod segment;

pub use broadcast::{Audience, Broadcast, Kind, NewBroadcast, Page, RecipientId};
pub use content::{
    Component, ComponentStatus, Content, IncidentUpdate, MaintenanceApproaching, MaintenancePhase,
    MaintenanceUpdate, NextUpdateDue, Phase, Postmortem, Window,
};
pub use outcome::{Outcome, Settled, settle};
pub use retry::pause_after;
pub use segment::{Counts, Lease, Mode, NewSegment, Progress, Thread};
