//! Types and rules: no queries, no clock, no input or output.

mod broadcast;
mod outcome;
mod retry;
mod segment;

pub use broadcast::{
    Broadcast, Component, ComponentStatus, Content, IncidentUpdate, Kind, NewBroadcast, Page, Phase,
};
pub use outcome::{Outcome, Settled, settle};
pub use retry::{GIVE_UP_AFTER, pause_after};
pub use segment::{Counts, Lease, Mode, NewSegment, Progress, just_before};
