//! The components that the public sees on a page, as incidents tells.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kit::{
    deadline,
    ids::{ComponentId, PageId},
    peer::Peer,
    status::{from_peer, internal},
};
use moka::future::Cache;
use proto::incidents::v1::{GetPageRequest, get_page_request, status_service_client::StatusServiceClient};
use tonic::Status;

use crate::error::Error;

/// How long an answer is believed.
const LIFETIME: Duration = Duration::from_secs(10);
/// How long incidents may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many components are kept, of all pages together; the rest is asked for again.
const MAX_COMPONENTS: u64 = 1_000_000;
/// The front of a page with 50 open incidents of many updates is far beyond tonic's 4 MiB.
const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// The components of all pages, looked up when first needed; many who need the same page wait for one look-up.
#[derive(Debug, Clone)]
pub(crate) struct Components {
    client: StatusServiceClient<Peer>,
    known: Cache<PageId, Arc<HashSet<ComponentId>>>,
}

impl Components {
    pub(crate) fn new(client: StatusServiceClient<Peer>) -> Self {
        let weigh = |_: &PageId, shown: &Arc<HashSet<ComponentId>>| {
            u32::try_from(shown.len()).unwrap_or(u32::MAX).saturating_add(1)
        };
        Self {
            client: client.max_decoding_message_size(MAX_PAGE_BYTES),
            known: Cache::builder()
                .weigher(weigh)
                .max_capacity(MAX_COMPONENTS)
                .time_to_live(LIFETIME)
                .build(),
        }
    }

    /// The components that the page tells the public of.
    ///
    /// # Errors
    /// `NOT_FOUND` if there is no such page, `UNAVAILABLE` if incidents does not answer.
    pub(crate) async fn shown_on(&self, page: PageId) -> Result<Arc<HashSet<ComponentId>>, Error> {
        // One look-up answers everybody who waits for the page: its time is not cut to that of whoever happened to be
        // the first.
        self.known
            .try_get_with(page, deadline::within(PATIENCE, self.look_up(page)))
            .await
            .map_err(|refused| Error::from(Status::clone(&refused)))
    }

    async fn look_up(&self, page: PageId) -> Result<Arc<HashSet<ComponentId>>, Status> {
        let page = Some(get_page_request::Page::PageId(page.to_string()));
        let reply =
            self.client.clone().get_page(GetPageRequest { page }).await.map_err(from_peer)?.into_inner();
        let ids = reply.components.iter().map(|component| component.component_id.parse());
        ids.collect::<Result<_, _>>().map(Arc::new).map_err(|why| internal(&why))
    }
}
