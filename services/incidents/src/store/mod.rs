//! SQL and nothing else: a query a function, the tenant first.

pub(crate) mod components;
pub(crate) mod incidents;
pub(crate) mod outbox;
pub(crate) mod pages;
pub(crate) mod updates;

kit::request_ledger!("incidents");
