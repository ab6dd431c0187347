//! Whose a page is: asked of the page directory in tenants, and remembered for a short while.

use std::{sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use kit::{
    deadline,
    ids::{PageId, TenantId},
    peer::Peer,
};
use moka::future::Cache;
use proto::{
    common::v1::Branding,
    internal::v1::{
        LookUpPageRequest, LookUpPageResponse, look_up_page_request,
        page_directory_service_client::PageDirectoryServiceClient,
    },
};
use tonic::Status;

use crate::error::Error;

/// How long an answer is good. A page that is not found is asked for again at once, since it may have been
/// made meanwhile; so is one that could not be asked for.
const LIFETIME: Duration = Duration::from_secs(10);
/// How many answers are kept at most.
const CAPACITY: u64 = 20_000;
/// How long the directory may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a page is asked for by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Id(PageId),
    Slug(String),
}

/// What the directory has on a page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tenant_id: TenantId,
    pub(crate) page_id: PageId,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) locale: String,
    pub(crate) time_zone: String,
    /// As the directory tells it: nothing here depends on it.
    pub(crate) branding: Option<Branding>,
}

impl Page {
    /// The zone whose days and months the page counts.
    ///
    /// # Errors
    /// If this binary does not know a zone that tenants knew.
    pub(crate) fn zone(&self) -> Result<TimeZone, Error> {
        TimeZone::get(&self.time_zone).map_err(Error::UnknownZone)
    }
}

/// The page directory. Cheap to clone; clones share what they remember.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    client: PageDirectoryServiceClient<Peer>,
    known: Cache<Key, Arc<LookUpPageResponse>>,
}

impl Pages {
    pub(crate) fn new(client: PageDirectoryServiceClient<Peer>) -> Self {
        let known = Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME).build();
        Self { client, known }
    }

    /// The page, whoever it belongs to. No transaction may be open.
    pub(crate) async fn find(&self, key: Key) -> Result<Page, Error> {
        let wanted = match &key {
            Key::Id(page) => look_up_page_request::Key::PageId(page.to_string()),
            Key::Slug(slug) => look_up_page_request::Key::Slug(slug.clone()),
        };
        let mut client = self.client.clone();
        // One call answers everybody who waits for the page, so that its time is not cut to that of whoever
        // happened to be the first.
        let ask = deadline::within(PATIENCE, async move {
            let reply = client.look_up_page(LookUpPageRequest { key: Some(wanted) }).await?;
            Ok::<_, Status>(Arc::new(reply.into_inner()))
        });
        let reply = self.known.try_get_with(key, ask).await.map_err(Error::Directory)?;
        let entry = reply.page.as_ref().ok_or(Error::UnreadablePage(None))?;
        Ok(Page {
            tenant_id: entry.tenant_id.parse().map_err(|bad| Error::UnreadablePage(Some(bad)))?,
            page_id: entry.page_id.parse().map_err(|bad| Error::UnreadablePage(Some(bad)))?,
            slug: entry.slug.clone(),
            name: entry.name.clone(),
            locale: entry.locale.clone(),
            time_zone: entry.time_zone.clone(),
            branding: entry.branding.clone(),
        })
    }

    /// The page, which is the tenant's.
    ///
    /// # Errors
    /// The same for another tenant's page and for none at all.
    pub(crate) async fn find_of(&self, tenant: TenantId, page: PageId) -> Result<Page, Error> {
        let found = self.find(Key::Id(page)).await?;
        if found.tenant_id == tenant { Ok(found) } else { Err(Error::NotFound) }
    }

    /// Makes sure that the page is the tenant's.
    ///
    /// # Errors
    /// As [`Self::find_of`].
    pub(crate) async fn check_is_of(&self, tenant: TenantId, page: PageId) -> Result<(), Error> {
        self.find_of(tenant, page).await.map(|_| ())
    }
}
