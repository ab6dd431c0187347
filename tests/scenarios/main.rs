//! What the product promises, tried on the real binary.
#![expect(clippy::unwrap_used, reason = "in a test, failing is the message")]

mod access;
mod accounts;
mod binary;
mod cancelling;
mod catalogue;
mod faults;
mod guards;
mod hostile_names;
mod limits;
mod ordering;
mod other_clients;
mod refusals;
mod retries;
mod subscribing;
mod telling;
mod tenancy;
