//! SQL and nothing else: a query a function, the tenant first.

pub(crate) mod address_quota;
pub(crate) mod audience;
pub(crate) mod outbox;
pub(crate) mod pending;
pub(crate) mod subscribers;
