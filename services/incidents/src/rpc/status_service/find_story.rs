//! `StatusService.FindStory`

use kit::{code::Code, ids::PageId};
use proto::incidents::v1::{FindStoryRequest, FindStoryResponse, find_story_response::Story};

use crate::{
    error::Error,
    pages::Key,
    rpc::{Rpc, convert},
    store::{incidents, maintenances},
};

pub(super) async fn find_story(rpc: &Rpc, request: FindStoryRequest) -> Result<FindStoryResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    // What no id can have as its code stands for nothing.
    let code: Code = request.code.parse().map_err(|_| Error::NotFound)?;
    let tenant = rpc.pages.find(Key::Id(page_id)).await?.tenant_id;

    let ids = code.ids();
    let mut tx = rpc.db.tenant(tenant).await?;
    let incidents = incidents::list_public_incidents_between(&mut tx, tenant, page_id, ids).await?;
    let maintenances = maintenances::list_maintenances_between(&mut tx, tenant, page_id, ids).await?;
    tx.commit().await?;
    let incident = incidents.into_iter().find(|id| Code::of(id.uuid()) == code);
    let maintenance = maintenances.into_iter().find(|id| Code::of(id.uuid()) == code);
    let story = incident
        .map(|id| Story::IncidentId(id.to_string()))
        .or_else(|| maintenance.map(|id| Story::MaintenanceId(id.to_string())));
    Ok(FindStoryResponse { story: Some(story.ok_or(Error::NotFound)?) })
}
