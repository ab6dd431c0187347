//! `StatusService.GetIncident`

use kit::ids::PageId;
use proto::incidents::v1::{StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse};

use super::{Rpc, convert, read};
use crate::{error::Error, pages::Key};

pub(super) async fn find_public_incident(
    rpc: &Rpc,
    request: StatusServiceGetIncidentRequest,
) -> Result<StatusServiceGetIncidentResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let incident_id = convert::id("incident_id", &request.incident_id)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let incident = read::incident(&rpc.db, page.tenant_id, incident_id).await?;
    // A page shows its own incidents, and not those of another page of the company.
    if incident.page_id != page.page_id {
        return Err(Error::NotFound);
    }
    Ok(StatusServiceGetIncidentResponse { incident: Some(incident.into()) })
}
