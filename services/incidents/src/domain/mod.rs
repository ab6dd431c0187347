//! What the words mean: types, and rules as pure functions. No queries, no wire, no clock.

mod audit;
mod component;
mod event;
mod history;
mod incident;
mod interval;
mod line;
mod maintenance;
mod template;
mod uptime;
mod vendor;

pub(crate) use audit::{AuditAction, AuditSubject, NewAuditEntry};
pub(crate) use component::{
    COMPONENTS_PER_PAGE, Component, ComponentGroup, ComponentSettings, ComponentStatus, Followed,
    GROUPS_PER_PAGE, Heard, OverallStatus, Readings, component_status, overall_status,
};
pub(crate) use event::{Event, EventKind};
pub(crate) use history::{Moment, lot};
pub(crate) use incident::{
    Affected, ComponentImpact, Draft, EDITS_PER_UPDATE, Endings, HIDDEN_INCIDENTS_PER_PAGE, Impact, Incident,
    OPEN_INCIDENTS_PER_PAGE, Phase, Postmortem, Promise, Release, Standing, Telling, UPDATES_PER_INCIDENT,
    Update, remind_at,
};
pub(crate) use interval::{Cause, CauseKind, Spell, StatusInterval, correction, ended, incidents_of};
pub(crate) use line::is_blank;
pub(crate) use maintenance::{
    Maintenance, MaintenanceChanges, MaintenancePhase, MaintenanceUpdate, OPEN_MAINTENANCES_PER_PAGE,
    UPDATES_PER_MAINTENANCE, Unchangeable, displayed_after,
};
pub(crate) use template::{
    PLACEHOLDERS_PER_TEMPLATE, PlaceholderValue, TEMPLATES_PER_PAGE, Template, TemplateKind, Text, Unfit,
};
pub(crate) use uptime::{Uptime, Weights, Window};
pub(crate) use vendor::{
    LastReading, Listing, Unreadable, VENDORS_PER_PAGE, Vendor, VendorComponent, VendorFormat, VendorPage,
    follow,
};
