//! Between the wire and the domain.

use jiff::Timestamp;
use kit::time;
use proto::{
    incidents::v1 as incidents,
    internal::v1::{self as internal, publish_event_request::Event},
    notifications::v1 as wire,
};

use crate::{
    domain::{
        Broadcast, Component, ComponentStatus, Content, IncidentUpdate, Kind, Outcome, Page, Phase, Progress,
    },
    error::Error,
    store::deliveries::Delivery,
};

pub(super) fn page(entry: internal::PageEntry) -> Result<Page, Error> {
    let unreadable = |error: kit::ids::InvalidId| Error::Unreadable(error.to_string());
    Ok(Page {
        page_id: entry.page_id.parse().map_err(unreadable)?,
        slug: entry.slug,
        name: entry.name,
        locale: entry.locale,
        time_zone: entry.time_zone,
    })
}

/// What is told; of an incident update, its place among the events of its page too.
pub(super) fn content(event: Event, latest: Timestamp) -> Result<(Content, Option<i64>), Error> {
    let updated = match event {
        Event::ConfirmationRequested(requested) => {
            let subscriber = requested
                .subscriber_id
                .parse()
                .map_err(|error| Error::invalid("confirmation_requested.subscriber_id", error))?;
            return Ok((Content::Confirmation { subscriber }, None));
        }
        Event::IncidentUpdated(updated) => updated,
    };
    let field = |name| format!("incident_updated.{name}");
    let phase = phase(updated.phase())?;
    let told = IncidentUpdate {
        incident_id: updated
            .incident_id
            .parse()
            .map_err(|error| Error::invalid(&field("incident_id"), error))?,
        update_id: updated.update_id.parse().map_err(|error| Error::invalid(&field("update_id"), error))?,
        phase,
        displayed_at: updated
            .displayed_at
            .ok_or_else(|| "must be set".to_owned())
            .and_then(|at| time::from_wire(&at, latest))
            .map_err(|problem| Error::invalid(&field("displayed_at"), problem))?,
        title: updated.title,
        body: updated.body,
        components: updated.components.into_iter().map(component).collect::<Result<_, _>>()?,
    };
    Ok((Content::IncidentUpdate(told), Some(updated.position)))
}

fn component(component: internal::NamedComponent) -> Result<Component, Error> {
    let status = match component.status() {
        incidents::ComponentStatus::Unspecified => {
            return Err(Error::invalid("incident_updated.components", "must have a status each"));
        }
        incidents::ComponentStatus::Operational => ComponentStatus::Operational,
        incidents::ComponentStatus::DegradedPerformance => ComponentStatus::DegradedPerformance,
        incidents::ComponentStatus::PartialOutage => ComponentStatus::PartialOutage,
        incidents::ComponentStatus::MajorOutage => ComponentStatus::MajorOutage,
    };
    Ok(Component { name: component.name, status })
}

fn phase(phase: incidents::Phase) -> Result<Phase, Error> {
    match phase {
        incidents::Phase::Unspecified => Err(Error::invalid("incident_updated.phase", "must be set")),
        incidents::Phase::Investigating => Ok(Phase::Investigating),
        incidents::Phase::Identified => Ok(Phase::Identified),
        incidents::Phase::Monitoring => Ok(Phase::Monitoring),
        incidents::Phase::Resolved => Ok(Phase::Resolved),
    }
}

pub(super) fn broadcast(broadcast: &Broadcast, progress: Progress) -> wire::Broadcast {
    let kind = match broadcast.kind {
        Kind::IncidentUpdate => wire::BroadcastKind::IncidentUpdate,
        Kind::Confirmation => wire::BroadcastKind::Confirmation,
    };
    wire::Broadcast {
        broadcast_id: broadcast.broadcast.to_string(),
        page_id: broadcast.page.to_string(),
        kind: kind.into(),
        incident_id: broadcast.incident.map(|id| id.to_string()).unwrap_or_default(),
        update_id: broadcast.update.map(|id| id.to_string()).unwrap_or_default(),
        created_at: Some(time::to_wire(broadcast.created_at)),
        completed_at: broadcast.completed_at.map(time::to_wire),
        progress: Some(wire::Progress {
            planned: broadcast.planned,
            sent: progress.sent,
            deferred: progress.deferred,
            bounced: progress.bounced,
            suppressed: progress.suppressed,
            superseded: progress.superseded,
            abandoned: progress.abandoned,
        }),
    }
}

pub(super) fn delivery(delivery: Delivery) -> wire::Delivery {
    let outcome = match delivery.outcome {
        Outcome::Sent => wire::Outcome::Sent,
        Outcome::Deferred => wire::Outcome::Deferred,
        Outcome::Bounced => wire::Outcome::Bounced,
        Outcome::Suppressed => wire::Outcome::Suppressed,
        Outcome::Superseded => wire::Outcome::Superseded,
        Outcome::Abandoned => wire::Outcome::Abandoned,
    };
    wire::Delivery {
        subscriber_id: delivery.subscriber.to_string(),
        outcome: outcome.into(),
        attempts: delivery.attempts,
        reply: delivery.reply,
        updated_at: Some(time::to_wire(delivery.updated_at)),
    }
}
