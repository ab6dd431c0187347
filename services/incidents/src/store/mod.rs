//! SQL and nothing else: a query a function, the tenant first.

use uuid::Uuid;

use crate::domain::{Affected, ComponentStatus};

/// The latest update of each of some stories and, as long as all bodies together have no more than so many bytes, those
/// before it: first the second of each, then the third. Newest first, each with how many `earlier` ones its story has
/// that are left out.
///
/// Takes the table of the updates, its column that names the story, and what to select of the update `u`; the tenant, the
/// stories, and the bytes are bound.
macro_rules! updates_within {
    ($table:tt, $story:tt, $columns:tt, $($bound:expr),* $(,)?) => {
        sqlx::query!(
            "with told as (
                 select update_id, displayed_at, octet_length(body) as bytes, "
                + $story
                + " as story from "
                + $table
                + " where tenant_id = $1 and "
                + $story
                + " = any($2)),
             ranked as (
                 select *, count(*) over (partition by story) as count,
                     row_number() over (partition by story order by displayed_at desc, update_id desc) as place
                 from told),
             measured as (
                 select update_id, story, count, place, sum(bytes) over (
                     order by place, displayed_at desc, update_id desc rows unbounded preceding) as bytes
                 from ranked)
             select "
                + $columns
                + r#", (measured.count - count(*) over (partition by measured.story))::int as "earlier!"
             from measured
             join "#
                + $table
                + " u on u.tenant_id = $1 and u.update_id = measured.update_id
             where measured.place = 1 or measured.bytes <= $3
             order by u.displayed_at desc, u.update_id desc",
            $($bound),*
        )
    };
}

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

/// What is said of components, as two columns.
fn columns(affected: &[Affected]) -> (Vec<Uuid>, Vec<ComponentStatus>) {
    affected.iter().map(|affected| (affected.component_id.uuid(), affected.status)).unzip()
}
