//! Vendors, between the wire and the domain.

use kit::time::to_wire;
use proto::incidents::v1 as wire;

use super::component_status;
use crate::{
    domain::{Vendor, VendorComponent, VendorFormat},
    error::Error,
};

/// The format that a request names.
pub(crate) fn parse_vendor_format(format: wire::VendorFormat) -> Result<VendorFormat, Error> {
    match format {
        wire::VendorFormat::Unspecified => Err(Error::invalid("format", "must be set")),
        wire::VendorFormat::Statuspage => Ok(VendorFormat::Statuspage),
        wire::VendorFormat::IncidentIo => Ok(VendorFormat::IncidentIo),
        wire::VendorFormat::Instatus => Ok(VendorFormat::Instatus),
    }
}

fn vendor_format(format: VendorFormat) -> wire::VendorFormat {
    match format {
        VendorFormat::Statuspage => wire::VendorFormat::Statuspage,
        VendorFormat::IncidentIo => wire::VendorFormat::IncidentIo,
        VendorFormat::Instatus => wire::VendorFormat::Instatus,
    }
}

impl From<Vendor> for wire::Vendor {
    fn from(vendor: Vendor) -> Self {
        Self {
            vendor_id: vendor.vendor_id.to_string(),
            page_id: vendor.page_id.to_string(),
            name: vendor.name,
            url: vendor.url,
            format: vendor_format(vendor.format).into(),
            heard_at: vendor.last_reading.heard_at.map(to_wire),
            not_heard_since: vendor.last_reading.failing_since.map(to_wire),
            problem: vendor.last_reading.problem,
            created_at: Some(to_wire(vendor.created_at)),
        }
    }
}

impl From<VendorComponent> for wire::VendorComponent {
    fn from(component: VendorComponent) -> Self {
        Self {
            vendor_component_id: component.vendor_component_id,
            name: component.name,
            group_name: component.group_name,
            status: component_status(component.status).into(),
        }
    }
}
