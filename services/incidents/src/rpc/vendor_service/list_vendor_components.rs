//! `VendorService.ListVendorComponents`

use kit::{caller::Member, ids::VendorId};
use proto::incidents::v1::{ListVendorComponentsRequest, ListVendorComponentsResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::vendors,
};

pub(super) async fn list_vendor_components(
    rpc: &Rpc,
    member: &Member,
    request: ListVendorComponentsRequest,
) -> Result<ListVendorComponentsResponse, Error> {
    let vendor_id: VendorId = convert::id("vendor_id", &request.vendor_id)?;

    let tenant = member.tenant;
    let mut tx = read::snapshot(&rpc.db, tenant).await?;
    vendors::find_vendor(&mut tx, tenant, vendor_id).await?.ok_or(Error::NotFound)?;
    let known = vendors::list_vendor_components(&mut tx, tenant, vendor_id).await?;
    tx.commit().await?;

    let listed = known.into_iter().filter(|component| component.missing_since.is_none());
    Ok(ListVendorComponentsResponse { vendor_components: listed.map(Into::into).collect() })
}
