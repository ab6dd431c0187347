//! `IncidentService.UpdateIncident`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::IncidentId,
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{UpdateIncidentRequest, UpdateIncidentResponse};

use super::write;
use crate::{
    domain::{AuditAction, Incident},
    error::Error,
    rpc::{Rpc, convert, read},
    store::{component_impacts, incidents, intervals::Recording, pages},
};

/// What can be changed, from the contract.
const FIELDS: [&str; 6] =
    ["title", "impact", "impact_started_at", "impact_ended_at", "component_impacts", "language"];

pub(super) async fn update_incident(
    rpc: &Rpc,
    member: &Member,
    mut request: UpdateIncidentRequest,
) -> Result<UpdateIncidentResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let mask = Mask::parse(request.update_mask.take(), &FIELDS)?;
    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let page = incidents::find_page_of(&mut tx, tenant, incident_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, page, 0).await?;
    let before = read::incident_to_change(&mut tx, tenant, incident_id).await?;
    check_etag(&request.etag, before.revision)?;
    let mut incident = before.clone();
    change(&mut incident, &mask, &request, rpc.clock.now())?;
    if incident == before {
        // Nothing changed: the page stays where it was.
        return Ok(UpdateIncidentResponse { incident: Some(write::without_updates(&incident)) });
    }
    incident.revision += 1;
    let by = Recording { tenant, page, member: Some(member.member), clock: &rpc.clock };
    if incident.component_impacts != before.component_impacts {
        let (named, had) = (&request.component_impacts, &before.component_impacts);
        write::check_known(&mut tx, tenant, page, &[], named, had).await?;
        let impacts = &incident.component_impacts;
        component_impacts::replace_component_impacts(&mut tx, tenant, incident_id, impacts).await?;
    }
    write::follow(&mut tx, by, &mut incident, before.promise()).await?;
    let detail = FIELDS.into_iter().filter(|field| mask.has(field)).collect::<Vec<_>>().join(", ");
    write::log(&mut tx, by, incident_id, &incident.title, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(UpdateIncidentResponse { incident: Some(write::without_updates(&incident)) })
}

/// Changes what the mask names.
fn change(
    incident: &mut Incident,
    mask: &Mask,
    request: &UpdateIncidentRequest,
    now: Timestamp,
) -> Result<(), Error> {
    if mask.has("title") {
        incident.title = convert::line("title", &request.title)?;
    }
    if mask.has("impact") {
        incident.impact_override = convert::parse_impact(request.impact());
    }
    if mask.has("impact_started_at") {
        incident.impact_started_at =
            convert::parse_past("impact_started_at", request.impact_started_at, now)?;
    }
    if mask.has("impact_ended_at") {
        incident.impact_ended_at = convert::parse_past("impact_ended_at", request.impact_ended_at, now)?;
    }
    if mask.has("component_impacts") {
        incident.component_impacts = convert::parse_component_impacts(&request.component_impacts, now)?;
    }
    if mask.has("language") {
        incident.language.clone_from(&request.language);
    }
    write::check_span(incident)?;
    incident.stand();
    Ok(())
}
