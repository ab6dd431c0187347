//! SQL and nothing else.

pub(crate) mod broadcasts;
pub(crate) mod deliveries;
pub(crate) mod segments;
pub(crate) mod told;
