//! What a page is made of, and how its components are.

mod made_of;
mod statuses;

use pharos_tests::{PageOf, mask};
use proto::incidents::v1::{Component, DeleteComponentRequest, GetComponentRequest, UpdateComponentRequest};
use tonic::Status;

async fn get(page: &PageOf, component: &Component) -> Component {
    let request = GetComponentRequest { component_id: component.component_id.clone() };
    page.caller().components().get_component(request).await.unwrap().into_inner().component.unwrap()
}

async fn update(page: &PageOf, paths: &[&str], request: UpdateComponentRequest) -> Result<Component, Status> {
    let request = UpdateComponentRequest { update_mask: mask(paths), ..request };
    let reply = page.caller().components().update_component(request).await?;
    Ok(reply.into_inner().component.unwrap())
}

async fn delete(page: &PageOf, component: &Component) {
    let request =
        DeleteComponentRequest { component_id: component.component_id.clone(), ..Default::default() };
    page.caller().components().delete_component(request).await.unwrap();
}
