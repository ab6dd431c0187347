//! The pages of which anything is kept: what is known of each, and what is being made of it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, watch};

use super::snapshot::Snapshot;
use crate::{
    pages::{document::Document, slug::Slug},
    peers::Fault,
};

/// What became of making a document.
pub(super) type Outcome = Result<Arc<Snapshot>, Fault>;
/// A document on its way: nothing until it is there.
pub(super) type Making = watch::Receiver<Option<Outcome>>;

/// All of them. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages(Arc<Registry>);

#[derive(Debug, Default)]
struct Registry {
    by_slug: Mutex<HashMap<Slug, Weak<Page>>>,
    by_id: Mutex<HashMap<String, Weak<Page>>>,
}

/// A page. It leaves the registry with the last snapshot of it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) slug: Slug,
    id: OnceLock<String>,
    /// The newest version that was told of.
    wanted: AtomicI64,
    /// When it was told of, in milliseconds since the process began.
    wanted_at: AtomicU64,
    /// When it could last not be made in time, in milliseconds since the process began; 0 if it was since.
    pub(super) failed_at: AtomicU64,
    /// Wakes those who follow a document when a newer one was made.
    pub(super) news: Notify,
    /// Whoever reads the page reads it for all who come meanwhile.
    pub(super) reading: tokio::sync::Mutex<()>,
    making: Mutex<HashMap<Document, Making>>,
    snapshots: Mutex<HashMap<Document, Weak<Snapshot>>>,
    /// What was copied before this version is forgotten.
    pub(super) tidied: AtomicI64,
    /// Whether somebody is at bringing the snapshots up to date.
    pub(super) is_followed: AtomicBool,
    registry: Weak<Registry>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pages {
    /// The page at this place, whether there is one or not.
    pub(super) fn enter(&self, slug: &Slug) -> Arc<Page> {
        let mut pages = locked(&self.0.by_slug);
        if let Some(page) = pages.get(slug).and_then(Weak::upgrade) {
            return page;
        }
        let page = Arc::new(Page {
            slug: slug.clone(),
            id: OnceLock::new(),
            wanted: AtomicI64::new(0),
            wanted_at: AtomicU64::new(0),
            failed_at: AtomicU64::new(0),
            news: Notify::new(),
            reading: tokio::sync::Mutex::default(),
            making: Mutex::default(),
            snapshots: Mutex::default(),
            tidied: AtomicI64::new(0),
            is_followed: AtomicBool::new(false),
            registry: Arc::downgrade(&self.0),
        });
        pages.insert(slug.clone(), Arc::downgrade(&page));
        page
    }

    /// The page with this id, if anything of it is kept.
    pub(super) fn find(&self, page_id: &str) -> Option<Arc<Page>> {
        locked(&self.0.by_id).get(page_id).and_then(Weak::upgrade)
    }

    #[cfg(test)]
    fn count(&self) -> (usize, usize) {
        (locked(&self.0.by_slug).len(), locked(&self.0.by_id).len())
    }
}

impl Page {
    /// Its id, once it was read.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.get().map(String::as_str)
    }

    /// Learns the page's id, by which changes are told of; answers whether that is news.
    pub(super) fn is_called(self: &Arc<Self>, page_id: &str) -> bool {
        let is_news = self.id.set(page_id.to_owned()).is_ok();
        if is_news && let Some(registry) = self.registry.upgrade() {
            locked(&registry.by_id).insert(page_id.to_owned(), Arc::downgrade(self));
        }
        is_news
    }

    /// Learns of a version, at this time in milliseconds since the process began.
    pub(super) fn want(&self, version: i64, now: u64) {
        if self.wanted.fetch_max(version, Ordering::SeqCst) < version {
            self.wanted_at.store(now, Ordering::Relaxed);
        }
    }

    /// The newest version that was told of; 0 for none.
    pub(super) fn wanted(&self) -> i64 {
        self.wanted.load(Ordering::SeqCst)
    }

    /// When that was told of.
    pub(super) fn wanted_at(&self) -> u64 {
        self.wanted_at.load(Ordering::Relaxed)
    }

    /// The document on its way, begun by `begin` if nobody did.
    pub(super) fn making(&self, document: &Document, begin: impl FnOnce() -> Making) -> Making {
        locked(&self.making).entry(document.clone()).or_insert_with(begin).clone()
    }

    /// Notes that a document is no longer on its way.
    pub(super) fn made(&self, document: &Document) {
        locked(&self.making).remove(document);
    }

    /// Notes a snapshot, for as long as anybody has it.
    pub(super) fn keep(&self, snapshot: &Arc<Snapshot>) {
        let mut snapshots = locked(&self.snapshots);
        // those that were driven out of the memory
        if snapshots.len() == snapshots.capacity() {
            snapshots.retain(|_, each| each.strong_count() > 0);
        }
        snapshots.insert(snapshot.document.clone(), Arc::downgrade(snapshot));
    }

    /// What is kept of it.
    pub(super) fn snapshots(&self) -> Vec<Arc<Snapshot>> {
        locked(&self.snapshots).values().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else {
            return;
        };
        // By now it may have been entered anew.
        let is_gone = |page: &Weak<Self>| page.strong_count() == 0;
        let mut pages = locked(&registry.by_slug);
        if pages.get(&self.slug).is_some_and(is_gone) {
            pages.remove(&self.slug);
        }
        drop(pages);
        if let Some(id) = self.id.get() {
            let mut pages = locked(&registry.by_id);
            if pages.get(id).is_some_and(is_gone) {
                pages.remove(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_page_is_in_the_registry_for_as_long_as_anybody_has_it() {
        let pages = Pages::default();
        let first = pages.enter(&slug("acme"));
        assert!(Arc::ptr_eq(&first, &pages.enter(&slug("acme"))));
        assert!(pages.find("page_1").is_none());
        assert!(first.is_called("page_1") && !first.is_called("page_1"));
        assert!(Arc::ptr_eq(&first, &pages.find("page_1").unwrap()));
        assert_eq!(pages.count(), (1, 1));
        drop(first);
        assert_eq!(pages.count(), (0, 0));
    }

    #[test]
    fn news_of_versions_is_taken_in_any_order() {
        let page = Pages::default().enter(&slug("acme"));
        for (version, now, wanted) in [(3, 10, (3, 10)), (2, 20, (3, 10)), (3, 30, (3, 10)), (4, 40, (4, 40))]
        {
            page.want(version, now);
            assert_eq!((page.wanted(), page.wanted_at()), wanted);
        }
    }
}
