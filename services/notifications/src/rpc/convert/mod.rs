//! Between the wire and the domain.

mod event;

use kit::{
    ids::{BroadcastId, MemberId, SubscriberId},
    time,
};
use proto::{internal::v1 as internal, notifications::v1 as wire};

use crate::{
    domain::{Kind, Outcome, Page},
    error::Error,
    store::{
        broadcasts::Standing,
        feedback::{Feedback, FeedbackKind},
        log::Delivery,
    },
};

pub(super) use event::{Happened, happened};

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

pub(super) fn broadcast(standing: &Standing) -> wire::Broadcast {
    let Standing { broadcast, progress, returned, .. } = standing;
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
            // It was taken, and did not stay so.
            sent: (progress.sent - returned).max(0),
            deferred: progress.deferred,
            bounced: progress.bounced + returned,
            suppressed: progress.suppressed,
            superseded: progress.superseded,
            abandoned: progress.abandoned,
            complained: standing.complained,
        }),
        paused_at: standing.paused_at.filter(|_| standing.is_paused()).map(time::to_wire),
        resent_at: standing.resent_at.map(time::to_wire),
    }
}

/// The outcome that is asked for; `None` for all.
pub(super) fn outcome(asked: wire::Outcome) -> Option<Outcome> {
    match asked {
        wire::Outcome::Unspecified => None,
        wire::Outcome::Sent => Some(Outcome::Sent),
        wire::Outcome::Deferred => Some(Outcome::Deferred),
        wire::Outcome::Bounced => Some(Outcome::Bounced),
        wire::Outcome::Suppressed => Some(Outcome::Suppressed),
        wire::Outcome::Superseded => Some(Outcome::Superseded),
        wire::Outcome::Abandoned => Some(Outcome::Abandoned),
    }
}

/// A line of the log of a broadcast of this kind.
pub(super) fn delivery(broadcast: BroadcastId, kind: Kind, delivery: Delivery) -> wire::Delivery {
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
        broadcast_id: broadcast.to_string(),
        feedback: delivery.feedback.into_iter().map(feedback).collect(),
    }
}

fn feedback(feedback: Feedback) -> wire::Feedback {
    let kind = match feedback.kind {
        FeedbackKind::Returned => wire::FeedbackKind::Returned,
        FeedbackKind::Delayed => wire::FeedbackKind::Delayed,
        FeedbackKind::Complained => wire::FeedbackKind::Complained,
    };
    wire::Feedback {
        kind: kind.into(),
        status: feedback.status,
        diagnostic: feedback.diagnostic,
        received_at: Some(time::to_wire(feedback.received_at)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kit::ids::PageId;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Broadcast, Progress};

    #[test]
    fn the_log_names_members_where_a_broadcast_went_to_responders_and_subscribers_elsewhere() {
        let line = |kind| {
            let line = Delivery {
                recipient: Uuid::from_u128(7).into(),
                outcome: Outcome::Sent,
                attempts: 1,
                reply: String::new(),
                updated_at: Timestamp::UNIX_EPOCH,
                feedback: Vec::new(),
            };
            let line = delivery(Uuid::from_u128(1).into(), kind, line);
            (line.subscriber_id, line.member_id)
        };
        let id = "00000000000000000000000007";
        assert_eq!(line(Kind::NextUpdateDue), (String::new(), format!("mem_{id}")));
        for kind in [Kind::IncidentUpdate, Kind::MaintenanceApproaching, Kind::Confirmation] {
            assert_eq!(line(kind), (format!("sub_{id}"), String::new()));
        }
    }

    #[test]
    fn what_came_back_is_no_longer_sent_and_what_has_ended_is_not_paused() {
        let at = Timestamp::UNIX_EPOCH;
        let mut standing = Standing {
            broadcast: Broadcast {
                broadcast: Uuid::from_u128(1).into(),
                page: PageId::from_uuid(Uuid::from_u128(2)),
                kind: Kind::Postmortem,
                incident: None,
                maintenance: None,
                update: None,
                planned: 9,
                created_at: at,
                completed_at: None,
            },
            paused_at: Some(at),
            resent_at: None,
            passes: 0,
            progress: Progress { sent: 5, bounced: 1, deferred: 3, ..Progress::default() },
            returned: 2,
            complained: 1,
        };
        let shown = broadcast(&standing);
        let progress = shown.progress.unwrap();
        assert_eq!((progress.sent, progress.bounced, progress.complained), (3, 3, 1));
        assert!(shown.paused_at.is_some());
        standing.broadcast.completed_at = Some(at);
        assert!(broadcast(&standing).paused_at.is_none());
    }
}
