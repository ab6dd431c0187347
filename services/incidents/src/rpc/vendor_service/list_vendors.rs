//! `VendorService.ListVendors`

use kit::{caller::Member, ids::PageId};
use proto::incidents::v1::{ListVendorsRequest, ListVendorsResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert},
    store::vendors,
};

pub(super) async fn list_vendors(
    rpc: &Rpc,
    member: &Member,
    request: ListVendorsRequest,
) -> Result<ListVendorsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let found = vendors::list_vendors(&mut tx, member.tenant, page_id).await?;
    tx.commit().await?;

    Ok(ListVendorsResponse { vendors: found.into_iter().map(Into::into).collect() })
}
