//! Maintenances, between the wire and the domain.

use std::{collections::HashSet, hash::Hash};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use kit::{
    ids::ComponentId,
    time::{from_wire, to_wire},
};
use proto::{Violation, incidents::v1 as wire};

use super::id;
use crate::{
    domain::{Maintenance, MaintenancePhase, MaintenanceUpdate},
    error::Error,
    rpc::read::MaintenanceExcerpt,
};

/// The phase that a request names.
pub(crate) fn parse_maintenance_phase(phase: wire::MaintenancePhase) -> Result<MaintenancePhase, Error> {
    match phase {
        wire::MaintenancePhase::Unspecified => Err(Error::invalid("phase", "must be set")),
        wire::MaintenancePhase::Scheduled => Ok(MaintenancePhase::Scheduled),
        wire::MaintenancePhase::InProgress => Ok(MaintenancePhase::InProgress),
        wire::MaintenancePhase::Verifying => Ok(MaintenancePhase::Verifying),
        wire::MaintenancePhase::Completed => Ok(MaintenancePhase::Completed),
        wire::MaintenancePhase::Cancelled => Ok(MaintenancePhase::Cancelled),
    }
}

/// A planned time: within two years, from the contract.
pub(crate) fn parse_planned(
    field: &str,
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, Error> {
    let at = at.ok_or_else(|| Error::invalid(field, "must be set"))?;
    let latest = now.to_zoned(TimeZone::UTC).saturating_add(2.years()).timestamp();
    from_wire(&at, latest).map_err(|wrong| Error::invalid(field, wrong))
}

/// The components that a maintenance works on, in the request's order; each at most once.
pub(crate) fn parse_worked_on(components: &[String]) -> Result<Vec<ComponentId>, Error> {
    let parsed =
        components.iter().enumerate().map(|(index, text)| id(&format!("component_ids[{index}]"), text));
    let parsed = parsed.collect::<Result<Vec<_>, _>>()?;
    check_named_once("component_ids", &parsed)?;
    Ok(parsed)
}

/// The minutes before the start at which subscribers are reminded; each at most once.
pub(crate) fn parse_reminders(minutes: Vec<i32>) -> Result<Vec<i32>, Error> {
    check_named_once("reminder_lead_minutes", &minutes)?;
    Ok(minutes)
}

fn check_named_once<T: Eq + Hash>(field: &str, values: &[T]) -> Result<(), Error> {
    let mut named = HashSet::with_capacity(values.len());
    let violations = values
        .iter()
        .enumerate()
        .filter(|(_, value)| !named.insert(*value))
        .map(|(index, _)| Violation {
            field: format!("{field}[{index}]"),
            description: "must not be named twice".to_owned(),
        })
        .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// A phase on the wire.
pub(crate) fn maintenance_phase(phase: MaintenancePhase) -> wire::MaintenancePhase {
    match phase {
        MaintenancePhase::Scheduled => wire::MaintenancePhase::Scheduled,
        MaintenancePhase::InProgress => wire::MaintenancePhase::InProgress,
        MaintenancePhase::Verifying => wire::MaintenancePhase::Verifying,
        MaintenancePhase::Completed => wire::MaintenancePhase::Completed,
        MaintenancePhase::Cancelled => wire::MaintenancePhase::Cancelled,
    }
}

/// A maintenance as the public sees it.
pub(crate) fn public_maintenance(maintenance: impl Into<wire::Maintenance>) -> wire::Maintenance {
    wire::Maintenance { etag: String::new(), ..maintenance.into() }
}

impl From<MaintenanceUpdate> for wire::MaintenanceUpdate {
    fn from(update: MaintenanceUpdate) -> Self {
        Self {
            update_id: update.update_id.to_string(),
            phase: maintenance_phase(update.phase).into(),
            body: update.body,
            displayed_at: Some(to_wire(update.displayed_at)),
            created_at: Some(to_wire(update.created_at)),
            silent: update.silent,
            automatic: update.automatic,
            scheduled_start_at: update.scheduled_start_at.map(to_wire),
            scheduled_end_at: update.scheduled_end_at.map(to_wire),
        }
    }
}

impl From<Maintenance> for wire::Maintenance {
    fn from(maintenance: Maintenance) -> Self {
        Self {
            maintenance_id: maintenance.maintenance_id.to_string(),
            page_id: maintenance.page_id.to_string(),
            title: maintenance.title,
            phase: maintenance_phase(maintenance.phase).into(),
            component_ids: maintenance.component_ids.iter().map(ToString::to_string).collect(),
            scheduled_start_at: Some(to_wire(maintenance.scheduled_start_at)),
            scheduled_end_at: Some(to_wire(maintenance.scheduled_end_at)),
            started_at: maintenance.started_at.map(to_wire),
            ended_at: maintenance.ended_at.map(to_wire),
            updates: maintenance.updates.into_iter().map(Into::into).collect(),
            starts_automatically: !maintenance.starts_by_hand,
            ends_automatically: !maintenance.ends_by_hand,
            reminder_lead_minutes: maintenance.reminder_lead_minutes,
            created_at: Some(to_wire(maintenance.created_at)),
            language: maintenance.language,
            etag: maintenance.revision.to_string(),
            earlier_updates: 0,
        }
    }
}

impl From<MaintenanceExcerpt> for wire::Maintenance {
    fn from(excerpt: MaintenanceExcerpt) -> Self {
        Self { earlier_updates: excerpt.earlier_updates, ..excerpt.maintenance.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::fields;

    #[test]
    fn a_plan_reaches_two_years_ahead_and_no_further() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let planned = |text: &str| {
            let at = to_wire(text.parse().unwrap());
            parse_planned("scheduled_start_at", Some(at), now)
        };
        assert!(planned("2028-11-21T10:00:00Z").is_ok());
        assert_eq!(fields(planned("2028-11-21T10:00:00.000001Z").unwrap_err()), ["scheduled_start_at"]);
        assert!(planned("2000-01-01T00:00:00Z").is_ok());
        assert!(planned("1999-12-31T23:59:59Z").is_err());
        let unset = parse_planned("scheduled_end_at", None, now).unwrap_err();
        assert_eq!(fields(unset), ["scheduled_end_at"]);
    }

    #[test]
    fn what_is_named_twice_is_refused_at_its_second_place() {
        assert_eq!(parse_reminders(vec![60, 5]).unwrap(), [60, 5]);
        let refused = parse_reminders(vec![60, 5, 60]).unwrap_err();
        assert_eq!(fields(refused), ["reminder_lead_minutes[2]"]);
        let component = "cmp_00000000000000000000000000".to_owned();
        let refused = parse_worked_on(&[component.clone(), component]).unwrap_err();
        assert_eq!(fields(refused), ["component_ids[1]"]);
    }
}
