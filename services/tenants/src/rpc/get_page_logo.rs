use kit::ids::PageId;
use proto::tenants::v1::{GetPageLogoRequest, GetPageLogoResponse};

use super::Rpc;
use crate::{error::Error, store};

pub(super) async fn get_page_logo(
    rpc: &Rpc,
    request: &GetPageLogoRequest,
) -> Result<GetPageLogoResponse, Error> {
    let page_id: PageId = request.page_id.parse().map_err(|why| Error::invalid("page_id", why))?;
    let entry = store::find_page_entry(rpc.db.pool(), page_id).await?.ok_or(Error::NotFound)?;

    let mut tx = rpc.db.tenant(entry.tenant_id).await?;
    let found = store::find_picture(&mut tx, entry.tenant_id, page_id, &request.digest).await?;
    tx.commit().await?;

    let picture = found.ok_or(Error::NotFound)?;
    Ok(GetPageLogoResponse { image: picture.image, content_type: picture.r#type.content_type().to_owned() })
}
