//! The service's settings.

use kit::Secret;
use serde::Deserialize;

/// The keys that sessions hang on. All processes that run this service need the same ones.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Refresh tokens are sealed and succeed each other by it; 32 bytes in base 64. With another one, every
    /// session ends: members sign in again.
    pub secret: Secret,
    /// The Ed25519 key that access tokens are signed with is made from it; 32 bytes in base 64. With another
    /// one, access tokens given out before are refused, and clients refresh.
    pub signing_seed: Secret,
}
