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
    page::{Making, Outcome, Page},
    snapshot::{Content, Known, Made, Snapshot},
};
use crate::{pages::document::Document, peers::Fault};

/// A page as it was read is good for making documents for so long.
const READ: Duration = Duration::from_secs(5);
/// Documents that were asked for so lately are made at once when their page changes; single stories only if they are
/// being read, and so many of them.
const WANTED: Duration = Duration::from_secs(10 * 60);
const READ_STORIES: Duration = Duration::from_secs(60);
const MAX_STORIES: usize = 20;
/// So many documents of a page are made at once, so that others have room too.
const AT_ONCE: usize = 4;
/// However often a page changes, the next time its documents are made is so many times as far away as that took, so that
/// no page takes all the time that there is; at most the longest pause.
const PAUSES: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
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
    /// Makes anew what was asked for of late, until no change is left, and forgets the rest: what it shows may be gone.
    pub(super) async fn bring_up_to_date(self, page: Arc<Page>) {
        loop {
            let (wanted, began) = (page.wanted(), Instant::now());
            for some in self.due(&page, wanted).chunks(AT_ONCE) {
                let makings = some.iter().map(|document| self.start(&page, document)).collect::<Vec<_>>();
                for making in makings {
                    // whoever reads it next sees why it could not be made
                    let _outcome = arrived(making).await;
                }
            }
            tokio::time::sleep((PAUSES * began.elapsed()).min(LONGEST_PAUSE)).await;
            // in one order with those who tell: either we see their version, or they see that nobody is at it
            page.is_followed.store(false, Ordering::SeqCst);
            if page.wanted() == wanted || page.is_followed.swap(true, Ordering::SeqCst) {
                break;
            }
        }
    }

    /// What is to be made anew at a version. All else of the page that is older is forgotten.
    fn due(&self, page: &Arc<Page>, wanted: i64) -> Vec<Document> {
        let inner = &self.0;
        let now = inner.hearing.millis(Instant::now());
        let (mut due, mut stories) = (Vec::new(), 0);
        for snapshot in page.snapshots().into_iter().filter(|snapshot| snapshot.version < wanted) {
            let document = &snapshot.document;
            let is_due = if document.is_story() {
                stories += 1;
                stories <= MAX_STORIES && now < snapshot.asked() + millis(READ_STORIES)
            } else {
                now < snapshot.asked() + millis(WANTED)
            };
            if is_due {
                due.push(document.clone());
            } else {
                inner.cache(document).invalidate(&document.address(&page.slug));
            }
        }
        inner.forget_copies(page, wanted);
        // the front first: most look at it
        due.sort_by_key(|document| *document != Document::Front);
        due
    }

    /// The document on its way. It comes to its end, whoever goes away.
    pub(super) fn start(&self, page: &Arc<Page>, document: &Document) -> Making {
        page.making(document, || {
            let (outcome, making) = watch::channel(None);
            let on_its_way = OnItsWay { page: Arc::clone(page), document: document.clone() };
            let inner = Arc::clone(&self.0);
            tokio::spawn(async move {
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
    /// The page as it was read since its last change.
    pub(super) async fn read(&self, page: &Arc<Page>) -> Result<Read, Fault> {
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
        if page.is_called(&source.page.page_id) {
            // what was told while nobody here knew its name
            let told = self.told.get(&source.page.page_id);
            page.want(told.unwrap_or(0), self.hearing.millis(Instant::now()));
        }
        self.forget_copies(page, source.front.version);
        let read = Read { source, known };
        self.sources.insert(page.slug.clone(), read.clone());
        Ok(read)
    }

    /// Has forgotten what was copied of a page before a version.
    fn forget_copies(&self, page: &Page, before: i64) {
        let is_news = page.tidied.fetch_max(before, Ordering::Relaxed) < before;
        if let Some(writer) = self.writer.as_ref().filter(|_| is_news) {
            writer.forget(page.slug.clone(), before);
        }
    }

    /// Makes a document, and anew if its page changes meanwhile.
    async fn make(&self, page: &Arc<Page>, document: &Document) -> Outcome {
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
                    let is_there = self.hearing.is_sure(self.hearing.millis(Instant::now()));
                    self.failed(if is_there { &page.failed_at } else { &self.failed_at });
                    return Err(Fault::Away);
                }
            }
        }
    }

    async fn make_once(&self, page: &Arc<Page>, document: &Document, address: &Arc<str>) -> Outcome {
        let Read { source, known } = self.read(page).await?;
        let (version, as_of) = (source.front.version, source.now);
        let Made { kind, bytes, notice } = self.maker.make(source, document).await?;
        let before = self.cache(document).get(address);
        let like = before.as_ref().map(|before| before.content.clone());
        let content = self.maker.press().run(move || Content::like(like, kind, bytes)).await?;
        let now = (version, as_of, Some(known));
        let made = Arc::new(Snapshot::new(Arc::clone(page), document.clone(), now, content, notice));
        made.ask(before.as_ref().map_or(0, |before| before.asked()));
        self.cache(document).insert(Arc::clone(address), Arc::clone(&made));
        page.keep(&made);
        page.news.notify_waiters();
        if let Some(writer) = self.writer.as_ref().filter(|_| document.is_beginning()) {
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
