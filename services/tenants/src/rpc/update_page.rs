use kit::{caller::Member, ids::PageId, time_zone::ZoneName};
use proto::tenants::v1::{UpdatePageRequest, UpdatePageResponse};

use super::Rpc;
use crate::{
    domain::{AuditAction, Name, Page},
    error::{Error, empty},
    store,
};

/// What can be changed (AIP-134, <https://google.aip.dev/134>), from the contract.
const FIELDS: &str = "name, time_zone, branding.accent_color, branding.website_url, branding.support_url";

pub(super) async fn update_page(
    rpc: &Rpc,
    caller: &Member,
    request: UpdatePageRequest,
) -> Result<UpdatePageResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let before = store::lock_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    if !request.etag.is_empty() && request.etag != before.revision.to_string() {
        return Err(Error::EtagMismatch);
    }
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
    let paths = request.update_mask.unwrap_or_default().paths;
    if paths.is_empty() {
        return Err(Error::invalid("update_mask", format!("must name some of {FIELDS}")));
    }
    let branding = request.branding.unwrap_or_default();
    for path in paths {
        match path.as_str() {
            "name" => page.name = Name::parse(&request.name).map_err(empty("name"))?.into_string(),
            "time_zone" => page.time_zone = ZoneName::parse(&request.time_zone)?.into_string(),
            "branding.accent_color" => page.accent_color.clone_from(&branding.accent_color),
            "branding.website_url" => page.website_url.clone_from(&branding.website_url),
            "branding.support_url" => page.support_url.clone_from(&branding.support_url),
            // a path may be of any length: it is not repeated
            _ => {
                let why = format!("must name only fields that can be changed: {FIELDS}");
                return Err(Error::invalid("update_mask", why));
            }
        }
    }
    Ok(())
}
