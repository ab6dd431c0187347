use kit::{caller::Member, ids::PageId};
use proto::tenants::v1::{GetPageRequest, GetPageResponse};

use super::Rpc;
use crate::{error::Error, store};

pub(super) async fn get_page(
    rpc: &Rpc,
    caller: &Member,
    request: &GetPageRequest,
) -> Result<GetPageResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let page = store::find_page(&mut tx, caller.tenant, page_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;

    Ok(GetPageResponse { page: Some(page.into()) })
}
