//! `IncidentService.GetIncident`

use kit::{caller::Member, ids::IncidentId};
use proto::incidents::v1::{GetIncidentRequest, GetIncidentResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::drafts,
};

pub(super) async fn get_incident(
    rpc: &Rpc,
    member: &Member,
    request: GetIncidentRequest,
) -> Result<GetIncidentResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let mut tx = read::snapshot(&rpc.db, member.tenant).await?;
    let incident = read::incident(&mut tx, member.tenant, incident_id).await?;
    let drafts = drafts::list_drafts(&mut tx, member.tenant, incident_id).await?;
    tx.commit().await?;
    Ok(GetIncidentResponse {
        drafts: drafts.into_iter().map(|draft| convert::draft(draft, &incident)).collect(),
        incident: Some(incident.into()),
    })
}
