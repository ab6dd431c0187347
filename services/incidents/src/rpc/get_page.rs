//! `StatusService.GetPage`

use jiff::SignedDuration;
use kit::time::to_wire;
use proto::incidents::v1::{GetPageRequest, GetPageResponse, get_page_request};

use super::{Rpc, convert, read};
use crate::{
    domain::overall_status,
    error::Error,
    pages::Key,
    store::{components, incidents, pages},
};

/// How long a resolved incident stays on the front of the page, from the contract.
const RECENT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How many resolved incidents the front of the page shows, from the contract.
const RECENT_INCIDENTS: i64 = 50;

/// Eight queries, however much there is and was on the page.
pub(super) async fn get_page(rpc: &Rpc, request: GetPageRequest) -> Result<GetPageResponse, Error> {
    let key = match request.page {
        Some(get_page_request::Page::PageId(page_id)) => Key::Id(convert::id("page_id", &page_id)?),
        Some(get_page_request::Page::Slug(slug)) => Key::Slug(slug),
        None => return Err(Error::invalid("page", "must be set")),
    };
    let page = rpc.pages.find(key).await?;

    let now = rpc.clock.now();
    let (tenant, page_id) = (page.tenant_id, page.page_id);
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    let version = pages::find_version(&mut tx, tenant, page_id).await?.unwrap_or(0);
    let groups = components::list_component_groups_as_shown(&mut tx, tenant, page_id).await?;
    let components = components::list_components_as_shown(&mut tx, tenant, page_id).await?;
    let mut rows = incidents::list_open_incidents(&mut tx, tenant, page_id).await?;
    let open_count = rows.len();
    rows.extend(
        incidents::list_resolved_incidents(&mut tx, tenant, page_id, now - RECENT, RECENT_INCIDENTS).await?,
    );
    let mut open = read::load(&mut tx, tenant, rows).await?;
    tx.commit().await?;
    let recent = open.split_off(open_count);

    let statuses = components.iter().map(|component| component.status).collect::<Vec<_>>();
    let overall_status = overall_status(&statuses, !open.is_empty());
    Ok(GetPageResponse {
        page: Some(page.into()),
        overall_status: convert::overall_status(overall_status).into(),
        component_groups: groups.into_iter().map(Into::into).collect(),
        components: components.into_iter().map(Into::into).collect(),
        open_incidents: open.into_iter().map(Into::into).collect(),
        recent_incidents: recent.into_iter().map(Into::into).collect(),
        version,
        generated_at: Some(to_wire(now)),
    })
}
