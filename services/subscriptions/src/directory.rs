//! Whose a page is, as tenants knows it.

use std::time::Duration;

use kit::{
    deadline,
    ids::{PageId, TenantId},
    locale::Locale,
    peer::Peer,
    status::{from_peer, internal},
};
use moka::future::Cache;
use proto::internal::v1::{
    LookUpPageRequest, look_up_page_request::Key, page_directory_service_client::PageDirectoryServiceClient,
};
use tonic::Status;

use crate::error::Error;

/// How long an answer is believed. A page never changes hands; its language may.
const LIFETIME: Duration = Duration::from_secs(10);
/// How long the directory may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many answers are kept; the rest is asked for again.
const MAX_PAGES: u64 = 10_000;

/// What we need of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its language.
    pub locale: Locale,
}

/// The pages of all tenants, looked up when first needed; many who need the same one wait for one look-up.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    client: PageDirectoryServiceClient<Peer>,
    known: Cache<PageId, Page>,
}

impl Directory {
    pub(crate) fn new(client: PageDirectoryServiceClient<Peer>) -> Self {
        Self { client, known: Cache::builder().max_capacity(MAX_PAGES).time_to_live(LIFETIME).build() }
    }

    /// The page.
    ///
    /// # Errors
    /// `NOT_FOUND` if no tenant has it, `UNAVAILABLE` if tenants does not answer.
    pub(crate) async fn find(&self, page: PageId) -> Result<Page, Error> {
        // One look-up answers everybody who waits for the page: its time is not cut to that of whoever
        // happened to be the first.
        self.known
            .try_get_with(page, deadline::within(PATIENCE, self.look_up(page)))
            .await
            .map_err(|refused| Error::from(Status::clone(&refused)))
    }

    async fn look_up(&self, page: PageId) -> Result<Page, Status> {
        let request = LookUpPageRequest { key: Some(Key::PageId(page.to_string())) };
        let reply = self.client.clone().look_up_page(request).await.map_err(from_peer)?.into_inner();
        let entry = reply.page.ok_or_else(|| internal(&Malformed))?;
        Ok(Page {
            tenant: entry.tenant_id.parse().map_err(|_| internal(&Malformed))?,
            locale: Locale::parse(&entry.locale).ok_or_else(|| internal(&Malformed))?,
        })
    }
}

/// Tenants broke its contract.
#[derive(Debug, thiserror::Error)]
#[error("the page directory answered without a page, its tenant or its language")]
struct Malformed;
