//! `PostmortemService.WritePostmortem`

use kit::{caller::Member, ids::IncidentId, mask::check_etag};
use proto::incidents::v1::{WritePostmortemRequest, WritePostmortemResponse};

use super::Change;
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert},
    store::postmortems,
};

pub(super) async fn write_postmortem(
    rpc: &Rpc,
    member: &Member,
    request: WritePostmortemRequest,
) -> Result<WritePostmortemResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let body = convert::text("body", request.body)?;
    let mut change = Change::begin(rpc, member, incident_id, None).await?;
    if change.report.as_ref().is_some_and(|report| report.body == body) {
        return Ok(WritePostmortemResponse { draft: Some(change.abandon()?) });
    }
    check_etag(&request.etag, change.incident.revision)?;
    let now = rpc.clock.now();
    postmortems::save_draft(&mut change.tx, member.tenant, incident_id, &body, now).await?;
    let draft = change.end(AuditAction::Updated, "the report was written").await?;
    Ok(WritePostmortemResponse { draft: Some(draft) })
}
