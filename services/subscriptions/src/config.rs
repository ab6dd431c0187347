//! The service's settings.

use kit::Secret;
use serde::Deserialize;

/// The settings of subscriptions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the links to confirm and to unsubscribe are signed with, and addresses hashed with: 32 bytes in
    /// base 64. Another secret makes every link that was sent worthless, those to unsubscribe too.
    pub secret: Secret,
}
