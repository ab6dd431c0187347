//! The service's settings.

use std::num::{NonZeroU8, NonZeroU16};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

/// The service's settings. Their defaults stand in the binary's `default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many pages' events are handed to notifications at the same time: 1 to 255.
    pub relay_concurrency: NonZeroU8,
    /// How many things that are due are done at the same time, and how many vendors' pages are read: 1 to 255 each.
    pub clock_concurrency: NonZeroU8,
    /// How often a vendor's page is read, in seconds: 1 to 65,535.
    pub vendor_read_seconds: NonZeroU16,
    /// Networks of the installation's own whose pages may be read too, and without TLS.
    #[serde(deserialize_with = "networks")]
    pub vendor_networks: Vec<IpNet>,
}

/// Networks as `10.1.0.0/16, fd00::/8`: one line, so that the environment can set them.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let named = text.split(',').map(str::trim).filter(|net| !net.is_empty());
    named.map(|net| net.parse().map_err(|_| de::Error::custom(format!("{net}: is no network")))).collect()
}
