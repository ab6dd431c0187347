//! Making documents: once for all who ask, and anew when their page changes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use kit::deadline;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    Inner, LIMIT, Read, Snapshots, UNSURE,
    content::Content,
    millis,
    page::{Making, Name, Outcome, Page},
    snapshot::{Known, Made, Snapshot},
};
use crate::{
    formats::Source,
    pages::{
        answer::hash_of,
        document::{Document, Subject},
    },
    peers::Fault,
};

/// A page as it was read is good for making documents for so long.
pub(super) const READ: Duration = Duration::from_secs(5);
/// Documents that were asked for so lately are made at once when their page changes; single stories only if they are
/// being read, and so many of them.
const WANTED: Duration = Duration::from_secs(10 * 60);
const READ_STORIES: Duration = Duration::from_secs(60);
const MAX_STORIES: usize = 20;
/// So many documents of a page are made at once, so that others have room too; and of so many pages.
const AT_ONCE: usize = 4;
pub(super) const PAGES_AT_ONCE: usize = 16;
/// However often a page changes, the next time its documents are made is so many times as far away as that took, so that
/// no page takes all the time that there is; at most the longest pause.
pub(super) const PAUSES: u32 = 3;
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Changes while a document is made make it anew so often.
const TURNS: usize = 3;

/// Takes a document off the list of those on their way, however that ends.
struct OnItsWay {
    page: Arc<Page>,
    document: Document,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.page.made(&self.document);
    }
}

impl Snapshots {
    /// Brings a page up to date that was told to be at a version.
    pub(super) fn tell(&self, page: Arc<Page>, version: i64) {
        page.want(version, self.0.hearing.now());
        if !page.is_followed.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().bring_up_to_date(page));
        }
    }

    /// Makes anew what was asked for of late, until no change is left, and has made ahead what else may be wanted.
    async fn bring_up_to_date(self, page: Arc<Page>) {
        loop {
            let (wanted, mut taken) = (page.wanted(), Duration::ZERO);
            for some in self.0.due(&page, wanted).chunks(AT_ONCE) {
                // first come, first served: the fronts of all pages before the rest of any
                let _turn = self.0.turns.acquire().await;
                let began = Instant::now();
                let behind = some.iter().filter(|document| page.at_least(document, wanted).is_none());
                let makings = behind.map(|document| self.start(&page, document)).collect::<Vec<_>>();
                for making in makings {
                    // whoever reads it next sees why it could not be made
                    let _outcome = arrived(making).await;
                }
                taken += began.elapsed();
            }
            self.make_ahead(&page);
            tokio::time::sleep((PAUSES * taken).min(LONGEST_PAUSE)).await;
            // in one order with those who tell: either we see their version, or they see that nobody is at it
            page.is_followed.store(false, Ordering::SeqCst);
            if page.wanted() == wanted || page.is_followed.swap(true, Ordering::SeqCst) {
                break;
            }
        }
    }

    /// The document on its way. It comes to its end, whoever goes away.
    pub(super) fn start(&self, page: &Arc<Page>, document: &Document) -> Making {
        page.making(document, || {
            let (outcome, making) = watch::channel(None);
            let on_its_way = OnItsWay { page: Arc::clone(page), document: document.clone() };
            let inner = Arc::clone(&self.0);
            self.0.runtime.spawn(async move {
                let OnItsWay { page, document } = &on_its_way;
                let making = deadline::within(LIMIT, inner.make(page, document));
                let made = timeout(LIMIT, making).await.unwrap_or(Err(Fault::Away));
                // first, so that who comes after the outcome does not get it too
                drop(on_its_way);
                outcome.send_replace(Some(made));
            });
            making
        })
    }
}

impl Inner {
    /// What is older than a version and being read, the front first: most look at it.
    pub(super) fn due(&self, page: &Page, version: i64) -> Vec<Document> {
        let now = self.hearing.now();
        let is_due = |snapshot: &Arc<Snapshot>| {
            let time = if snapshot.document.is_story() { READ_STORIES } else { WANTED };
            snapshot.version < version && snapshot.was_asked_within(millis(time), now)
        };
        let due = page.snapshots().into_iter().filter(is_due).map(|snapshot| snapshot.document.clone());
        let (stories, mut due): (Vec<_>, Vec<_>) = due.partition(Document::is_story);
        due.sort_by_key(|document| *document != Document::Front);
        due.extend(stories.into_iter().take(MAX_STORIES));
        due
    }

    /// The page as it was read since its last change.
    pub(super) async fn read(self: &Arc<Self>, page: &Arc<Page>) -> Result<Read, Fault> {
        let _turn = page.reading.lock().await;
        let known = Known { gap: self.hearing.gap(), at: Instant::now() };
        if let Some(read) = self.sources.get(&page.slug) {
            if page.id().is_none() {
                // its name went with the last that was kept of it
                self.learn(page, &read.source);
            }
            let is_here = page.id().as_deref() == Some(&read.source.page.page_id);
            let is_sure = self.hearing.is_sure(self.hearing.millis(known.at));
            let is_newest = read.known.gap == known.gap && read.source.front.version >= page.wanted();
            let good_for = if is_sure && is_newest { READ } else { UNSURE };
            if is_here && is_newest && known.at.duration_since(read.known.at) < good_for {
                return Ok(read);
            }
        }
        let source = Arc::new(self.maker.read(&page.slug).await?);
        self.learn(page, &source);
        self.forget_older(page, &source);
        let read = Read { source, known };
        self.sources.insert(page.slug.clone(), read.clone());
        Ok(read)
    }

    /// Learns the name of a page that was read.
    fn learn(&self, page: &Arc<Page>, source: &Source) {
        let name = page.is_called(&source.page.page_id);
        match name {
            Name::Known => {}
            Name::First | Name::Another => {
                if name == Name::Another {
                    self.forget(page, i64::MAX, &[]);
                }
                // what was told while nobody here knew its name
                let told = self.told.get(&source.page.page_id);
                page.want(told.unwrap_or(0), self.hearing.now());
            }
        }
    }

    /// Forgets what is older than a page that was read, but for what is to be made anew: what is gone from the page must
    /// not be shown again, and what is on it is there until there is something newer.
    fn forget_older(self: &Arc<Self>, page: &Arc<Page>, source: &Source) {
        let version = source.front.version;
        let before = page.tidied.fetch_max(version, Ordering::Relaxed);
        if before >= version {
            return;
        }
        self.forget(page, version, &self.worth_keeping(page, source));
        let is_told = page.wanted() >= version;
        page.want(version, self.hearing.now());
        // a change that fell into a gap
        if before > 0 && !is_told && self.hearing.heard_at().is_some() {
            Snapshots(Arc::clone(self)).make_ahead(page);
        }
    }

    /// Makes a document, and anew if its page changes meanwhile.
    async fn make(self: &Arc<Self>, page: &Arc<Page>, document: &Document) -> Outcome {
        let address = document.address(&page.slug);
        let is_kept = self.cache(document).contains_key(&address);
        // of what a page has any number of, which may be made up
        let is_countless = document.is_story() || !document.is_beginning();
        let is_strange = is_countless && !is_kept && !self.is_listed(page, document).await;
        let _turn = if is_strange { page.beginning.acquire().await.ok() } else { None };
        let mut turn = 1;
        loop {
            match self.make_once(page, document, &address).await {
                Ok(Some(made)) if made.version < page.wanted() && turn < TURNS => turn += 1,
                Ok(None) if turn < TURNS => turn += 1,
                Ok(Some(made)) => {
                    self.failed_at.store(0, Ordering::Relaxed);
                    page.failed_at.store(0, Ordering::Relaxed);
                    return Ok(made);
                }
                Err(Fault::NotFound) => {
                    let was_kept = self.cache(document).remove(&address).is_some() || is_kept;
                    // of what was made up there is no copy: one that there is was read before this
                    if let Some(writer) = self.writer.as_ref().filter(|_| was_kept) {
                        writer.remove(page.slug.clone(), address);
                    }
                    return Err(Fault::NotFound);
                }
                Ok(None) | Err(Fault::Away) => {
                    // where there is nothing older to show, nobody is spared waiting by it
                    if is_kept {
                        // while changes are heard of the services are there, and it is this page alone
                        self.failed(if self.is_heard() { &page.failed_at } else { &self.failed_at });
                    }
                    return Err(Fault::Away);
                }
            }
        }
    }

    /// Whether the front of a page leads to a story.
    async fn is_listed(self: &Arc<Self>, page: &Arc<Page>, document: &Document) -> bool {
        // whoever makes it will see why a page cannot be read
        let Ok(Read { source, .. }) = self.read(page).await else { return true };
        let front = &source.front;
        match document {
            Document::Incident(id) | Document::Preview(Subject::Incident(id)) => {
                let mut all = front.open_incidents.iter().chain(&front.recent_incidents);
                all.any(|incident| incident.incident_id == *id)
            }
            Document::Maintenance(id) | Document::Preview(Subject::Maintenance(id)) => {
                let work = front.active_maintenances.iter().chain(&front.upcoming_maintenances);
                let mut all = work.chain(&front.recent_maintenances);
                all.any(|maintenance| maintenance.maintenance_id == *id)
            }
            Document::Front
            | Document::History { .. }
            | Document::Uptime { .. }
            | Document::Format(..)
            | Document::Story(_)
            | Document::Brand
            | Document::Preview(Subject::Page) => false,
        }
    }

    /// Makes a document; nothing if another page has come to its place meanwhile.
    async fn make_once(
        self: &Arc<Self>,
        page: &Arc<Page>,
        document: &Document,
        address: &Arc<str>,
    ) -> Result<Option<Arc<Snapshot>>, Fault> {
        let Read { source, known } = self.read(page).await?;
        let (version, as_of) = (source.front.version, source.now);
        let asked = Instant::now();
        let made = self.maker.make(Arc::clone(&source), document).await;
        let Made { kind, bytes, notice } = made.inspect_err(|fault| {
            if *fault == Fault::NotFound {
                // addresses may be long, and many
                self.missing.note(hash_of(address.as_bytes()), asked);
            }
        })?;
        let before = self.cache(document).get(address);
        let like = before.as_ref().map(|before| before.content.clone());
        let press = self.maker.press(page.slug.as_str());
        let content = press.run(move || Content::like(like, kind, bytes)).await?;
        let now = (version, as_of, Some(known));
        let made = Arc::new(Snapshot::new(Arc::clone(page), document.clone(), now, content, notice));
        let is_in_place = page.in_order(|page_id| {
            let is_in_place = page_id == Some(&source.page.page_id);
            if is_in_place {
                self.put(page, address, &made, before.as_deref());
            }
            is_in_place
        });
        if !is_in_place {
            return Ok(None);
        }
        page.news.notify_waiters();
        if document.is_beginning() {
            self.note(page);
        }
        Ok(Some(made))
    }

    /// Puts a document in the place of the one before it, in memory and on the disk.
    fn put(&self, page: &Page, address: &Arc<str>, made: &Arc<Snapshot>, before: Option<&Snapshot>) {
        if let Some(before) = before {
            made.ask_like(before);
        }
        let cache = self.cache(&made.document);
        let replaced = cache.get(address);
        cache.insert(Arc::clone(address), Arc::clone(made));
        if let Some(replaced) = replaced {
            replaced.replace();
        }
        page.keep(made);
        if let Some(writer) = self.writer.as_ref().filter(|_| made.document.is_beginning()) {
            writer.write(Arc::clone(address), made, before);
        }
    }
}

/// What became of a document on its way.
pub(super) async fn arrived(mut making: Making) -> Outcome {
    match making.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone().unwrap_or(Err(Fault::Away)),
        Err(_) => {
            tracing::error!("a document failed by a fault of ours");
            Err(Fault::Away)
        }
    }
}
