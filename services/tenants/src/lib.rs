#![doc = include_str!("../README.md")]

mod config;
mod credentials;
mod domain;
mod error;
mod rpc;
mod store;

use std::sync::Arc;

use kit::{
    Clock, Db, Host,
    host::{MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    ledger::FORGET_POLL,
    token::MemberSigner,
};
use proto::{
    internal::v1::{
        page_directory_service_server::PageDirectoryServiceServer,
        responder_service_server::ResponderServiceServer,
    },
    tenants::v1::{
        account_service_server::AccountServiceServer, page_logo_service_server::PageLogoServiceServer,
        page_service_server::PageServiceServer, tenant_service_server::TenantServiceServer,
    },
};

pub use config::Config;

/// The history of the schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The schema that the service owns.
pub const SCHEMA: &str = "tenants";

/// What the service is given.
#[derive(Debug)]
pub struct Deps {
    /// The way to the schema, as the role `pharos_tenants`.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// `iss` of the access tokens (RFC 9068, section 2.2): the installation's public address. Every service
    /// must be told the same.
    pub issuer: String,
}

/// Mounts the tenants service: its RPCs and its check of readiness, and the worker that forgets kept replies.
///
/// # Errors
/// If the crypto library refuses the key that access tokens are signed with.
pub fn mount(host: &mut Host, config: Config, deps: Deps) -> Result<(), jsonwebtoken::errors::Error> {
    let Deps { db, clock, issuer } = deps;
    let signer = MemberSigner::new(&config.signing_seed, issuer, clock.clone())?;
    let rpc = Arc::new(rpc::Rpc::new(db.clone(), clock, signer, &config.secret));
    let forgetting = db.clone();
    host.grpc(
        AccountServiceServer::from_arc(Arc::clone(&rpc)).max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES),
    )
    .grpc(TenantServiceServer::from_arc(Arc::clone(&rpc)).max_decoding_message_size(MAX_REQUEST_BYTES))
    .grpc(PageServiceServer::from_arc(Arc::clone(&rpc)).max_decoding_message_size(MAX_REQUEST_BYTES))
    .grpc(
        PageLogoServiceServer::from_arc(Arc::clone(&rpc)).max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES),
    )
    .grpc(PageDirectoryServiceServer::from_arc(Arc::clone(&rpc)).max_decoding_message_size(MAX_REQUEST_BYTES))
    .grpc(ResponderServiceServer::from_arc(rpc).max_decoding_message_size(MAX_REQUEST_BYTES))
    .worker("forget_requests", |stop| {
        kit::worker::run("forget_requests", Arc::default(), FORGET_POLL, stop, move || {
            let db = forgetting.clone();
            async move { store::requests::forget(&db).await }
        })
    })
    .ready(SCHEMA, move || {
        let db = db.clone();
        async move { db.not_ready(&MIGRATOR, SCHEMA).await }
    });
    Ok(())
}
