//! `PostmortemService.PublishPostmortem`

use kit::{caller::Member, ids::IncidentId};
use proto::incidents::v1::{PublishPostmortemRequest, PublishPostmortemResponse};

use super::Change;
use crate::{
    domain::{AuditAction, Event, Postmortem},
    error::Error,
    rpc::{Rpc, convert, incident_service::write, mask::check_etag},
    store::{intervals::Recording, postmortems},
};

pub(super) async fn publish_postmortem(
    rpc: &Rpc,
    member: &Member,
    request: PublishPostmortemRequest,
) -> Result<PublishPostmortemResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let displayed_at = convert::parse_past("displayed_at", request.displayed_at, rpc.clock.now())?;
    let mut change = Change::begin(rpc, member, incident_id, i64::from(request.notify)).await?;
    let incident = &change.incident;
    check_etag(&request.etag, incident.revision)?;
    let report = change.report.clone().ok_or(Error::NotFound)?;
    if !incident.is_public || incident.standing.resolved_at.is_none() {
        return Err(Error::Precondition(
            "the incident is not over and public, and so has no report to be published",
        ));
    }
    let before = report.published();
    let published = Postmortem::publish(before.clone(), report.body, displayed_at, rpc.clock.now());
    if before.as_ref() == Some(&published) {
        // Readers see it already, and subscribers were told if they were to be: nobody is mailed twice.
        return Ok(PublishPostmortemResponse { draft: Some(change.abandon()?) });
    }
    let (tenant, page) = (member.tenant, incident.page_id);
    postmortems::save_published(&mut change.tx, tenant, incident_id, Some(&published)).await?;
    if request.notify {
        let event = Event::PostmortemPublished { incident: incident_id };
        let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
        write::insert_event(&mut change.tx, by, event, change.position).await?;
    }
    let draft = change.end(AuditAction::Published, "the report was published").await?;
    Ok(PublishPostmortemResponse { draft: Some(draft) })
}
