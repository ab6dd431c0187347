//! `ComponentService.CreateComponent`

use kit::{
    caller::Member,
    ids::{ComponentId, PageId},
    status::OnConstraint as _,
};
use proto::incidents::v1::{CreateComponentRequest, CreateComponentResponse};

use super::{Rpc, convert};
use crate::{
    domain::{COMPONENTS_PER_PAGE, Component, component_status},
    error::Error,
    store::{self, components, pages},
};

pub(super) async fn create_component(
    rpc: &Rpc,
    member: &Member,
    request: CreateComponentRequest,
) -> Result<CreateComponentResponse, Error> {
    let key = member.request_key("CreateComponent", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let component_group_id = request
        .component_group_id
        .as_deref()
        .map(|group| convert::id("component_group_id", group))
        .transpose()?;
    let name = convert::line("name", &request.name)?;
    let description = request.description.trim().to_owned();

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
    let component = Component {
        component_id: ComponentId::new(&rpc.clock),
        page_id,
        component_group_id,
        name,
        description,
        // No incident speaks of it yet.
        status: component_status([]),
        position: request.position,
        created_at: rpc.clock.now(),
    };
    components::insert_component(&mut tx, tenant, &component)
        .await
        .on_constraint(components::COMPONENT_GROUP_FK, || {
            Error::invalid("component_group_id", "must be a component group of the page")
        })?;
    let reply = CreateComponentResponse { component: Some(component.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
