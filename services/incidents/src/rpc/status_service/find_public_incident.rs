//! `StatusService.GetIncident`

use std::collections::BTreeSet;

use kit::ids::{IncidentId, PageId};
use proto::incidents::v1::{StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse};

use super::speaks::incident_speaks_of;
use crate::{
    error::Error,
    pages::Key,
    rpc::{Rpc, convert, read},
    store::{components, incidents},
};

pub(super) async fn find_public_incident(
    rpc: &Rpc,
    request: StatusServiceGetIncidentRequest,
) -> Result<StatusServiceGetIncidentResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let incident_id: IncidentId = convert::id("incident_id", &request.incident_id)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let tenant = page.tenant_id;

    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    // A page shows its own incidents, and not those of another page of the company.
    let row = incidents::find_incident(&mut tx, tenant, incident_id)
        .await?
        .filter(|row| row.page_id == page_id && row.is_public)
        .ok_or(Error::NotFound)?;
    let incident = read::load(&mut tx, tenant, vec![row]).await?.into_iter().next().ok_or(Error::NotFound)?;
    let spoken_of = incident_speaks_of(&incident).collect::<BTreeSet<_>>();
    let (components, component_groups) =
        components::list_named_as_shown(&mut tx, tenant, page_id, spoken_of).await?;
    tx.commit().await?;

    Ok(StatusServiceGetIncidentResponse {
        incident: Some(convert::public_incident(incident)),
        components: components.into_iter().map(convert::public_component).collect(),
        component_groups: component_groups.into_iter().map(convert::public_component_group).collect(),
    })
}
