//! `IncidentService.PostUpdate`

use kit::{caller::Member, ids::IncidentId};
use proto::incidents::v1::{Incident, PostUpdateRequest, PostUpdateResponse};

use super::{
    Rpc, convert, read,
    tell::{self, Draft},
};
use crate::{
    domain::UPDATES_PER_INCIDENT,
    error::Error,
    store::{self, incidents, pages},
};

pub(super) async fn post_update(
    rpc: &Rpc,
    member: &Member,
    request: PostUpdateRequest,
) -> Result<PostUpdateResponse, Error> {
    let key = member.request_key("PostUpdate", &request.request_id, &request);
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let phase = request.phase();
    let draft = Draft::parse(
        rpc.clock.now(),
        phase,
        request.body,
        &request.affected_components,
        request.displayed_at,
        request.silent,
    )?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let page_id = incidents::find_page_of(&mut tx, tenant, incident_id).await?.ok_or(Error::NotFound)?;
    let position = pages::advance_page(&mut tx, tenant, page_id, draft.events()).await?;
    let row = incidents::lock_incident(&mut tx, tenant, incident_id).await?;
    let loaded = read::load(&mut tx, tenant, row.into_iter().collect()).await?;
    let mut incident = loaded.into_iter().next().ok_or(Error::NotFound)?;
    if incident.updates.len() >= usize::from(UPDATES_PER_INCIDENT) {
        return Err(Error::LimitReached { what: "an incident", limit: UPDATES_PER_INCIDENT, of: "updates" });
    }
    let mut update = draft.settle(&mut tx, tenant, page_id, &rpc.clock).await?;
    // Mailed now, it would be the last that subscribers hear, and not be what the incident says.
    update.silent |= incident.updates.iter().any(|told| told.displayed_at > update.displayed_at);
    incident.add(update.clone());
    incidents::save_standing(&mut tx, tenant, &incident).await?;
    tell::write(&mut tx, tenant, &rpc.clock, &incident, &update, position).await?;
    // Kept for safe retries, so it must not grow with the story.
    let incident = Incident { updates: Vec::new(), ..incident.into() };
    let reply = PostUpdateResponse { incident: Some(incident), update: Some(update.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
