//! `IncidentService.DiscardUpdate`

use kit::{caller::Member, ids::UpdateId};
use proto::incidents::v1::{DiscardUpdateRequest, DiscardUpdateResponse};

use super::write;
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert, read},
    store::{
        drafts,
        due::{self, DueKind},
        incidents,
        intervals::Recording,
        pages,
    },
};

pub(super) async fn discard_update(
    rpc: &Rpc,
    member: &Member,
    request: DiscardUpdateRequest,
) -> Result<DiscardUpdateResponse, Error> {
    let update_id: UpdateId = convert::id("update_id", &request.update_id)?;
    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let (incident_id, page) =
        incidents::find_incident_of(&mut tx, tenant, update_id).await?.ok_or(Error::NotFound)?;
    pages::lock_page(&mut tx, tenant, page).await?;
    let mut incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    if incident.updates.iter().any(|told| told.update_id == update_id) {
        return Err(Error::Precondition("the update is published, and what is published stays"));
    }
    // Somebody else may have thrown it away meanwhile.
    drafts::find_draft(&mut tx, tenant, update_id).await?.ok_or(Error::NotFound)?;
    drafts::delete_draft(&mut tx, tenant, update_id).await?;
    due::cancel(&mut tx, tenant, update_id.uuid(), &[DueKind::PublishUpdate]).await?;
    incident.revision += 1;
    incidents::save_incident(&mut tx, tenant, &incident).await?;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    let detail = "a draft was thrown away";
    write::log(&mut tx, by, incident_id, &incident.title, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(DiscardUpdateResponse {})
}
