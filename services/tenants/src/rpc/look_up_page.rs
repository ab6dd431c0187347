use kit::ids::PageId;
use proto::internal::v1::{LookUpPageRequest, LookUpPageResponse, look_up_page_request::Key};

use super::Rpc;
use crate::{error::Error, store};

pub(super) async fn look_up_page(rpc: &Rpc, request: LookUpPageRequest) -> Result<LookUpPageResponse, Error> {
    let entry = match request.key {
        Some(Key::PageId(id)) => {
            let page_id: PageId = id.parse().map_err(|why| Error::invalid("page_id", why))?;
            store::find_page_entry(rpc.db.pool(), page_id).await?
        }
        Some(Key::Slug(slug)) => store::find_page_entry_by_slug(rpc.db.pool(), &slug).await?,
        None => return Err(Error::invalid("key", "must be set")),
    };
    let store::PageEntry { tenant_id, page_id } = entry.ok_or(Error::NotFound)?;

    let mut tx = rpc.db.tenant(tenant_id).await?;
    let page = store::find_page(&mut tx, tenant_id, page_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;

    Ok(LookUpPageResponse { page: Some(page.into()) })
}
