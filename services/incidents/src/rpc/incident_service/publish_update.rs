//! `IncidentService.PublishUpdate`

use kit::{caller::Member, ids::UpdateId, mask::check_etag};
use proto::incidents::v1::{PublishUpdateRequest, PublishUpdateResponse};
use sqlx::PgConnection;

use super::write;
use crate::{
    domain::{AuditAction, Draft, Incident, Update},
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

pub(super) async fn publish_update(
    rpc: &Rpc,
    member: &Member,
    request: PublishUpdateRequest,
) -> Result<PublishUpdateResponse, Error> {
    let update_id: UpdateId = convert::id("update_id", &request.update_id)?;
    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let (incident_id, page) =
        incidents::find_incident_of(&mut tx, tenant, update_id).await?.ok_or(Error::NotFound)?;
    let position = pages::advance_page(&mut tx, tenant, page, 1).await?;
    let mut incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    let Some(draft) = drafts::find_draft(&mut tx, tenant, update_id).await? else {
        // It is published already, by whomever: the page stays where it was.
        return reply(&incident, update_id);
    };
    check_etag(&request.etag, incident.revision)?;
    let named = draft.telling.affected.iter().map(|affected| affected.component_id);
    if !write::strangers(&mut tx, tenant, page, named).await?.is_empty() {
        return Err(Error::invalid(
            "update_id",
            "must not speak of components that were deleted since; edit its `affected_components`",
        ));
    }
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    due::cancel(&mut tx, tenant, update_id.uuid(), &[DueKind::PublishUpdate]).await?;
    publish(&mut tx, by, &mut incident, draft, position).await?;
    tx.commit().await?;

    reply(&incident, update_id)
}

/// Makes an update of a draft, as `PostUpdate` would now. What it promised until a time that has passed is forgotten.
/// The page is locked.
pub(super) async fn publish(
    db: &mut PgConnection,
    by: Recording<'_>,
    incident: &mut Incident,
    mut draft: Draft,
    position: i64,
) -> Result<Update, Error> {
    drafts::delete_draft(db, by.tenant, draft.update_id).await?;
    incident.revision += 1;
    draft.telling.next_update_at.take_if(|promised| *promised <= by.clock.now());
    let update = write::tell(db, by, incident, draft.update_id, draft.telling, position).await?;
    let detail = format!("{}, from a draft", update.phase.as_str());
    write::log(db, by, incident.incident_id, &incident.title, AuditAction::Told, detail).await?;
    Ok(update)
}

fn reply(incident: &Incident, update_id: UpdateId) -> Result<PublishUpdateResponse, Error> {
    let update = incident.updates.iter().find(|told| told.update_id == update_id).ok_or(Error::NotFound)?;
    Ok(PublishUpdateResponse {
        incident: Some(write::without_updates(incident)),
        update: Some(update.clone().into()),
    })
}
