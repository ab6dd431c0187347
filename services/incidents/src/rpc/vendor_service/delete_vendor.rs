//! `VendorService.DeleteVendor`

use kit::{caller::Member, ids::VendorId};
use proto::incidents::v1::{DeleteVendorRequest, DeleteVendorResponse};

use super::follow::{self, log};
use crate::{
    domain::{AuditAction, ComponentStatus},
    error::Error,
    rpc::{Rpc, convert},
    store::{
        due::{self, DueKind},
        intervals::Recording,
        pages, vendors,
    },
};

pub(super) async fn delete_vendor(
    rpc: &Rpc,
    member: &Member,
    request: DeleteVendorRequest,
) -> Result<DeleteVendorResponse, Error> {
    let vendor_id: VendorId = convert::id("vendor_id", &request.vendor_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let seen = vendors::find_vendor(&mut tx, tenant, vendor_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, seen.page_id, 0).await?;
    let vendor = vendors::find_vendor(&mut tx, tenant, vendor_id).await?.ok_or(Error::NotFound)?;
    let by = Recording { tenant, page: vendor.page_id, member: Some(member.member), clock: &rpc.clock };
    let followers = vendors::list_followers(&mut tx, tenant, vendor_id).await?;
    let said = followers.iter().map(|(component, _)| (*component, ComponentStatus::Operational));
    follow::say(&mut tx, by, vendor_id, &said.collect::<Vec<_>>()).await?;
    vendors::unfollow(&mut tx, tenant, vendor_id).await?;
    due::cancel(&mut tx, tenant, vendor_id.uuid(), &[DueKind::ReadVendor]).await?;
    vendors::delete_vendor(&mut tx, tenant, vendor_id).await?;
    let detail = format!("{}; components that followed it: {}", vendor.url, followers.len());
    log(&mut tx, by, &vendor, AuditAction::Deleted, detail).await?;
    tx.commit().await?;

    Ok(DeleteVendorResponse {})
}
