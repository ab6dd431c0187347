//! `IncidentService.GetIncident`

use kit::caller::Member;
use proto::incidents::v1::{GetIncidentRequest, GetIncidentResponse};

use super::{Rpc, convert, read};
use crate::error::Error;

pub(super) async fn get_incident(
    rpc: &Rpc,
    member: &Member,
    request: GetIncidentRequest,
) -> Result<GetIncidentResponse, Error> {
    let incident_id = convert::id("incident_id", &request.incident_id)?;
    let incident = read::incident(&rpc.db, member.tenant, incident_id).await?;
    Ok(GetIncidentResponse { incident: Some(incident.into()) })
}
