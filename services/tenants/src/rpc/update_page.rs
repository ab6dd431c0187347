use kit::{
    caller::Member,
    ids::PageId,
    mask::{Mask, check_etag},
    time_zone::ZoneName,
};
use proto::tenants::v1::{UpdatePageRequest, UpdatePageResponse};

use super::Rpc;
use crate::{
    domain::{AuditAction, Name, Page},
    error::{Error, empty},
    store,
};

/// What can be changed, from the contract.
const FIELDS: [&str; 5] =
    ["name", "time_zone", "branding.accent_color", "branding.website_url", "branding.support_url"];

pub(super) async fn update_page(
    rpc: &Rpc,
    caller: &Member,
    request: UpdatePageRequest,
) -> Result<UpdatePageResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let before = store::lock_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, before.revision)?;
    let mut page = before.clone();
    change(&mut page, request)?;
    if page == before {
        return Ok(UpdatePageResponse { page: Some(page.into()) });
    }
    page.revision += 1;
    store::update_page(&mut tx, &page).await?;
    let (action, now) = (AuditAction::PageUpdated, rpc.clock.now());
    let (id, target) = (rpc.clock.uuid(), page_id.uuid());
    store::record(&mut tx, caller.tenant, id, caller.member, action, target, now).await?;
    tx.commit().await?;

    Ok(UpdatePageResponse { page: Some(page.into()) })
}

/// Changes what the mask names.
fn change(page: &mut Page, request: UpdatePageRequest) -> Result<(), Error> {
    let mask = Mask::parse(request.update_mask, &FIELDS)?;
    if mask.has("name") {
        page.name = Name::parse(&request.name).map_err(empty("name"))?.into_string();
    }
    if mask.has("time_zone") {
        page.time_zone = ZoneName::parse(&request.time_zone)?.into_string();
    }
    let branding = request.branding.unwrap_or_default();
    if mask.has("branding.accent_color") {
        page.accent_color = branding.accent_color;
    }
    if mask.has("branding.website_url") {
        page.website_url = branding.website_url;
    }
    if mask.has("branding.support_url") {
        page.support_url = branding.support_url;
    }
    Ok(())
}
