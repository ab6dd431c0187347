//! `IncidentService.CreateIncident`

use kit::{
    caller::Member,
    ids::{IncidentId, PageId},
};
use proto::incidents::v1::{CreateIncidentRequest, CreateIncidentResponse};

use super::{
    Rpc, convert,
    tell::{self, Draft},
};
use crate::{
    domain::Incident,
    error::Error,
    store::{self, incidents, pages},
};

pub(super) async fn create_incident(
    rpc: &Rpc,
    member: &Member,
    request: CreateIncidentRequest,
) -> Result<CreateIncidentResponse, Error> {
    let key = member.request_key("CreateIncident", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let title = convert::line("title", &request.title)?;
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
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let position = pages::advance_page(&mut tx, tenant, page_id, draft.events()).await?;
    let update = draft.settle(&mut tx, tenant, page_id, &rpc.clock).await?;
    let incident = Incident::open(IncidentId::new(&rpc.clock), page_id, title, update.clone());
    incidents::insert_incident(&mut tx, tenant, &incident).await?;
    tell::write(&mut tx, tenant, &rpc.clock, &incident, &update, position).await?;
    let reply = CreateIncidentResponse { incident: Some(incident.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
