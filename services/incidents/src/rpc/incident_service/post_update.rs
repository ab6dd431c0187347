//! `IncidentService.PostUpdate`

use kit::{
    caller::Member,
    ids::{IncidentId, UpdateId},
    mask::check_etag,
};
use proto::incidents::v1::{PostUpdateRequest, PostUpdateResponse};

use super::write::{self, Fields};
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert, read},
    store::{self, incidents, intervals::Recording, pages},
};

pub(super) async fn post_update(
    rpc: &Rpc,
    member: &Member,
    request: PostUpdateRequest,
) -> Result<PostUpdateResponse, Error> {
    let key = member.request_key("PostUpdate", &request.request_id, &request);
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let now = rpc.clock.now();
    let publish_at = write::parse_publish_at(request.publish_at, request.draft, now)?;
    let fields = Fields {
        phase: request.phase(),
        body: request.body,
        affected_components: &request.affected_components,
        displayed_at: request.displayed_at,
        notify: request.notify,
        next_update_at: request.next_update_at,
    };
    let telling = fields.parse(publish_at, now)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let page = incidents::find_page_of(&mut tx, tenant, incident_id).await?.ok_or(Error::NotFound)?;
    let may_mail = telling.notify != Some(false);
    let position = if request.draft {
        pages::lock_page(&mut tx, tenant, page).await?;
        0
    } else {
        pages::advance_page(&mut tx, tenant, page, i64::from(may_mail)).await?
    };
    let mut incident = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    check_etag(&request.etag, incident.revision)?;
    write::check_not_full(&mut tx, tenant, &incident).await?;
    write::check_known(&mut tx, tenant, page, &request.affected_components, &[], &[]).await?;

    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    incident.revision += 1;
    let (update, action, detail) = if request.draft {
        incidents::save_incident(&mut tx, tenant, &incident).await?;
        let draft = write::draft(&mut tx, by, incident_id, telling, publish_at).await?;
        (convert::draft(draft, &incident), AuditAction::Updated, "a draft was added")
    } else {
        let update_id = UpdateId::new(&rpc.clock);
        let update = write::tell(&mut tx, by, &mut incident, update_id, telling, position).await?;
        let phase = update.phase.as_str();
        (update.into(), AuditAction::Told, phase)
    };
    write::log(&mut tx, by, incident_id, &incident.title, action, detail).await?;
    let reply =
        PostUpdateResponse { incident: Some(write::without_updates(&incident)), update: Some(update) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
