//! What the words mean: types, and rules as pure functions. No queries, no wire, no clock.

mod component;
mod incident;

pub(crate) use component::{
    COMPONENTS_PER_PAGE, Component, ComponentGroup, ComponentStatus, GROUPS_PER_PAGE, OverallStatus,
    component_status, overall_status,
};
pub(crate) use incident::{Affected, Impact, Incident, Phase, Standing, UPDATES_PER_INCIDENT, Update};
