//! The service's settings.

use std::num::NonZeroU8;

use serde::Deserialize;

/// The service's settings. Their defaults stand in the binary's `default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many pages' events are handed to notifications at the same time: 1 to 255.
    pub relay_concurrency: NonZeroU8,
}
