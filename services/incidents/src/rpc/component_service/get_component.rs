//! `ComponentService.GetComponent`

use kit::{caller::Member, ids::ComponentId};
use proto::incidents::v1::{GetComponentRequest, GetComponentResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert},
    store::components,
};

pub(super) async fn get_component(
    rpc: &Rpc,
    member: &Member,
    request: GetComponentRequest,
) -> Result<GetComponentResponse, Error> {
    let component_id: ComponentId = convert::id("component_id", &request.component_id)?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let component = components::find_component(&mut tx, member.tenant, component_id).await?;
    tx.commit().await?;

    Ok(GetComponentResponse { component: Some(component.ok_or(Error::NotFound)?.into()) })
}
