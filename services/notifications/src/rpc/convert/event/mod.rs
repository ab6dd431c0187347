//! Events from the wire.

#[cfg(test)]
mod tests;

use std::str::FromStr;

use jiff::Timestamp;
use kit::{
    ids::{ComponentId, InvalidId},
    time,
};
use prost_types::Timestamp as WireTimestamp;
use proto::{
    incidents::v1 as incidents,
    internal::v1::{self as internal, publish_event_request::Event},
};

use crate::{
    domain::{
        Component, ComponentStatus, Content, IncidentUpdate, MaintenanceApproaching, MaintenancePhase,
        MaintenanceUpdate, NextUpdateDue, Phase, Postmortem, Window,
    },
    error::Error,
};

/// An event, read.
#[derive(Debug, PartialEq)]
pub(in crate::rpc) struct Happened {
    /// What is told.
    pub(in crate::rpc) content: Content,
    /// Of a story, its place among the events of its page.
    pub(in crate::rpc) position: Option<i64>,
    /// The components that it touches.
    pub(in crate::rpc) components: Vec<ComponentId>,
}

/// Reads an event. What happened is told as of `now` where it lies in the future; what is planned or promised may
/// lie there.
pub(in crate::rpc) fn happened(mut event: Event, now: Timestamp) -> Result<Happened, Error> {
    let (fields, ids) = match &mut event {
        Event::IncidentUpdated(told) => ("incident_updated", std::mem::take(&mut told.component_ids)),
        Event::MaintenanceUpdated(told) => ("maintenance_updated", std::mem::take(&mut told.component_ids)),
        Event::MaintenanceApproaching(told) => {
            ("maintenance_approaching", std::mem::take(&mut told.component_ids))
        }
        Event::PostmortemPublished(told) => ("postmortem_published", std::mem::take(&mut told.component_ids)),
        Event::NextUpdateDue(_) => ("next_update_due", Vec::new()),
        Event::ConfirmationRequested(_) => ("confirmation_requested", Vec::new()),
    };
    let components =
        ids.iter().map(|id| Fields(fields).id("component_ids", id)).collect::<Result<Vec<_>, Error>>()?;
    let (content, position) = content(event, now)?;
    Ok(Happened { content, position, components })
}

fn content(event: Event, now: Timestamp) -> Result<(Content, Option<i64>), Error> {
    match event {
        Event::IncidentUpdated(updated) => {
            let position = updated.position;
            incident_update(updated, now).map(|told| (Content::IncidentUpdate(told), Some(position)))
        }
        Event::MaintenanceUpdated(updated) => {
            let position = updated.position;
            maintenance_update(updated, now).map(|told| (Content::MaintenanceUpdate(told), Some(position)))
        }
        Event::MaintenanceApproaching(near) => {
            let position = near.position;
            maintenance_approaching(near).map(|told| (Content::MaintenanceApproaching(told), Some(position)))
        }
        Event::PostmortemPublished(published) => {
            let position = published.position;
            postmortem(published, now).map(|told| (Content::Postmortem(told), Some(position)))
        }
        Event::NextUpdateDue(due) => next_update_due(due).map(|told| (Content::NextUpdateDue(told), None)),
        Event::ConfirmationRequested(requested) => {
            let subscriber =
                Fields("confirmation_requested").id("subscriber_id", &requested.subscriber_id)?;
            Ok((Content::Confirmation { subscriber }, None))
        }
    }
}

fn incident_update(updated: internal::IncidentUpdated, now: Timestamp) -> Result<IncidentUpdate, Error> {
    let fields = Fields("incident_updated");
    let phase = match updated.phase() {
        incidents::Phase::Unspecified => return Err(fields.invalid("phase", "must be set")),
        incidents::Phase::Investigating => Phase::Investigating,
        incidents::Phase::Identified => Phase::Identified,
        incidents::Phase::Monitoring => Phase::Monitoring,
        incidents::Phase::Resolved => Phase::Resolved,
    };
    Ok(IncidentUpdate {
        incident_id: fields.id("incident_id", &updated.incident_id)?,
        update_id: fields.id("update_id", &updated.update_id)?,
        phase,
        same_phase: updated.same_phase,
        displayed_at: fields.past("displayed_at", updated.displayed_at.as_ref(), now)?,
        next_update_at: match &updated.next_update_at {
            None => None,
            promised @ Some(_) => Some(fields.time("next_update_at", promised.as_ref())?),
        },
        title: updated.title,
        body: updated.body,
        language: updated.language,
        components: updated
            .components
            .into_iter()
            .map(|component| {
                let status = status(component.status())
                    .ok_or_else(|| fields.invalid("components", "must have a status each"))?;
                Ok(Component { name: component.name, status })
            })
            .collect::<Result<_, Error>>()?,
    })
}

fn maintenance_update(
    updated: internal::MaintenanceUpdated,
    now: Timestamp,
) -> Result<MaintenanceUpdate, Error> {
    let fields = Fields("maintenance_updated");
    let phase = match updated.phase() {
        incidents::MaintenancePhase::Unspecified => return Err(fields.invalid("phase", "must be set")),
        incidents::MaintenancePhase::Scheduled => MaintenancePhase::Scheduled,
        incidents::MaintenancePhase::InProgress => MaintenancePhase::InProgress,
        incidents::MaintenancePhase::Verifying => MaintenancePhase::Verifying,
        incidents::MaintenancePhase::Completed => MaintenancePhase::Completed,
        incidents::MaintenancePhase::Cancelled => MaintenancePhase::Cancelled,
    };
    Ok(MaintenanceUpdate {
        maintenance_id: fields.id("maintenance_id", &updated.maintenance_id)?,
        update_id: fields.id("update_id", &updated.update_id)?,
        phase,
        same_phase: updated.same_phase,
        displayed_at: fields.past("displayed_at", updated.displayed_at.as_ref(), now)?,
        window: fields.window(updated.scheduled_start_at.as_ref(), updated.scheduled_end_at.as_ref())?,
        moved: updated.moved,
        title: updated.title,
        body: updated.body,
        language: updated.language,
        component_names: updated.component_names,
    })
}

fn maintenance_approaching(near: internal::MaintenanceApproaching) -> Result<MaintenanceApproaching, Error> {
    let fields = Fields("maintenance_approaching");
    Ok(MaintenanceApproaching {
        maintenance_id: fields.id("maintenance_id", &near.maintenance_id)?,
        window: fields.window(near.scheduled_start_at.as_ref(), near.scheduled_end_at.as_ref())?,
        title: near.title,
        body: near.body,
        language: near.language,
        component_names: near.component_names,
    })
}

fn postmortem(published: internal::PostmortemPublished, now: Timestamp) -> Result<Postmortem, Error> {
    let fields = Fields("postmortem_published");
    Ok(Postmortem {
        incident_id: fields.id("incident_id", &published.incident_id)?,
        published_at: fields.past("published_at", published.published_at.as_ref(), now)?,
        title: published.title,
        body: published.body,
        language: published.language,
    })
}

fn next_update_due(due: internal::NextUpdateDue) -> Result<NextUpdateDue, Error> {
    let fields = Fields("next_update_due");
    Ok(NextUpdateDue {
        incident_id: fields.id("incident_id", &due.incident_id)?,
        next_update_at: fields.time("next_update_at", due.next_update_at.as_ref())?,
        title: due.title,
    })
}

fn status(status: incidents::ComponentStatus) -> Option<ComponentStatus> {
    match status {
        incidents::ComponentStatus::Unspecified => None,
        incidents::ComponentStatus::Operational => Some(ComponentStatus::Operational),
        incidents::ComponentStatus::UnderMaintenance => Some(ComponentStatus::UnderMaintenance),
        incidents::ComponentStatus::DegradedPerformance => Some(ComponentStatus::DegradedPerformance),
        incidents::ComponentStatus::PartialOutage => Some(ComponentStatus::PartialOutage),
        incidents::ComponentStatus::MajorOutage => Some(ComponentStatus::MajorOutage),
    }
}

/// The fields of the event that is set, named as a violation names them.
#[derive(Clone, Copy)]
struct Fields(&'static str);

impl Fields {
    fn invalid(self, field: &str, problem: impl ToString) -> Error {
        Error::invalid(&format!("{}.{field}", self.0), problem)
    }

    fn id<T: FromStr<Err = InvalidId>>(self, field: &str, text: &str) -> Result<T, Error> {
        text.parse().map_err(|error| self.invalid(field, error))
    }

    fn time(self, field: &str, at: Option<&WireTimestamp>) -> Result<Timestamp, Error> {
        let at = at.ok_or_else(|| self.invalid(field, "must be set"))?;
        time::from_wire(at, Timestamp::MAX).map_err(|problem| self.invalid(field, problem))
    }

    /// When something happened. A time ahead of our clock is no fault of the event: the caller's clock is ahead,
    /// or ours behind. Refused, it would hold up all later events of its page, which come strictly in order.
    fn past(self, field: &str, at: Option<&WireTimestamp>, now: Timestamp) -> Result<Timestamp, Error> {
        self.time(field, at).map(|at| at.min(now))
    }

    fn window(self, start: Option<&WireTimestamp>, end: Option<&WireTimestamp>) -> Result<Window, Error> {
        let starts_at = self.time("scheduled_start_at", start)?;
        let ends_at = self.time("scheduled_end_at", end)?;
        if starts_at < ends_at {
            Ok(Window { starts_at, ends_at })
        } else {
            Err(self.invalid("scheduled_end_at", "must be later than scheduled_start_at"))
        }
    }
}
