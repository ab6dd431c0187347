//! The edge as its callers see it: a real listener in front, real gRPC servers behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod branding;
mod connect;
mod crowds;
mod events;
mod everything;
mod floods;
mod formats;
mod given;
mod kept;
mod looks;
mod outages;
mod pages;
mod proxy;
mod services;
mod smuggling;
mod snapshots;
mod subscribing;
mod tokens;
mod web;
mod whole;
mod world;
