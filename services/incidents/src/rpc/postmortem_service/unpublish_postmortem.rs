//! `PostmortemService.UnpublishPostmortem`

use kit::{caller::Member, ids::IncidentId};
use proto::incidents::v1::{UnpublishPostmortemRequest, UnpublishPostmortemResponse};

use super::Change;
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert},
    store::postmortems,
};

pub(super) async fn unpublish_postmortem(
    rpc: &Rpc,
    member: &Member,
    request: UnpublishPostmortemRequest,
) -> Result<UnpublishPostmortemResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let mut change = Change::begin(rpc, member, incident_id, Some(0)).await?;
    if change.report.as_ref().is_none_or(|report| report.published_at.is_none()) {
        return Ok(UnpublishPostmortemResponse { draft: Some(change.abandon()?) });
    }
    postmortems::save_published(&mut change.tx, member.tenant, incident_id, None, None).await?;
    let draft = change.end(AuditAction::Retracted, "the report was taken off the page").await?;
    Ok(UnpublishPostmortemResponse { draft: Some(draft) })
}
