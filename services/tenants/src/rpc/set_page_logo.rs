use kit::{caller::Member, ids::PageId};
use proto::tenants::v1::{SetPageLogoRequest, SetPageLogoResponse};

use super::Rpc;
use crate::{
    domain::{AuditAction, Picture},
    error::Error,
    store,
};

pub(super) async fn set_page_logo(
    rpc: &Rpc,
    caller: &Member,
    request: SetPageLogoRequest,
) -> Result<SetPageLogoResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;
    let picture = Picture::parse(request.image)?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    store::lock_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    store::put_logo(&mut tx, caller.tenant, page_id, &picture, request.alt.trim(), &rpc.clock).await?;
    store::touch_page(&mut tx, caller.tenant, page_id).await?;
    let (action, now) = (AuditAction::PageLogoSet, rpc.clock.now());
    let (id, target) = (rpc.clock.uuid(), page_id.uuid());
    store::record(&mut tx, caller.tenant, id, caller.member, action, target, now).await?;
    let page = store::find_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;

    Ok(SetPageLogoResponse { page: Some(page.into()) })
}
