//! SQL and nothing else: a query a function, the tenant first.

pub(crate) mod audit;
pub(crate) mod component_groups;
pub(crate) mod component_impacts;
pub(crate) mod components;
pub(crate) mod drafts;
pub(crate) mod due;
pub(crate) mod incidents;
pub(crate) mod intervals;
pub(crate) mod maintenances;
pub(crate) mod outbox;
pub(crate) mod pages;
pub(crate) mod places;
pub(crate) mod postmortems;
pub(crate) mod templates;
pub(crate) mod told;
pub(crate) mod updates;
pub(crate) mod uptime;
pub(crate) mod vendors;

kit::request_ledger!("incidents");
