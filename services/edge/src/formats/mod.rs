//! What programs read of a page: the JSON that clients of other status pages know, feeds and a calendar.
//!
//! Everything here is a pure function of answers of the status service; nothing asks a clock or a service.

mod badge;
pub(crate) mod compat;
pub(crate) mod feeds;
mod glance;
mod source;

pub(crate) use self::{
    badge::{badge, colour},
    glance::glance,
    source::Source,
};
