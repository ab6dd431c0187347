//! Between the wire and the domain.

mod event;

use kit::{
    ids::{MemberId, SubscriberId},
    time,
};
use proto::{internal::v1 as internal, notifications::v1 as wire};

use crate::{
    domain::{Broadcast, Kind, Outcome, Page, Progress},
    error::Error,
    store::deliveries::Delivery,
};

pub(super) use event::content;

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

pub(super) fn broadcast(broadcast: &Broadcast, progress: Progress) -> wire::Broadcast {
    let kind = match broadcast.kind {
        Kind::IncidentUpdate => wire::BroadcastKind::IncidentUpdate,
        Kind::MaintenanceUpdate => wire::BroadcastKind::MaintenanceUpdate,
        Kind::MaintenanceApproaching => wire::BroadcastKind::MaintenanceApproaching,
        Kind::Postmortem => wire::BroadcastKind::Postmortem,
        Kind::NextUpdateDue => wire::BroadcastKind::NextUpdateDue,
        Kind::Confirmation => wire::BroadcastKind::Confirmation,
    };
    wire::Broadcast {
        broadcast_id: broadcast.broadcast.to_string(),
        page_id: broadcast.page.to_string(),
        kind: kind.into(),
        incident_id: broadcast.incident.map(|id| id.to_string()).unwrap_or_default(),
        maintenance_id: broadcast.maintenance.map(|id| id.to_string()).unwrap_or_default(),
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

/// A line of the log of a broadcast of this kind.
pub(super) fn delivery(kind: Kind, delivery: Delivery) -> wire::Delivery {
    let who = delivery.recipient.uuid();
    let (subscriber_id, member_id) = match kind {
        Kind::IncidentUpdate
        | Kind::MaintenanceUpdate
        | Kind::MaintenanceApproaching
        | Kind::Postmortem
        | Kind::Confirmation => (SubscriberId::from_uuid(who).to_string(), String::new()),
        Kind::NextUpdateDue => (String::new(), MemberId::from_uuid(who).to_string()),
    };
    let outcome = match delivery.outcome {
        Outcome::Sent => wire::Outcome::Sent,
        Outcome::Deferred => wire::Outcome::Deferred,
        Outcome::Bounced => wire::Outcome::Bounced,
        Outcome::Suppressed => wire::Outcome::Suppressed,
        Outcome::Superseded => wire::Outcome::Superseded,
        Outcome::Abandoned => wire::Outcome::Abandoned,
    };
    wire::Delivery {
        subscriber_id,
        member_id,
        outcome: outcome.into(),
        attempts: delivery.attempts,
        reply: delivery.reply,
        updated_at: Some(time::to_wire(delivery.updated_at)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_log_names_members_where_a_broadcast_went_to_responders_and_subscribers_elsewhere() {
        let line = |kind| {
            let line = Delivery {
                recipient: Uuid::from_u128(7).into(),
                outcome: Outcome::Sent,
                attempts: 1,
                reply: String::new(),
                updated_at: jiff::Timestamp::UNIX_EPOCH,
            };
            let line = delivery(kind, line);
            (line.subscriber_id, line.member_id)
        };
        let id = "00000000000000000000000007";
        assert_eq!(line(Kind::NextUpdateDue), (String::new(), format!("mem_{id}")));
        for kind in [Kind::IncidentUpdate, Kind::MaintenanceApproaching, Kind::Confirmation] {
            assert_eq!(line(kind), (format!("sub_{id}"), String::new()));
        }
    }
}
