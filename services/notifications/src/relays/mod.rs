//! The ways out: relays and lanes.
//!
//! A relay is a mail server that mails are handed to. There may be several, the preferred one first: one that fails is
//! left alone for a while and the next takes its place, until the preferred one can be used again. A lane is the way
//! through one relay to one receiving provider; a provider that asks for less gets less, and the others do not wait
//! for it.

mod health;
mod lane;
mod lanes;
mod line;
mod pace;
mod provider;
#[cfg(test)]
mod tests;
mod ways;

use std::fmt;

pub(crate) use lanes::{Admission, Lanes, Name, Ticket};
pub(crate) use line::{Ended, Line, is_left_over_a_mail};
pub(crate) use ways::{Limits, Relays, Unopened};

/// A relay of the list: its place, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RelayId(usize);

impl fmt::Display for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "relay {}", self.0 + 1)
    }
}
