//! Documents of pages as they were made: kept, and answered from memory.
//!
//! Promise: a reader of a page that is read at least every few minutes waits for nothing, and sees each change within a
//! second while the services can be asked. A document is made once for a change, however many ask; one that nobody has
//! asked for of late is made when somebody does, or after all others if it may be wanted in an outage (`ahead`). While the
//! services cannot be asked, what was last made is answered, for a day, and says how old it is; a process that begins anew
//! has it from the disk.
//!
//! The address is all that a document is kept by. What places and times may be added to an address is kept apart.

mod ahead;
mod answering;
mod changes;
mod content;
mod disk;
mod following;
mod making;
mod page;
mod recent;
mod snapshot;
mod writer;

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::response::Response;
use http::HeaderMap;
use kit::{
    Clock,
    lane::{Asked, Prepared},
};
use moka::{notification::RemovalCause, policy::EvictionPolicy, sync::Cache};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    time::{Instant, timeout},
};

pub(crate) use self::changes::follow;
use self::{
    answering::Unpacked,
    changes::Hearing,
    making::{READ, arrived},
    page::{Page, Pages},
    recent::Recent,
    snapshot::{Known, Snapshot},
    writer::Writer,
};
pub(super) use self::{
    content::Kind,
    following::{Following, Seen},
    snapshot::Made,
    writer::{Writing, writing},
};
use super::{
    answer::hash_of, document::Document, guards::Guards, lookups::Missing, maker::Maker, slug::Slug,
};
use crate::{formats::Source, peers::Fault};

/// While it is not known which pages change, a document is good for so long.
const UNSURE: Duration = Duration::from_secs(1);
/// A change that was told of is shown within this time; until then the document before it is good.
const FRESH: Duration = Duration::from_secs(1);
/// So much time passes on a page until it is made anew, for what time alone changes: the bar of today, what is overdue.
const AGING: Duration = Duration::from_secs(30);
/// After so long that is waited for.
const OLD: Duration = Duration::from_secs(5 * 60);
/// How long a reader waits where there is something older to show.
const PATIENCE: Duration = Duration::from_secs(1);
/// When the services could not be asked, they are asked again after so long, by one reader.
const AGAIN: Duration = Duration::from_secs(2);
/// Making a document takes no longer.
const LIMIT: Duration = Duration::from_secs(10);
/// A document that was right so lately does not say that it may not be any longer.
const RIGHT: Duration = Duration::from_secs(5);
/// Pages that were told of within the time that a first reading may take.
const MAX_TOLD: u64 = 100_000;
/// Bytes of further lots and months, and of pages as they were read.
const ASIDE_BYTES: u32 = 64 * 1024 * 1024;
/// In memory a page as it was read takes about so many times what it does on the wire: its texts are apart from each other,
/// and some are there twice.
const UNFOLDED: usize = 6;

/// What is kept. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    maker: Maker,
    clock: Clock,
    guards: Guards,
    hearing: Hearing,
    pages: Pages,
    recent: Recent,
    beginnings: Cache<Arc<str>, Arc<Snapshot>>,
    further: Cache<Arc<str>, Arc<Snapshot>>,
    sources: Cache<Slug, Read>,
    /// What was asked for of pages that there are and is not there, by the hash of its address.
    missing: Missing<String>,
    unpacked: Unpacked,
    /// What was told of late, by page.
    told: Cache<String, i64>,
    /// For the pages that are brought up to date at once, and for the documents that are made ahead.
    turns: Semaphore,
    ahead: Semaphore,
    /// When the services could last not be asked, in milliseconds since the process began; 0 if they answered since.
    failed_at: AtomicU64,
    writer: Option<Writer>,
    /// Where documents are made: not on the threads that do nothing but answer.
    runtime: Handle,
}

/// A page as it was read.
#[derive(Debug, Clone)]
struct Read {
    source: Arc<Source>,
    known: Known,
}

/// A document that can be answered.
enum Found {
    Good(Arc<Snapshot>),
    /// It may not be right any longer.
    Old(Arc<Snapshot>),
}

/// Whether a document can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// It is good, and to be made anew meanwhile.
    Aging,
    /// It may not be right any longer.
    Doubtful,
}

impl Snapshots {
    pub(super) fn new(
        maker: Maker,
        clock: Clock,
        guards: Guards,
        memory_mib: NonZero<u32>,
        writer: Option<Writer>,
    ) -> Self {
        Self(Arc::new(Inner {
            maker,
            clock,
            guards,
            hearing: Hearing::new(),
            pages: Pages::default(),
            recent: Recent::default(),
            beginnings: cache(u64::from(memory_mib.get()) * 1024 * 1024),
            further: cache(ASIDE_BYTES.into()),
            sources: Cache::builder()
                // the longest has to find room too
                .weigher(|_, read: &Read| weight(UNFOLDED * read.source.bytes).min(ASIDE_BYTES))
                .max_capacity(ASIDE_BYTES.into())
                // what was read last is what documents are being made of
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(2 * READ)
                .build(),
            missing: Missing::new(),
            unpacked: Unpacked::new(),
            told: Cache::builder().max_capacity(MAX_TOLD).time_to_live(2 * LIMIT).build(),
            turns: Semaphore::new(making::PAGES_AT_ONCE),
            ahead: Semaphore::new(ahead::AT_ONCE),
            failed_at: AtomicU64::new(0),
            writer,
            runtime: Handle::current(),
        }))
    }

    fn hearing(&self) -> &Hearing {
        &self.0.hearing
    }

    /// The answer at this address below the edge's, if it is there and waits for nothing.
    pub(crate) fn ready(&self, address: &str, request: &HeaderMap) -> Option<Response> {
        let inner = &self.0;
        match self.at(address)? {
            (kept, Standing::Good | Standing::Aging) => kept.answer(request, inner.guards, None),
            (kept, Standing::Doubtful) => {
                let is_stale = inner.failed_lately(&kept.page, Instant::now()) && inner.is_old(&kept)?;
                is_stale.then(|| kept.stale_answer(request, inner.guards, None)).flatten()
            }
        }
    }

    /// The same as bytes; nothing while it may not be right any longer.
    pub(crate) fn prepared(&self, address: &str, asked: &Asked<'_>) -> Option<Prepared> {
        match self.at(address)? {
            (kept, Standing::Good | Standing::Aging) => kept.prepared(asked, self.0.guards),
            (_, Standing::Doubtful) => None,
        }
    }

    /// What is kept at this address. What ages is made anew meanwhile.
    fn at(&self, address: &str) -> Option<(Arc<Snapshot>, Standing)> {
        let inner = &self.0;
        let recent = inner.recent.get(address);
        let now = Instant::now();
        let (kept, is_new) = match recent {
            // now and then it is asked for where that counts for what stays
            Some(kept) if !kept.ask(inner.hearing.millis(now)) => (kept, false),
            Some(_) | None => (inner.beginnings.get(address)?, true),
        };
        let standing = inner.standing(&kept, now);
        if is_new && standing == Standing::Good {
            kept.ask(inner.hearing.millis(now));
            inner.recent.put(address, &kept);
        }
        if standing == Standing::Aging && !inner.failed_lately(&kept.page, now) {
            self.start(&kept.page, &kept.document);
        }
        Some((kept, standing))
    }

    /// The answer to whoever asks for a document of a page.
    ///
    /// # Errors
    /// If there is none such, or nothing of it is kept and the services cannot be asked.
    pub(super) async fn show(
        &self,
        slug: &Slug,
        document: &Document,
        request: &HeaderMap,
    ) -> Result<Response, Fault> {
        match self.find(&self.0.pages.enter(slug), document).await? {
            Found::Good(snapshot) => self.0.answer(&snapshot, request).await,
            Found::Old(snapshot) => self.0.show_old(&snapshot, request).await,
        }
    }

    /// Follows a document for somebody who has seen it at this version of its page.
    pub(super) fn follow(&self, slug: &Slug, document: Document, seen: Option<i64>) -> Following {
        Following::new(self.clone(), self.0.pages.enter(slug), document, seen)
    }

    /// A document of a page, as it is now if the services can be asked.
    async fn find(&self, page: &Arc<Page>, document: &Document) -> Result<Found, Fault> {
        let inner = &self.0;
        page.ask(inner.hearing.now().cast_signed());
        let address = document.address(&page.slug);
        let kept = match inner.cache(document).get(&address) {
            None if inner.missing.has(&hash_of(address.as_bytes())) => return Err(Fault::NotFound),
            None => self.copied(page, document, address).await,
            kept => kept,
        };
        let now = Instant::now();
        if let Some(kept) = &kept {
            kept.ask(inner.hearing.millis(now));
            match inner.standing(kept, now) {
                Standing::Good => return Ok(Found::Good(Arc::clone(kept))),
                Standing::Aging => {
                    self.start(page, document);
                    return Ok(Found::Good(Arc::clone(kept)));
                }
                Standing::Doubtful if inner.is_away(page, now) => return Ok(Found::Old(Arc::clone(kept))),
                Standing::Doubtful => {}
            }
        }
        let patience = if kept.is_some() { PATIENCE } else { LIMIT };
        match (timeout(patience, arrived(self.start(page, document))).await, kept) {
            (Ok(Ok(made)), _) => {
                made.ask(inner.hearing.millis(now));
                Ok(Found::Good(made))
            }
            (Ok(Err(Fault::NotFound)), _) => Err(Fault::NotFound),
            (Ok(Err(Fault::Away)), Some(kept)) => Ok(Found::Old(kept)),
            // it may be this page alone that takes so long
            (Err(_), Some(kept)) => {
                inner.failed(&page.failed_at);
                Ok(Found::Old(kept))
            }
            (Ok(Err(Fault::Away)) | Err(_), None) => Err(Fault::Away),
        }
    }

    /// A page as it is now, or was a moment ago; many who ask at once are one call.
    ///
    /// # Errors
    /// If there is none, or the services cannot be asked.
    pub(super) async fn source(&self, slug: &Slug) -> Result<Arc<Source>, Fault> {
        let page = self.0.pages.enter(slug);
        Ok(self.0.read(&page).await?.source)
    }

    /// What is kept of a document on the disk, or by now in memory.
    async fn copied(
        &self,
        page: &Arc<Page>,
        document: &Document,
        address: Arc<str>,
    ) -> Option<Arc<Snapshot>> {
        let inner = &self.0;
        let writer = inner.writer.as_ref().filter(|_| document.is_beginning())?;
        let read = writer.read(page.slug.clone(), Arc::clone(&address)).await?;
        let now = (read.version, read.as_of, None);
        let snapshot = Snapshot::new(Arc::clone(page), document.clone(), now, read.content, read.notice);
        Some(page.in_order(|_| {
            // by now it may have been made
            let kept = inner.beginnings.get_with(address, || Arc::new(snapshot));
            page.keep(&kept);
            kept
        }))
    }
}

impl Inner {
    fn cache(&self, document: &Document) -> &Cache<Arc<str>, Arc<Snapshot>> {
        if document.is_beginning() { &self.beginnings } else { &self.further }
    }

    fn standing(&self, snapshot: &Snapshot, now: Instant) -> Standing {
        let Some(known) = snapshot.known else {
            return Standing::Doubtful;
        };
        let (age, millis_now) = (now.saturating_duration_since(known.at), self.hearing.millis(now));
        if !self.hearing.is_sure(millis_now) {
            return if age < UNSURE { Standing::Good } else { Standing::Doubtful };
        }
        let page = &snapshot.page;
        let is_late = snapshot.version < page.wanted() && millis_now > page.wanted_at() + millis(FRESH);
        if known.gap != self.hearing.gap() || is_late || age > OLD {
            Standing::Doubtful
        } else if age > AGING {
            Standing::Aging
        } else {
            Standing::Good
        }
    }

    fn failed(&self, failed_at: &AtomicU64) {
        failed_at.store(self.hearing.now().max(1), Ordering::Relaxed);
    }

    /// When the services could last not be asked, or not for this page.
    fn failed_at<'a>(&'a self, page: &'a Page) -> (&'a AtomicU64, u64) {
        let [all, one] = [&self.failed_at, &page.failed_at].map(|at| (at, at.load(Ordering::Relaxed)));
        if one.1 > all.1 { one } else { all }
    }

    /// Whether the services could not be asked a moment ago.
    fn failed_lately(&self, page: &Page, now: Instant) -> bool {
        let (_, failed_at) = self.failed_at(page);
        failed_at != 0 && self.hearing.millis(now) <= failed_at + millis(AGAIN)
    }

    /// Whether this reader need not try. When it is time to, the first who asks is the one who tries, and those who come
    /// meanwhile do not wait for it.
    fn is_away(&self, page: &Page, now: Instant) -> bool {
        let ((at, failed_at), tries_at) = (self.failed_at(page), self.hearing.millis(now));
        let tries = || at.compare_exchange(failed_at, tries_at, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        failed_at != 0 && (self.failed_lately(page, now) || !tries())
    }
}

fn cache(bytes: u64) -> Cache<Arc<str>, Arc<Snapshot>> {
    Cache::builder()
        .weigher(|_, kept: &Arc<Snapshot>| weight(kept.bytes()))
        .eviction_listener(|_, kept: Arc<Snapshot>, cause| {
            // whoever puts another in its place says so, and one may be weighed again
            if cause != RemovalCause::Replaced {
                kept.replace();
            }
        })
        .max_capacity(bytes)
        .build()
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
