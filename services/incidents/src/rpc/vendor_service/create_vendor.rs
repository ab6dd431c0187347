//! `VendorService.CreateVendor`

use kit::{
    caller::Member,
    ids::{PageId, VendorId},
};
use proto::incidents::v1::{CreateVendorRequest, CreateVendorResponse};

use super::follow::log;
use crate::{
    domain::{AuditAction, LastReading, VENDORS_PER_PAGE, Vendor},
    error::Error,
    rpc::{Rpc, convert},
    store::{
        self,
        due::{self, DueKind},
        intervals::Recording,
        pages, vendors,
    },
};

pub(super) async fn create_vendor(
    rpc: &Rpc,
    member: &Member,
    request: CreateVendorRequest,
) -> Result<CreateVendorResponse, Error> {
    let key = member.request_key("CreateVendor", &request.request_id, &request);
    let format = convert::parse_vendor_format(request.format())?;
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let name = convert::line("name", &request.name)?;
    let url = rpc.vendors.parse_address(&request.url).map_err(|wrong| Error::invalid("url", wrong))?;

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    if vendors::count_vendors(&mut tx, tenant, page_id).await? >= i64::from(VENDORS_PER_PAGE) {
        return Err(Error::LimitReached { what: "a page", limit: VENDORS_PER_PAGE, of: "vendors" });
    }
    let vendor = Vendor {
        vendor_id: VendorId::new(&rpc.clock),
        page_id,
        name,
        url,
        format,
        last_reading: LastReading::default(),
        created_at: rpc.clock.now(),
    };
    vendors::insert_vendor(&mut tx, tenant, &vendor).await?;
    let subject = vendor.vendor_id.uuid();
    due::put(&mut tx, tenant, rpc.clock.uuid(), DueKind::ReadVendor, subject, vendor.created_at).await?;
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    log(&mut tx, by, &vendor, AuditAction::Created, String::new()).await?;
    let reply = CreateVendorResponse { vendor: Some(vendor.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
