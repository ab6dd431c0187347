//! The service's RPCs: a table of contents.

mod convert;
mod create_page;
mod delete_page_logo;
mod get_page;
mod get_page_logo;
mod get_tenant;
mod list_pages;
mod list_responders;
mod look_up_page;
mod refresh_session;
mod session;
mod set_page_logo;
mod sign_in;
mod sign_out;
mod sign_up;
mod update_page;

use std::thread::available_parallelism;

use kit::{
    Clock, Db, Secret,
    caller::{anyone, member, service},
    token::MemberSigner,
};
use proto::{
    internal::v1::{
        ListRespondersRequest, ListRespondersResponse, LookUpPageRequest, LookUpPageResponse,
        page_directory_service_server::PageDirectoryService, responder_service_server::ResponderService,
    },
    tenants::v1::{
        CreatePageRequest, CreatePageResponse, DeletePageLogoRequest, DeletePageLogoResponse,
        GetKeySetRequest, GetKeySetResponse, GetPageLogoRequest, GetPageLogoResponse, GetPageRequest,
        GetPageResponse, GetTenantRequest, GetTenantResponse, ListPagesRequest, ListPagesResponse,
        RefreshSessionRequest, RefreshSessionResponse, SetPageLogoRequest, SetPageLogoResponse,
        SignInRequest, SignInResponse, SignOutRequest, SignOutResponse, SignUpRequest, SignUpResponse,
        UpdatePageRequest, UpdatePageResponse, account_service_server::AccountService,
        page_logo_service_server::PageLogoService, page_service_server::PageService,
        tenant_service_server::TenantService,
    },
};
use tonic::{Request, Response, Status};

use crate::{
    credentials::{Passwords, RefreshTokens},
    error::Error,
};

/// What the handlers share.
#[derive(Debug)]
pub(crate) struct Rpc {
    db: Db,
    clock: Clock,
    signer: MemberSigner,
    tokens: RefreshTokens,
    passwords: Passwords,
}

impl Rpc {
    pub(crate) fn new(db: Db, clock: Clock, signer: MemberSigner, secret: &Secret) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { db, clock, signer, tokens: RefreshTokens::new(secret), passwords: Passwords::new(cores) }
    }
}

#[tonic::async_trait]
impl AccountService for Rpc {
    async fn sign_up(&self, request: Request<SignUpRequest>) -> Result<Response<SignUpResponse>, Status> {
        Ok(Response::new(sign_up::sign_up(self, anyone(request)?).await?))
    }

    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<SignInResponse>, Status> {
        Ok(Response::new(sign_in::sign_in(self, anyone(request)?).await?))
    }

    async fn refresh_session(
        &self,
        request: Request<RefreshSessionRequest>,
    ) -> Result<Response<RefreshSessionResponse>, Status> {
        Ok(Response::new(refresh_session::refresh_session(self, &anyone(request)?).await?))
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignOutResponse>, Status> {
        Ok(Response::new(sign_out::sign_out(self, &anyone(request)?).await?))
    }

    async fn get_key_set(
        &self,
        request: Request<GetKeySetRequest>,
    ) -> Result<Response<GetKeySetResponse>, Status> {
        let GetKeySetRequest {} = anyone(request)?;
        let jwks = serde_json::to_string(&self.signer.key_set()).map_err(Error::from)?;
        Ok(Response::new(GetKeySetResponse { jwks }))
    }
}

#[tonic::async_trait]
impl TenantService for Rpc {
    async fn get_tenant(
        &self,
        request: Request<GetTenantRequest>,
    ) -> Result<Response<GetTenantResponse>, Status> {
        let (caller, GetTenantRequest {}) = member(request)?;
        Ok(Response::new(get_tenant::get_tenant(self, &caller).await?))
    }
}

#[tonic::async_trait]
impl PageService for Rpc {
    async fn create_page(
        &self,
        request: Request<CreatePageRequest>,
    ) -> Result<Response<CreatePageResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(create_page::create_page(self, &caller, request).await?))
    }

    async fn get_page(&self, request: Request<GetPageRequest>) -> Result<Response<GetPageResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(get_page::get_page(self, &caller, &request).await?))
    }

    async fn list_pages(
        &self,
        request: Request<ListPagesRequest>,
    ) -> Result<Response<ListPagesResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(list_pages::list_pages(self, &caller, &request).await?))
    }

    async fn update_page(
        &self,
        request: Request<UpdatePageRequest>,
    ) -> Result<Response<UpdatePageResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(update_page::update_page(self, &caller, request).await?))
    }

    async fn set_page_logo(
        &self,
        request: Request<SetPageLogoRequest>,
    ) -> Result<Response<SetPageLogoResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(set_page_logo::set_page_logo(self, &caller, request).await?))
    }

    async fn delete_page_logo(
        &self,
        request: Request<DeletePageLogoRequest>,
    ) -> Result<Response<DeletePageLogoResponse>, Status> {
        let (caller, request) = member(request)?;
        Ok(Response::new(delete_page_logo::delete_page_logo(self, &caller, &request).await?))
    }
}

#[tonic::async_trait]
impl PageLogoService for Rpc {
    async fn get_page_logo(
        &self,
        request: Request<GetPageLogoRequest>,
    ) -> Result<Response<GetPageLogoResponse>, Status> {
        Ok(Response::new(get_page_logo::get_page_logo(self, &anyone(request)?).await?))
    }
}

#[tonic::async_trait]
impl PageDirectoryService for Rpc {
    async fn look_up_page(
        &self,
        request: Request<LookUpPageRequest>,
    ) -> Result<Response<LookUpPageResponse>, Status> {
        Ok(Response::new(look_up_page::look_up_page(self, service(request)?).await?))
    }
}

#[tonic::async_trait]
impl ResponderService for Rpc {
    async fn list_responders(
        &self,
        request: Request<ListRespondersRequest>,
    ) -> Result<Response<ListRespondersResponse>, Status> {
        Ok(Response::new(list_responders::list_responders(self, &service(request)?).await?))
    }
}
