//! What the product promises, tried on the real binary.
#![expect(clippy::unwrap_used, reason = "in a test, failing is the message")]

mod access;
mod accounts;
mod audit;
mod bad_input;
mod binary;
mod cancelling;
mod catalogue;
mod components;
mod corrections;
mod drafts;
mod faults;
mod guards;
mod history;
mod hostile_names;
mod incidents;
mod large_pages;
mod limits;
mod maintenances;
mod ordering;
mod other_clients;
mod postmortems;
mod refusals;
mod retries;
mod subscribing;
mod telling;
mod templates;
mod tenancy;
mod uptime;
mod vendors;
mod watching;
