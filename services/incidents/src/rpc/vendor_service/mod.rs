//! `VendorService`: a table of contents. Each verb has the file of its name.

pub(crate) mod by_itself;
mod create_vendor;
mod delete_vendor;
pub(crate) mod follow;
mod list_vendor_components;
mod list_vendors;

use kit::caller;
use proto::incidents::v1::{
    CreateVendorRequest, CreateVendorResponse, DeleteVendorRequest, DeleteVendorResponse,
    ListVendorComponentsRequest, ListVendorComponentsResponse, ListVendorsRequest, ListVendorsResponse,
    vendor_service_server::VendorService,
};
use tonic::{Request, Response, Status};

use super::Rpc;

#[tonic::async_trait]
impl VendorService for Rpc {
    async fn create_vendor(
        &self,
        request: Request<CreateVendorRequest>,
    ) -> Result<Response<CreateVendorResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(create_vendor::create_vendor(self, &member, request).await?))
    }

    async fn delete_vendor(
        &self,
        request: Request<DeleteVendorRequest>,
    ) -> Result<Response<DeleteVendorResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(delete_vendor::delete_vendor(self, &member, request).await?))
    }

    async fn list_vendors(
        &self,
        request: Request<ListVendorsRequest>,
    ) -> Result<Response<ListVendorsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_vendors::list_vendors(self, &member, request).await?))
    }

    async fn list_vendor_components(
        &self,
        request: Request<ListVendorComponentsRequest>,
    ) -> Result<Response<ListVendorComponentsResponse>, Status> {
        let (member, request) = caller::member(request)?;
        Ok(Response::new(list_vendor_components::list_vendor_components(self, &member, request).await?))
    }
}
