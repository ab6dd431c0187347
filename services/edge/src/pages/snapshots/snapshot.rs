//! A document of a page as it was once, ready to be answered.

use std::{
    mem::size_of,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::{body::Bytes, response::Response};
use http::HeaderMap;
use jiff::Timestamp;
use kit::lane::{Asked, Prepared};
use tokio::{sync::OnceCell, time::Instant};

use super::{
    content::{Content, Kind, Said},
    page::Page,
};
use crate::{
    pages::{document::Document, guards::Guards, press::PagePress, wire},
    peers::Fault,
};

/// Bytes of memory around a document, about: two heads of its answers (700 each), its places in the maps with what counts
/// how often each is read (500), and those of its page, which may have no other (500).
const AROUND: usize = 2400;

/// A document as it was made.
#[derive(Debug)]
pub(in crate::pages) struct Made {
    pub(in crate::pages) kind: Kind,
    pub(in crate::pages) bytes: Vec<u8>,
    /// What a page says of itself where it may not be the newest, as HTML; nothing for programs, who read headers.
    pub(in crate::pages) notice: String,
}

/// A document and all that is needed to answer it.
#[derive(Debug)]
pub(in crate::pages) struct Snapshot {
    pub(super) page: Arc<Page>,
    pub(super) document: Document,
    /// The version of the page that it shows, or an older one.
    pub(super) version: i64,
    /// Since which gap in what is told of changes it is known to be right; none for one of an earlier process.
    pub(super) known: Option<Known>,
    /// When it was right, by the services' clock.
    pub(super) as_of: Timestamp,
    pub(super) notice: String,
    pub(super) content: Content,
    /// The same with the notice, once it was asked for.
    stale: OnceCell<Content>,
    /// The heads of its answers, by [`Reply::place`], once they were asked for.
    heads: [OnceLock<Bytes>; 4],
    /// When its copy on the disk was written, or that of the same before it.
    pub(super) written: OnceLock<Instant>,
    /// When it was last asked for, in milliseconds since the process began; 0 if it never was.
    asked: AtomicU64,
    /// Whether another has taken its place, or it is no longer kept.
    is_replaced: AtomicBool,
}

/// When a document was made by this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) gap: u64,
    pub(super) at: Instant,
}

impl Snapshot {
    pub(super) fn new(
        page: Arc<Page>,
        document: Document,
        (version, as_of, known): (i64, Timestamp, Option<Known>),
        content: Content,
        notice: String,
    ) -> Self {
        Self {
            page,
            document,
            version,
            known,
            as_of,
            notice,
            content,
            stale: OnceCell::new(),
            heads: Default::default(),
            written: OnceLock::new(),
            asked: AtomicU64::new(0),
            is_replaced: AtomicBool::new(false),
        }
    }

    /// Bytes of memory, about.
    pub(super) fn bytes(&self) -> usize {
        // as a key, in the document here, in that of its page's map, and on a thread
        let addresses = 4 * self.document.address(&self.page.slug).len();
        let stale = self.stale.get().filter(|_| !self.notice.is_empty());
        let forms = self.content.forms.bytes() + stale.map_or(0, |stale| stale.forms.bytes());
        size_of::<Self>() + size_of::<Page>() + AROUND + addresses + forms + self.notice.len()
    }

    /// Notes that it was asked for now, in milliseconds since the process began; answers whether that was worth noting,
    /// which it is about once a second.
    pub(super) fn ask(&self, now: u64) -> bool {
        const COARSE: u64 = 1000;
        let before = self.asked.load(Ordering::Relaxed);
        // most find it noted already, so that they do not fight for the memory that it is in
        let is_news = before == 0 || before + COARSE < now;
        if is_news {
            self.asked.store(now.max(1), Ordering::Relaxed);
            self.page.ask(now.cast_signed());
        }
        is_news
    }

    /// What tells the newer of two: anything that this process made is newer than what one before it did.
    pub(super) fn made_at(&self) -> Option<(i64, Instant)> {
        self.known.map(|known| (self.version, known.at))
    }

    /// Notes that another has taken its place, or that it is no longer kept.
    pub(super) fn replace(&self) {
        self.is_replaced.store(true, Ordering::Relaxed);
    }

    /// Whether another has taken its place, or it is no longer kept.
    pub(super) fn is_replaced(&self) -> bool {
        self.is_replaced.load(Ordering::Relaxed)
    }

    /// Notes that it was asked for when the one in whose place it is was.
    pub(super) fn ask_like(&self, before: &Self) {
        self.asked.fetch_max(before.asked.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether it was asked for so lately, at this time in milliseconds since the process began.
    pub(super) fn was_asked_within(&self, time: u64, now: u64) -> bool {
        let asked = self.asked.load(Ordering::Relaxed);
        asked != 0 && now < asked + time
    }

    /// The answer to a reader; nothing if a long one has to be unpacked for it first, as `plain`.
    pub(super) fn answer(
        &self,
        request: &HeaderMap,
        guards: Guards,
        plain: Option<Bytes>,
    ) -> Option<Response> {
        self.content.answer(request, &Said { guards, version: self.version, as_of: None }, plain)
    }

    /// The same as bytes, whose head is made once; nothing if a long one has to be unpacked for it.
    pub(super) fn prepared(&self, asked: &Asked<'_>, guards: Guards) -> Option<Prepared> {
        let reply = self.content.reply(std::iter::once(asked.encodings), asked.has);
        if !self.content.is_at_hand(reply) {
            return None;
        }
        let head = self.heads[reply.place()].get_or_init(|| {
            let said = Said { guards, version: self.version, as_of: None };
            wire::head(&self.content.head(reply, &said), self.content.body(reply).len())
        });
        Some(Prepared { head: head.clone(), body: self.content.body(reply) })
    }

    /// What is shown of it where it may not be the newest; nothing if that has to be made first.
    pub(super) fn marked(&self) -> Option<&Content> {
        if self.notice.is_empty() { Some(&self.content) } else { self.stale.get() }
    }

    /// The answer with that; nothing too if it has to be unpacked first, as `plain`.
    pub(super) fn stale_answer(
        &self,
        request: &HeaderMap,
        guards: Guards,
        plain: Option<Bytes>,
    ) -> Option<Response> {
        let said = Said { guards, version: self.version, as_of: Some(self.as_of) };
        self.marked()?.answer(request, &said, plain)
    }

    /// Makes what [`Snapshot::marked`] is, once for all who ask.
    pub(super) async fn mark(&self, press: &PagePress) -> Result<(), Fault> {
        if self.notice.is_empty() {
            return Ok(());
        }
        let marked = self.stale.get_or_try_init(async || {
            let (content, notice) = (self.content.clone(), self.notice.clone());
            press.run(move || content.with(notice.as_bytes())).await
        });
        marked.await.map(drop)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;

    use super::*;

    /// The front of a page at this version, made at this time by this process or else by one before it.
    pub(in crate::pages::snapshots) fn snapshot(
        page: &Arc<Page>,
        version: i64,
        at: Option<Instant>,
    ) -> Arc<Snapshot> {
        let known = at.map(|at| Known { gap: 0, at });
        let kind = Kind::Page { language: HeaderValue::from_static("en") };
        let content = Content::like(None, kind, "A page. ".repeat(4_000).into_bytes());
        let now = (version, Timestamp::UNIX_EPOCH, known);
        Arc::new(Snapshot::new(Arc::clone(page), Document::Front, now, content, String::new()))
    }
}
