//! `PostmortemService.PublishPostmortem`

use kit::{caller::Member, ids::IncidentId, mask::check_etag};
use proto::incidents::v1::{PublishPostmortemRequest, PublishPostmortemResponse};

use super::Change;
use crate::{
    domain::{AuditAction, Event, Postmortem},
    error::Error,
    rpc::{Rpc, change, convert},
    store::{intervals::Recording, postmortems},
};

pub(super) async fn publish_postmortem(
    rpc: &Rpc,
    member: &Member,
    request: PublishPostmortemRequest,
) -> Result<PublishPostmortemResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let now = rpc.clock.now();
    let displayed_at = convert::parse_past("displayed_at", request.displayed_at, now)?;
    let mut change = Change::begin(rpc, member, incident_id, Some(i64::from(request.notify))).await?;
    let report = change.report.clone().ok_or(Error::NotFound)?;
    let before = report.published();
    let published = Postmortem::publish(before.clone(), report.body, displayed_at, now);
    let is_same_text = before.as_ref().is_some_and(|before| before.body == published.body);
    let notified_at = report.notified_at.filter(|_| is_same_text).map(Into::into);
    // Nobody is mailed the same text twice.
    let notifies = request.notify && notified_at.is_none();
    if before.as_ref() == Some(&published) && !notifies {
        return Ok(PublishPostmortemResponse { draft: Some(change.abandon()?) });
    }
    let incident = &change.incident;
    check_etag(&request.etag, incident.revision)?;
    if !incident.is_public || incident.standing.resolved_at.is_none() {
        return Err(Error::Precondition(
            "the incident is not over and public, and so has no report to be published",
        ));
    }
    let (tenant, page) = (member.tenant, incident.page_id);
    let notified_at = if notifies { Some(now) } else { notified_at };
    postmortems::save_published(&mut change.tx, tenant, incident_id, Some(&published), notified_at).await?;
    if notifies {
        let event = Event::PostmortemPublished { incident: incident_id };
        let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
        change::insert_event(&mut change.tx, by, event, change.position).await?;
    }
    let draft = change.end(AuditAction::Published, "the report was published").await?;
    Ok(PublishPostmortemResponse { draft: Some(draft) })
}
