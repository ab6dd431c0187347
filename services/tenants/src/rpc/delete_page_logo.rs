use kit::{caller::Member, ids::PageId};
use proto::tenants::v1::{DeletePageLogoRequest, DeletePageLogoResponse};

use super::Rpc;
use crate::{domain::AuditAction, error::Error, store};

pub(super) async fn delete_page_logo(
    rpc: &Rpc,
    caller: &Member,
    request: &DeletePageLogoRequest,
) -> Result<DeletePageLogoResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let page = store::lock_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    if !store::delete_logo(&mut tx, caller.tenant, page_id).await? {
        return Ok(DeletePageLogoResponse { page: Some(page.into()) });
    }
    store::touch_page(&mut tx, caller.tenant, page_id).await?;
    let (action, now) = (AuditAction::PageLogoDeleted, rpc.clock.now());
    let (id, target) = (rpc.clock.uuid(), page_id.uuid());
    store::record(&mut tx, caller.tenant, id, caller.member, action, target, now).await?;
    let page = store::find_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;

    Ok(DeletePageLogoResponse { page: Some(page.into()) })
}
