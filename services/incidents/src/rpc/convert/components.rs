//! Components, their history and their uptime, between the wire and the domain.

use kit::time::to_wire;
use proto::incidents::v1::{self as wire, status_interval::Cause as WireCause, uptime::Of};

use super::date;
use crate::{
    domain::{
        Cause, Component, ComponentGroup, ComponentStatus, Followed, Heard, OverallStatus, StatusInterval,
        Uptime, Weights,
    },
    error::Error,
};

/// The component status that a request names.
pub(crate) fn parse_component_status(
    field: &str,
    status: wire::ComponentStatus,
) -> Result<ComponentStatus, Error> {
    match status {
        wire::ComponentStatus::Unspecified => Err(Error::invalid(field, "must be set")),
        wire::ComponentStatus::Operational => Ok(ComponentStatus::Operational),
        wire::ComponentStatus::DegradedPerformance => Ok(ComponentStatus::DegradedPerformance),
        wire::ComponentStatus::PartialOutage => Ok(ComponentStatus::PartialOutage),
        wire::ComponentStatus::MajorOutage => Ok(ComponentStatus::MajorOutage),
        wire::ComponentStatus::UnderMaintenance => Ok(ComponentStatus::UnderMaintenance),
    }
}

/// A component status on the wire.
pub(crate) fn component_status(status: ComponentStatus) -> wire::ComponentStatus {
    match status {
        ComponentStatus::Operational => wire::ComponentStatus::Operational,
        ComponentStatus::UnderMaintenance => wire::ComponentStatus::UnderMaintenance,
        ComponentStatus::DegradedPerformance => wire::ComponentStatus::DegradedPerformance,
        ComponentStatus::PartialOutage => wire::ComponentStatus::PartialOutage,
        ComponentStatus::MajorOutage => wire::ComponentStatus::MajorOutage,
    }
}

/// An overall status on the wire.
pub(crate) fn overall_status(status: OverallStatus) -> wire::OverallStatus {
    match status {
        OverallStatus::Operational => wire::OverallStatus::Operational,
        OverallStatus::ServiceUnderMaintenance => wire::OverallStatus::ServiceUnderMaintenance,
        OverallStatus::SystemUnderMaintenance => wire::OverallStatus::SystemUnderMaintenance,
        OverallStatus::PartiallyDegraded => wire::OverallStatus::PartiallyDegraded,
        OverallStatus::Degraded => wire::OverallStatus::Degraded,
        OverallStatus::MinorOutage => wire::OverallStatus::MinorOutage,
        OverallStatus::PartialOutage => wire::OverallStatus::PartialOutage,
        OverallStatus::MajorOutage => wire::OverallStatus::MajorOutage,
    }
}

impl From<ComponentGroup> for wire::ComponentGroup {
    fn from(group: ComponentGroup) -> Self {
        Self {
            component_group_id: group.component_group_id.to_string(),
            page_id: group.page_id.to_string(),
            name: group.name,
            position: group.position,
            created_at: Some(to_wire(group.created_at)),
            description: group.description,
            etag: group.revision.to_string(),
        }
    }
}

impl From<Component> for wire::Component {
    fn from(component: Component) -> Self {
        let settings = component.settings;
        let third_party = settings.follows.zip(component.heard).map(third_party);
        Self {
            component_id: component.component_id.to_string(),
            page_id: component.page_id.to_string(),
            component_group_id: settings.component_group_id.map(|group| group.to_string()),
            name: settings.name,
            description: settings.description,
            status: component_status(component.status).into(),
            position: settings.position,
            created_at: Some(to_wire(component.created_at)),
            start_date: settings.start_date.map(date),
            hidden_while_operational: settings.hidden_while_operational,
            shows_uptime: settings.shows_uptime,
            third_party,
            deleted_at: component.deleted_at.map(to_wire),
            etag: component.revision.to_string(),
        }
    }
}

/// A component as the public sees it: what members change it by is theirs.
pub(crate) fn public_component(component: Component) -> wire::Component {
    wire::Component { etag: String::new(), ..component.into() }
}

/// A group as the public sees it.
pub(crate) fn public_component_group(group: ComponentGroup) -> wire::ComponentGroup {
    wire::ComponentGroup { etag: String::new(), ..group.into() }
}

fn third_party((followed, heard): (Followed, Heard)) -> wire::ThirdParty {
    wire::ThirdParty {
        vendor_id: followed.vendor_id.to_string(),
        vendor_name: heard.vendor_name,
        vendor_component: followed.vendor_component,
        vendor_group_name: heard.vendor_group_name,
        heard_at: heard.heard_at.map(to_wire),
        not_heard_since: heard.not_heard_since.map(to_wire),
    }
}

impl From<StatusInterval> for wire::StatusInterval {
    fn from(interval: StatusInterval) -> Self {
        let spell = interval.spell;
        let cause = match interval.cause {
            Cause::Incident(id) => WireCause::IncidentId(id.to_string()),
            Cause::Maintenance(id) => WireCause::MaintenanceId(id.to_string()),
            Cause::Member(id) => WireCause::MemberId(id.to_string()),
            Cause::Vendor(id) => WireCause::VendorId(id.to_string()),
        };
        Self {
            status_interval_id: interval.status_interval_id.to_string(),
            component_id: spell.component_id.to_string(),
            status: component_status(spell.status).into(),
            started_at: Some(to_wire(spell.started_at)),
            ended_at: spell.ended_at.map(to_wire),
            recorded_at: Some(to_wire(interval.recorded_at)),
            retracted_at: interval.retracted_at.map(to_wire),
            cause: Some(cause),
        }
    }
}

impl From<Weights> for wire::UptimeWeights {
    fn from(weights: Weights) -> Self {
        Self {
            partial_outage_percent: weights.partial_outage_percent.into(),
            major_outage_percent: weights.major_outage_percent.into(),
        }
    }
}

/// The uptime of something, counted with these weights.
pub(crate) fn uptime(of: Of, uptime: &Uptime, weights: Weights) -> wire::Uptime {
    // A day has less than a hundred thousand seconds.
    let seconds = |seconds: i64| i32::try_from(seconds).unwrap_or(i32::MAX);
    let outage = uptime.outage();
    wire::Uptime {
        of: Some(of),
        hundredths_of_percent: uptime.hundredths_of_percent(weights),
        window_seconds: uptime.window_seconds(),
        partial_outage_seconds: outage.partial,
        major_outage_seconds: outage.major,
        window_started_at: Some(to_wire(uptime.started_at)),
        window_ended_at: Some(to_wire(uptime.ended_at)),
        days: uptime
            .days
            .iter()
            .map(|(day, outage)| wire::UptimeDay {
                date: Some(date(*day)),
                partial_outage_seconds: seconds(outage.partial),
                major_outage_seconds: seconds(outage.major),
            })
            .collect(),
    }
}
