//! The pages of which anything is kept: what is known of each, and what is being made of it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use tokio::sync::{Notify, Semaphore, watch};

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

/// Of documents of which nothing is kept, and of which a page has any number, so many are made at once: most that are asked
/// for by many are made up, and each is a call.
const NEW_AT_ONCE: usize = 8;
/// Nobody asked.
const NEVER: i64 = i64::MIN;

/// What a page's id tells that was read at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Known,
    /// It did not lead here before.
    First,
    /// Another page was here before.
    Another,
}

/// A page. It leaves the registry with the last snapshot of it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) slug: Slug,
    id: Mutex<Option<Arc<str>>>,
    /// The newest version that was told of or read.
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
    /// For those of which nothing is kept and of which there may be any number.
    pub(super) beginning: Semaphore,
    /// What is older than this version is forgotten, but for what is to be made anew.
    pub(super) tidied: AtomicI64,
    /// Whether somebody is at bringing up to date what is being read.
    pub(super) is_followed: AtomicBool,
    /// Whether somebody is at making ahead what may be wanted.
    pub(super) is_made_ahead: AtomicBool,
    /// When anything of it was last asked for, in milliseconds since the process began: by readers of an earlier one too.
    asked: AtomicI64,
    /// The same as the disk knows it.
    pub(super) noted: AtomicI64,
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
            id: Mutex::default(),
            wanted: AtomicI64::new(0),
            wanted_at: AtomicU64::new(0),
            failed_at: AtomicU64::new(0),
            news: Notify::new(),
            reading: tokio::sync::Mutex::default(),
            making: Mutex::default(),
            snapshots: Mutex::default(),
            beginning: Semaphore::new(NEW_AT_ONCE),
            tidied: AtomicI64::new(0),
            is_followed: AtomicBool::new(false),
            is_made_ahead: AtomicBool::new(false),
            asked: AtomicI64::new(NEVER),
            noted: AtomicI64::new(NEVER),
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
    /// Its id, once it is known.
    pub(super) fn id(&self) -> Option<Arc<str>> {
        locked(&self.id).clone()
    }

    /// Learns the page's id, by which changes are told of.
    pub(super) fn is_called(self: &Arc<Self>, page_id: &str) -> Name {
        let before = {
            let mut id = locked(&self.id);
            if id.as_deref() == Some(page_id) { id.clone() } else { id.replace(page_id.into()) }
        };
        let is_same = before.as_deref() == Some(page_id);
        if let Some(registry) = self.registry.upgrade() {
            let mut pages = locked(&registry.by_id);
            if is_same && is_at(&pages, page_id, self) {
                return Name::Known;
            }
            if let Some(before) = before.as_deref().filter(|before| is_at(&pages, before, self)) {
                pages.remove(before);
            }
            // one that was elsewhere for a time leads here again
            pages.insert(page_id.to_owned(), Arc::downgrade(self));
        }
        if is_same || before.is_none() {
            return Name::First;
        }
        // versions are each page's own
        self.wanted.store(0, Ordering::SeqCst);
        self.tidied.store(0, Ordering::Relaxed);
        Name::Another
    }

    /// Notes that something of it was asked for then, in milliseconds since the process began.
    pub(super) fn ask(&self, at: i64) {
        self.asked.fetch_max(at, Ordering::Relaxed);
    }

    /// When anything of it was last asked for, if it ever was.
    pub(super) fn asked(&self) -> Option<i64> {
        Some(self.asked.load(Ordering::Relaxed)).filter(|at| *at != NEVER)
    }

    /// Learns of a version, at this time in milliseconds since the process began.
    pub(super) fn want(&self, version: i64, now: u64) {
        if self.wanted.fetch_max(version, Ordering::SeqCst) < version {
            self.wanted_at.store(now, Ordering::Relaxed);
        }
    }

    /// The newest version that was told of or read; 0 for none.
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

    /// Changes what is kept of it, given its id, while nobody else does.
    pub(super) fn in_order<T>(&self, change: impl FnOnce(Option<&str>) -> T) -> T {
        let id = locked(&self.id);
        change(id.as_deref())
    }

    /// Notes a snapshot, for as long as anybody has it, unless there is a newer one: any that this process made is newer
    /// than one from the disk.
    pub(super) fn keep(&self, snapshot: &Arc<Snapshot>) {
        let mut snapshots = locked(&self.snapshots);
        let living = snapshots.get(&snapshot.document).and_then(Weak::upgrade);
        if living.is_some_and(|living| living.made_at() > snapshot.made_at()) {
            return;
        }
        // those that were driven out of the memory
        if snapshots.len() == snapshots.capacity() {
            snapshots.retain(|_, each| each.strong_count() > 0);
        }
        snapshots.insert(snapshot.document.clone(), Arc::downgrade(snapshot));
    }

    /// Notes that what a document was before this version is kept no longer.
    pub(super) fn let_go(&self, document: &Document, before: i64) {
        let mut snapshots = locked(&self.snapshots);
        let living = snapshots.get(document).and_then(Weak::upgrade);
        if living.is_some_and(|living| living.version < before) {
            snapshots.remove(document);
        }
    }

    /// A document that is kept at this version or a newer one.
    pub(super) fn at_least(&self, document: &Document, version: i64) -> Option<Arc<Snapshot>> {
        let kept = locked(&self.snapshots).get(document).and_then(Weak::upgrade);
        kept.filter(|kept| kept.version >= version)
    }

    /// What is kept of it.
    pub(super) fn snapshots(&self) -> Vec<Arc<Snapshot>> {
        locked(&self.snapshots).values().filter_map(Weak::upgrade).collect()
    }
}

fn is_at(pages: &HashMap<String, Weak<Page>>, id: &str, page: &Arc<Page>) -> bool {
    pages.get(id).is_some_and(|there| there.as_ptr() == Arc::as_ptr(page))
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
        if let Some(id) = self.id() {
            let mut pages = locked(&registry.by_id);
            if pages.get(&*id).is_some_and(is_gone) {
                pages.remove(&*id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{super::snapshot::tests::snapshot, *};

    fn slug(text: &str) -> Slug {
        Slug::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_page_is_in_the_registry_for_as_long_as_anybody_has_it() {
        let pages = Pages::default();
        let first = pages.enter(&slug("acme"));
        assert!(Arc::ptr_eq(&first, &pages.enter(&slug("acme"))));
        assert!(pages.find("page_1").is_none());
        assert_eq!([first.is_called("page_1"), first.is_called("page_1")], [Name::First, Name::Known]);
        assert!(Arc::ptr_eq(&first, &pages.find("page_1").unwrap()));
        assert_eq!(pages.count(), (1, 1));
        drop(first);
        assert_eq!(pages.count(), (0, 0));
    }

    #[test]
    fn another_page_at_the_same_place_has_versions_of_its_own() {
        let pages = Pages::default();
        let page = pages.enter(&slug("acme"));
        page.is_called("page_1");
        page.want(7, 1);
        assert_eq!(page.is_called("page_2"), Name::Another);
        assert_eq!(page.wanted(), 0);
        assert!(pages.find("page_1").is_none());
        assert!(Arc::ptr_eq(&page, &pages.find("page_2").unwrap()));
    }

    #[test]
    fn a_page_that_was_elsewhere_for_a_time_is_told_of_its_changes_again() {
        let pages = Pages::default();
        let [here, there] = ["here", "there"].map(|text| pages.enter(&slug(text)));
        assert_eq!([here.is_called("page_1"), there.is_called("page_1")], [Name::First; 2]);
        assert!(Arc::ptr_eq(&there, &pages.find("page_1").unwrap()));
        assert_eq!(here.is_called("page_1"), Name::First);
        assert!(Arc::ptr_eq(&here, &pages.find("page_1").unwrap()));
        drop(there);
        assert!(Arc::ptr_eq(&here, &pages.find("page_1").unwrap()));
        assert_eq!(here.is_called("page_1"), Name::Known);
    }

    #[test]
    fn what_was_made_here_is_kept_before_what_was_read_from_the_disk() {
        let page = Pages::default().enter(&slug("acme"));
        let now = Instant::now();
        let [copy, made, again] = [(9, None), (7, Some(now)), (7, Some(now + Duration::from_secs(1)))]
            .map(|(version, at)| snapshot(&page, version, at));
        for (next, kept) in
            [(&copy, &copy), (&made, &made), (&copy, &made), (&again, &again), (&made, &again)]
        {
            page.keep(next);
            assert!(Arc::ptr_eq(kept, &page.at_least(&Document::Front, 0).unwrap()));
        }
        page.let_go(&Document::Front, 7);
        assert!(page.at_least(&Document::Front, 7).is_some());
        // those of another page at its place have versions of their own
        page.let_go(&Document::Front, i64::MAX);
        let other = snapshot(&page, 1, Some(now));
        page.keep(&other);
        assert!(Arc::ptr_eq(&other, &page.at_least(&Document::Front, 0).unwrap()));
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
