//! `PostmortemService.GetPostmortem`

use kit::{caller::Member, ids::IncidentId};
use proto::incidents::v1::{GetPostmortemRequest, GetPostmortemResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::{incidents, postmortems},
};

pub(super) async fn get_postmortem(
    rpc: &Rpc,
    member: &Member,
    request: GetPostmortemRequest,
) -> Result<GetPostmortemResponse, Error> {
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let mut tx = read::snapshot(&rpc.db, member.tenant).await?;
    let row = incidents::find_incident(&mut tx, member.tenant, incident_id).await?.ok_or(Error::NotFound)?;
    let report = postmortems::find_postmortem(&mut tx, member.tenant, incident_id).await?;
    tx.commit().await?;
    let report = report.ok_or(Error::NotFound)?;
    Ok(GetPostmortemResponse { draft: Some(convert::postmortem_draft(report, row.revision)) })
}
