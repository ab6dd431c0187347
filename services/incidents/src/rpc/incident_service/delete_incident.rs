//! `IncidentService.DeleteIncident`

use kit::{caller::Member, ids::IncidentId, mask::check_etag};
use proto::incidents::v1::{DeleteIncidentRequest, DeleteIncidentResponse};

use super::write;
use crate::{
    domain::{AuditAction, Cause, Incident},
    error::Error,
    rpc::{Rpc, change, convert, read},
    store::{
        drafts,
        due::{self, DueKind},
        incidents,
        intervals::Recording,
        pages,
    },
};

pub(super) async fn delete_incident(
    rpc: &Rpc,
    member: &Member,
    request: DeleteIncidentRequest,
) -> Result<DeleteIncidentResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let page = incidents::find_page_of(&mut tx, tenant, incident_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    check_etag(&request.etag, incident.revision)?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    change::replace_spells(&mut tx, by, Cause::Incident(incident_id), &[]).await?;
    write::replace_promise(&mut tx, by, incident.promise(), None).await?;
    let drafts = drafts::list_drafts(&mut tx, tenant, incident_id).await?;
    for draft in drafts.iter().filter(|draft| draft.publish_at.is_some()) {
        due::cancel(&mut tx, tenant, draft.update_id.uuid(), &[DueKind::PublishUpdate]).await?;
    }
    // Its events stay in the outbox: the relay drops those whose subject is gone.
    incidents::delete_incident(&mut tx, tenant, incident_id).await?;
    let detail = what_it_was(&incident);
    write::log(&mut tx, by, incident_id, &incident.title, AuditAction::Deleted, detail).await?;
    tx.commit().await?;

    Ok(DeleteIncidentResponse {})
}

fn what_it_was(incident: &Incident) -> String {
    let standing = &incident.standing;
    let until = standing.resolved_at.map_or_else(|| "never resolved".to_owned(), |at| format!("to {at}"));
    format!(
        "from {} {until}, impact {}, {} updates",
        standing.started_at,
        standing.impact.as_str(),
        incident.updates.len()
    )
}
