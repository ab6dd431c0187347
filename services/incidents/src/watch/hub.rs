//! Which pages are watched in this process, and what version each has.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use kit::{
    Db,
    ids::{PageId, TenantId},
    worker::{self, Heard, Step},
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Changes, Versions, feed::Feed};
use crate::store::pages;

/// Where `pages::advance_page` tells of each change: the page's UUID, a space, and its version.
const CHANNEL: &str = "incidents_page";
/// How often all watched pages are looked at, for what was told and not heard.
const POLL: Duration = Duration::from_secs(15);
/// How long there is nothing to tell before the last is repeated, from the contract.
pub(super) const SILENCE: Duration = Duration::from_secs(20);
/// The version of a page that was not looked at yet.
const UNKNOWN: i64 = -1;

/// The pages that are watched. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    pages: Mutex<HashMap<PageId, Weak<Page>>>,
    feed: Feed,
}

/// A watched page. It leaves the hub with its last reader.
#[derive(Debug)]
pub(super) struct Page {
    tenant: TenantId,
    page_id: PageId,
    version: watch::Sender<i64>,
    /// Whoever looks the version up looks for all who come meanwhile.
    looking: tokio::sync::Mutex<()>,
    hub: Weak<Inner>,
}

impl Hub {
    pub(crate) fn new(db: Db) -> Self {
        Self(Arc::new(Inner { db, pages: Mutex::default(), feed: Feed::default() }))
    }

    /// The page's versions from now on, for a reader who has seen `after`.
    ///
    /// # Errors
    /// If the page's version has to be looked up, and cannot be.
    pub(crate) async fn watch(
        &self,
        tenant: TenantId,
        page_id: PageId,
        after: i64,
    ) -> sqlx::Result<Versions> {
        let page = self.enter(tenant, page_id);
        // After entering, so that no change falls between the look and the watching. A reader who has seen more
        // than this process has heard of gets no older version than that.
        let wanted = after.max(0);
        if page.known() < wanted {
            let _turn = page.looking.lock().await;
            if page.known() < wanted {
                self.look_at(tenant, &[&page]).await?;
            }
        }
        Ok(Versions::new(page, after, SILENCE))
    }

    /// The changes of all pages from now on.
    pub(crate) fn watch_all(&self) -> Changes {
        self.0.feed.enter()
    }

    /// The page, watched from now on.
    pub(super) fn enter(&self, tenant: TenantId, page_id: PageId) -> Arc<Page> {
        let mut pages = self.0.pages();
        if let Some(page) = pages.get(&page_id).and_then(Weak::upgrade) {
            return page;
        }
        let page = Arc::new(Page {
            tenant,
            page_id,
            version: watch::Sender::new(UNKNOWN),
            looking: tokio::sync::Mutex::default(),
            hub: Arc::downgrade(&self.0),
        });
        pages.insert(page_id, Arc::downgrade(&page));
        page
    }

    /// Takes what was told of a change.
    fn hear(&self, told: &str) {
        let parsed = told.split_once(' ').and_then(|(page, version)| {
            Some((PageId::from_uuid(page.parse::<Uuid>().ok()?), version.parse::<i64>().ok()?))
        });
        let Some((page_id, version)) = parsed else {
            tracing::warn!(told, "what was told of a page's change cannot be read");
            self.0.feed.gap();
            return;
        };
        self.0.feed.learn(page_id, version);
        // Let go of the pages first: if its last reader leaves just now, the page has to leave them.
        let page = self.0.pages().get(&page_id).and_then(Weak::upgrade);
        if let Some(page) = page {
            page.learn(version);
        }
    }

    /// Looks at all watched pages, those of a tenant in one query. That it fails for one tenant keeps no other from
    /// being looked at.
    async fn look(&self) -> sqlx::Result<Step> {
        let watched = self.0.pages().values().filter_map(Weak::upgrade).collect::<Vec<_>>();
        let mut by_tenant = HashMap::<_, Vec<&Page>>::new();
        for page in &watched {
            by_tenant.entry(page.tenant).or_default().push(page);
        }
        let mut outcome = Ok(Step::Idle);
        for (tenant, pages) in by_tenant {
            if let Err(error) = self.look_at(tenant, &pages).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn look_at(&self, tenant: TenantId, watched: &[&Page]) -> sqlx::Result<()> {
        let mut tx = self.0.db.tenant(tenant).await?;
        let ids = watched.iter().map(|page| page.page_id.uuid()).collect::<Vec<_>>();
        let versions = pages::list_versions(&mut tx, tenant, &ids).await?;
        tx.commit().await?;
        let versions = versions.into_iter().collect::<HashMap<_, _>>();
        for page in watched {
            page.learn(versions.get(&page.page_id).copied().unwrap_or(0));
        }
        Ok(())
    }
}

impl Inner {
    fn pages(&self) -> MutexGuard<'_, HashMap<PageId, Weak<Page>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn known(&self) -> i64 {
        *self.version.borrow()
    }

    /// Versions only grow, and news may come in any order.
    pub(super) fn learn(&self, version: i64) {
        self.version.send_if_modified(|known| {
            let is_news = *known < version;
            *known = version.max(*known);
            is_news
        });
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<i64> {
        self.version.subscribe()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            let mut pages = hub.pages();
            // By now the page may be watched anew.
            if pages.get(&self.page_id).is_some_and(|page| page.strong_count() == 0) {
                pages.remove(&self.page_id);
            }
        }
    }
}

/// Follows the changes of pages until told to stop.
pub(crate) async fn follow(hub: Hub, stop: CancellationToken) {
    let look = Arc::new(Notify::new());
    let hearing = worker::hear(hub.0.db.clone(), CHANNEL, stop.clone(), |heard| match heard {
        Heard::Began => {
            hub.0.feed.begin();
            look.notify_waiters();
        }
        Heard::Said(told) => hub.hear(told),
        Heard::Lost => hub.0.feed.lose(),
    });
    let looking = worker::run("watch_pages", Arc::clone(&look), POLL, stop, || hub.look());
    tokio::join!(hearing, looking);
}

#[cfg(test)]
pub(super) mod tests {
    use kit::Clock;
    use sqlx::postgres::PgConnectOptions;
    use tokio_stream::StreamExt as _;

    use super::*;

    /// A hub whose database is never asked.
    pub(in super::super) fn hub() -> Hub {
        Hub::new(Db::lazy(PgConnectOptions::new(), 1))
    }

    fn count(hub: &Hub) -> usize {
        hub.0.pages().len()
    }

    #[tokio::test]
    async fn a_page_leaves_the_hub_with_its_last_reader_and_not_before() {
        let (hub, clock) = (hub(), Clock::system());
        let (tenant, page_id) = (TenantId::new(&clock), PageId::new(&clock));
        let first = hub.enter(tenant, page_id);
        let second = hub.enter(tenant, page_id);
        assert!(Arc::ptr_eq(&first, &second));
        drop(first);
        assert_eq!(count(&hub), 1);
        drop(second);
        assert_eq!(count(&hub), 0);
    }

    #[tokio::test]
    async fn a_page_that_is_watched_anew_while_it_leaves_stays() {
        let (hub, clock) = (hub(), Clock::system());
        let (tenant, page_id) = (TenantId::new(&clock), PageId::new(&clock));
        let leaving = hub.enter(tenant, page_id);
        hub.0.pages().remove(&page_id);
        let _anew = hub.enter(tenant, page_id);
        drop(leaving);
        assert_eq!(count(&hub), 1);
    }

    #[tokio::test]
    async fn news_is_taken_in_any_order_and_what_is_none_is_left() {
        let (hub, clock) = (hub(), Clock::system());
        let page = hub.enter(TenantId::new(&clock), PageId::new(&clock));
        let other = PageId::new(&clock);
        let uuid = page.page_id.uuid();
        for (told, known) in [
            (format!("{uuid} 3"), 3),
            (format!("{uuid} 2"), 3),
            (format!("{uuid} 4"), 4),
            (format!("{} 9", other.uuid()), 4),
            (format!("{uuid} x"), 4),
            (uuid.to_string(), 4),
            (String::new(), 4),
        ] {
            hub.hear(&told);
            assert_eq!(page.known(), known, "{told}");
        }
    }

    #[tokio::test]
    async fn readers_of_all_pages_are_told_of_pages_that_nobody_watches_and_of_news_that_cannot_be_read() {
        let (hub, page_id) = (hub(), PageId::new(&Clock::system()));
        hub.0.feed.begin();
        let mut changes = hub.watch_all();
        for (told, gap, version) in [
            (format!("{} 3", page_id.uuid()), true, Some(3)),
            (format!("{} 4", page_id.uuid()), false, Some(4)),
            (format!("{} x", page_id.uuid()), true, None),
        ] {
            hub.hear(&told);
            let answer = changes.next().await.unwrap().unwrap();
            assert_eq!((answer.gap, answer.changes.first().map(|change| change.version)), (gap, version));
            assert!(answer.changes.iter().all(|change| change.page_id == page_id.to_string()));
        }
    }

    #[tokio::test]
    async fn a_reader_of_a_known_page_does_not_ask_the_database() {
        let (hub, clock) = (hub(), Clock::system());
        let (tenant, page_id) = (TenantId::new(&clock), PageId::new(&clock));
        let page = hub.enter(tenant, page_id);
        page.learn(3);
        assert!(hub.watch(tenant, page_id, 3).await.is_ok());
    }
}
