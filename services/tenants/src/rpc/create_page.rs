use kit::{caller::Member, ids::PageId, status::OnConstraint as _, time_zone::ZoneName};
use proto::tenants::v1::{CreatePageRequest, CreatePageResponse};

use super::Rpc;
use crate::{
    domain::{AuditAction, MAX_PAGES, Name, Page, Slug},
    error::{Error, empty},
    store,
};

pub(super) async fn create_page(
    rpc: &Rpc,
    caller: &Member,
    request: CreatePageRequest,
) -> Result<CreatePageResponse, Error> {
    let key = caller.request_key("CreatePage", &request.request_id, &request);
    let page = Page {
        tenant_id: caller.tenant,
        page_id: PageId::new(&rpc.clock),
        slug: Slug::parse(&request.slug)?.into_string(),
        name: Name::parse(&request.name).map_err(empty("name"))?.into_string(),
        locale: request.locale,
        time_zone: ZoneName::parse(&request.time_zone)?.into_string(),
        created_at: rpc.clock.now(),
        accent_color: String::new(),
        website_url: String::new(),
        support_url: String::new(),
        logo: None,
        revision: 1,
    };

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    if let Some(reply) = store::requests::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    // Counted in a statement of its own after the lock: a statement sees what was committed as it began, not
    // what was while it waited.
    if !store::lock_tenant(&mut tx, caller.tenant).await? {
        return Err(Error::NotFound);
    }
    if store::count_pages(&mut tx, caller.tenant).await? >= MAX_PAGES {
        return Err(Error::TooManyPages);
    }
    store::insert_page_entry(&mut tx, caller.tenant, page.page_id, &page.slug)
        .await
        .on_constraint("page_entry_slug_key", || Error::SlugTaken)?;
    store::insert_page(&mut tx, &page).await?;
    let (action, target) = (AuditAction::PageCreated, page.page_id.uuid());
    store::record(&mut tx, caller.tenant, rpc.clock.uuid(), caller.member, action, target, page.created_at)
        .await?;
    let reply = CreatePageResponse { page: Some(page.into()) };
    store::requests::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
