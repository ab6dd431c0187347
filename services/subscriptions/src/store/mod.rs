//! SQL and nothing else: a query a function, the tenant first.

pub(crate) mod address_quota;
pub(crate) mod audience;
pub(crate) mod full_mailboxes;
pub(crate) mod outbox;
pub(crate) mod pending;
pub(crate) mod subscriber_components;
pub(crate) mod subscribers;
pub(crate) mod suppressions;

use kit::ids::ComponentId;
use uuid::Uuid;

/// As the database keeps them.
fn uuids(components: &[ComponentId]) -> Vec<Uuid> {
    components.iter().map(|component| component.uuid()).collect()
}
