//! `ComponentService.CreateComponent`

use kit::{
    caller::Member,
    ids::{ComponentId, PageId},
};
use proto::incidents::v1::{CreateComponentRequest, CreateComponentResponse};

use super::{
    follow::follow,
    log::log,
    parse::{check_of_page, parse_followed, parse_group},
};
use crate::{
    domain::{AuditAction, COMPONENTS_PER_PAGE, ComponentSettings},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, components, intervals::Recording, pages},
};

pub(super) async fn create_component(
    rpc: &Rpc,
    member: &Member,
    request: CreateComponentRequest,
) -> Result<CreateComponentResponse, Error> {
    let key = member.request_key("CreateComponent", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let settings = ComponentSettings {
        component_group_id: parse_group(request.component_group_id.as_deref())?,
        name: convert::line("name", &request.name)?,
        description: request.description.trim().to_owned(),
        position: request.position,
        start_date: request.start_date.map(|date| convert::parse_date("start_date", date)).transpose()?,
        hidden_while_operational: request.hidden_while_operational,
        shows_uptime: request.shows_uptime.unwrap_or(true),
        follows: parse_followed(request.third_party.as_ref())?,
    };

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    if components::count_components(&mut tx, tenant, page_id).await? >= i64::from(COMPONENTS_PER_PAGE) {
        return Err(Error::LimitReached { what: "a page", limit: COMPONENTS_PER_PAGE, of: "components" });
    }
    let id = ComponentId::new(&rpc.clock);
    let now = rpc.clock.now();
    check_of_page(components::insert_component(&mut tx, tenant, page_id, id, &settings, now).await)?;
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    follow(&mut tx, by, id, None, settings.follows.as_ref()).await?;
    let component = components::find_component(&mut tx, tenant, id).await?.ok_or(Error::NotFound)?;
    log(&mut tx, by, &component, AuditAction::Created, String::new()).await?;
    let reply = CreateComponentResponse { component: Some(component.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
