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
    Inner, LIMIT, Read, Snapshots, UNSURE, millis,
    page::{Making, Name, Outcome, Page},
    snapshot::{Content, Known, Made, Snapshot},
};
use crate::{formats::Source, pages::document::Document, peers::Fault};

/// A page as it was read is good for making documents for so long.
const READ: Duration = Duration::from_secs(5);
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
        page.want(version, self.0.hearing.millis(Instant::now()));
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
                let behind = some.iter().filter(|document| !page.has(document, wanted));
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
        let now = self.hearing.millis(Instant::now());
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
            let is_sure = self.hearing.is_sure(self.hearing.millis(known.at));
            let is_newest = read.known.gap == known.gap && read.source.front.version >= page.wanted();
            let good_for = if is_sure && is_newest { READ } else { UNSURE };
            if is_newest && known.at.duration_since(read.known.at) < good_for {
                return Ok(read);
            }
        }
        let source = Arc::new(self.maker.read(&page.slug).await?);
        match page.is_called(&source.page.page_id) {
            Name::Known => {}
            name @ (Name::First | Name::Another) => {
                if name == Name::Another {
                    self.forget(page, i64::MAX, &[]);
                }
                // what was told while nobody here knew its name
                let told = self.told.get(&source.page.page_id);
                page.want(told.unwrap_or(0), self.hearing.millis(Instant::now()));
            }
        }
        self.forget_older(page, &source);
        let read = Read { source, known };
        self.sources.insert(page.slug.clone(), read.clone());
        Ok(read)
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
        page.want(version, self.hearing.millis(Instant::now()));
        // a change that fell into a gap
        if before > 0 && !is_told && self.hearing.heard_at() > 0 {
            Snapshots(Arc::clone(self)).make_ahead(page);
        }
    }

    /// Makes a document, and anew if its page changes meanwhile.
    async fn make(self: &Arc<Self>, page: &Arc<Page>, document: &Document) -> Outcome {
        let address = document.address(&page.slug);
        let mut turn = 1;
        loop {
            match self.make_once(page, document, &address).await {
                Ok(made) if made.version < page.wanted() && turn < TURNS => turn += 1,
                Ok(made) => {
                    self.failed_at.store(0, Ordering::Relaxed);
                    page.failed_at.store(0, Ordering::Relaxed);
                    return Ok(made);
                }
                Err(Fault::NotFound) => {
                    self.cache(document).invalidate(&address);
                    if let Some(writer) = &self.writer {
                        writer.remove(page.slug.clone(), address);
                    }
                    return Err(Fault::NotFound);
                }
                Err(Fault::Away) => {
                    // while changes are heard of the services are there, and it is this page alone
                    self.failed(if self.is_heard() { &page.failed_at } else { &self.failed_at });
                    return Err(Fault::Away);
                }
            }
        }
    }

    async fn make_once(
        self: &Arc<Self>,
        page: &Arc<Page>,
        document: &Document,
        address: &Arc<str>,
    ) -> Outcome {
        let Read { source, known } = self.read(page).await?;
        let (version, as_of) = (source.front.version, source.now);
        let Made { kind, bytes, notice } = self.maker.make(source, document).await?;
        let before = self.cache(document).get(address);
        let like = before.as_ref().map(|before| before.content.clone());
        let press = self.maker.press(page.slug.as_str());
        let content = press.run(move || Content::like(like, kind, bytes)).await?;
        let now = (version, as_of, Some(known));
        let made = Arc::new(Snapshot::new(Arc::clone(page), document.clone(), now, content, notice));
        if let Some(before) = &before {
            made.ask_like(before);
        }
        self.cache(document).insert(Arc::clone(address), Arc::clone(&made));
        page.keep(&made);
        page.news.notify_waiters();
        if let Some(writer) = self.writer.as_ref().filter(|_| document.is_beginning()) {
            self.note(page);
            writer.write(Arc::clone(address), &made, before.as_deref());
        }
        Ok(made)
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
