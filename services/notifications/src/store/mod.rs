//! SQL and nothing else.

pub(crate) mod brake;
pub(crate) mod broadcasts;
pub(crate) mod feedback;
pub(crate) mod forgetting;
pub(crate) mod log;
pub(crate) mod lots;
pub(crate) mod segments;
pub(crate) mod sending_domains;
pub(crate) mod told;
