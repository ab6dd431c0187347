//! Making ahead what somebody will want to read if the services die now, though nobody has asked for it since it changed.
//!
//! A page that was read within a day is made anew with each of its changes: the front, what programs read of it, its open
//! stories and the beginnings of the rest. That comes after what is being read, a few documents at once, with pauses.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use kit::deadline;
use proto::internal::v1::PageChange;
use tokio::time::{Instant, sleep, timeout};

use super::{
    Inner, LIMIT, Read, Snapshots,
    disk::{KEPT, Way},
    making::{LONGEST_PAUSE, PAUSES, arrived},
    millis,
    page::Page,
    snapshot::Snapshot,
    writer::{REPEAT, Writer},
};
use crate::{
    formats::Source,
    pages::{
        document::Document,
        formats::{Format, Place},
    },
    peers::Fault,
    wire::read,
};

/// So many documents are made ahead at once, each of another page: after a gap the changes of many may be told of together.
pub(super) const AT_ONCE: usize = 2;
/// So many stories of a page are: those that are open, then those that ended within a day, which mails still lead to.
const MAX_STORIES: usize = 20;
const ENDED_LATELY: SignedDuration = SignedDuration::from_hours(24);
/// A page that changes all the time is made ahead no more often.
const BETWEEN: Duration = Duration::from_secs(2);
/// After so many documents that could not be made the rest of the page is left for later.
const MAX_FAILED: usize = 3;
/// When it is tried again, at first and at most.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

impl Snapshots {
    /// Brings pages up to date of which nothing is in memory, if the disk has copies that somebody may want; those that
    /// were read last come first.
    pub(super) async fn look_up(self, writer: Writer, changes: Vec<PageChange>) {
        let inner = &self.0;
        let page_ids = changes.iter().map(|change| change.page_id.clone()).collect();
        let ways = changes.into_iter().zip(writer.ways(page_ids).await);
        let mut found: Vec<_> = ways.filter_map(|(change, way)| Some((change, way?))).collect();
        found.sort_by_key(|(_, way)| std::cmp::Reverse(way.asked_at));
        for (change, Way { slug, asked_at }) in found {
            let age = inner.clock.now().duration_since(asked_at).as_millis();
            let asked = inner.millis_now().saturating_sub(i64::try_from(age).unwrap_or(i64::MAX));
            if !is_of_late(asked, inner.millis_now()) {
                writer.forget(slug, change.version, Vec::new());
                continue;
            }
            let page = inner.pages.enter(&slug);
            // by now another one may be at this place
            if page.id().is_none_or(|page_id| *page_id == *change.page_id) {
                page.is_called(&change.page_id);
                page.ask(asked);
                page.noted.fetch_max(asked, Ordering::Relaxed);
                self.tell(page, change.version);
            }
        }
    }

    /// Has made ahead what may be wanted of a page, unless somebody is at it, who will see what has changed.
    pub(super) fn make_ahead(&self, page: &Arc<Page>) {
        if !page.is_made_ahead.swap(true, Ordering::SeqCst) {
            tokio::spawn(self.clone().go_ahead(Arc::clone(page)));
        }
    }

    /// Makes it until no change is left. What cannot be made is tried again: until then there is what was before.
    async fn go_ahead(self, page: Arc<Page>) {
        let [mut pause, longest] = AGAIN;
        loop {
            let wanted = page.wanted();
            if self.go_through(&page, wanted).await {
                sleep(BETWEEN).await;
                // in one order with those who tell, as with `is_followed`
                page.is_made_ahead.store(false, Ordering::SeqCst);
                if page.wanted() == wanted || page.is_made_ahead.swap(true, Ordering::SeqCst) {
                    break;
                }
                pause = AGAIN[0];
            } else {
                sleep(pause).await;
                while !self.0.is_heard() {
                    sleep(AGAIN[0]).await;
                }
                pause = longest.min(pause * 2);
            }
        }
    }

    /// Makes what is older than this version and forgets the rest; answers whether nothing is left to do.
    async fn go_through(&self, page: &Arc<Page>, wanted: i64) -> bool {
        let inner = &self.0;
        if !page.asked().is_some_and(|asked| is_of_late(asked, inner.millis_now())) {
            inner.forget(page, wanted, &[]);
            return true;
        }
        match self.make_once_more(page, &Document::Front, wanted).await {
            Ok(()) => {}
            Err(Fault::NotFound) => {
                inner.forget(page, i64::MAX, &[]);
                return true;
            }
            Err(Fault::Away) => return false,
        }
        let read = {
            let _turn = inner.ahead.acquire().await;
            timeout(LIMIT, deadline::within(LIMIT, inner.read(page))).await
        };
        let Ok(Ok(Read { source, .. })) = read else {
            return false;
        };
        let mut failed = 0;
        for document in inner.worth_keeping(page, &source) {
            if self.make_once_more(page, &document, wanted).await == Err(Fault::Away) {
                failed += 1;
                if failed == MAX_FAILED || !inner.is_heard() {
                    return false;
                }
            }
        }
        if failed == 0 {
            inner.forget(page, wanted.min(source.front.version), &[]);
        }
        failed == 0
    }

    /// Makes a document that is older than this version, and leaves others their time. That there is none such is no fault;
    /// that it found no room on the way to the disk is one, for then what is there must stay.
    async fn make_once_more(&self, page: &Arc<Page>, document: &Document, wanted: i64) -> Result<(), Fault> {
        let made = if let Some(kept) = page.at_least(document, wanted) {
            kept
        } else {
            let (made, taken) = {
                let _turn = self.0.ahead.acquire().await;
                let began = Instant::now();
                (arrived(self.start(page, document)).await, began.elapsed())
            };
            // while others have the turn
            sleep((PAUSES * taken).min(LONGEST_PAUSE)).await;
            made?
        };
        let writer = self.0.writer.as_ref().filter(|_| document.is_beginning());
        let is_copied = writer.is_none_or(|writer| writer.has(document.address(&page.slug), &made));
        if is_copied { Ok(()) } else { Err(Fault::Away) }
    }
}

impl Inner {
    /// What is made anew of a page that changed, the most wanted first: what may be wanted in an outage, what is being
    /// read, and all of the page as a whole that was read within a day.
    pub(super) fn worth_keeping(&self, page: &Page, source: &Source) -> Vec<Document> {
        let now = self.millis_now();
        let due = self.due(page, source.front.version);
        let read = page.snapshots().into_iter().filter(|snapshot| {
            let document = &snapshot.document;
            let is_whole = document.is_beginning() && !document.is_story();
            is_whole && snapshot.was_asked_within(millis(KEPT), now.unsigned_abs())
        });
        let read = read.map(|snapshot| snapshot.document.clone());
        let mut seen = HashSet::new();
        let all = wanted_in_an_outage(source).into_iter().chain(due).chain(read);
        all.filter(|document| seen.insert(document.clone())).collect()
    }

    /// Forgets what is older than a version, in memory and on the disk, but for these documents.
    pub(super) fn forget(&self, page: &Page, before: i64, but: &[Document]) {
        let mut older = page.snapshots();
        older.retain(|snapshot| snapshot.version < before);
        for Snapshot { document, .. } in
            older.iter().map(Arc::as_ref).filter(|old| !but.contains(&old.document))
        {
            let (cache, address) = (self.cache(document), document.address(&page.slug));
            page.in_order(|_| {
                // by now it may have been made anew
                if cache.get(&address).is_some_and(|there| there.version < before) {
                    cache.invalidate(&address);
                }
                page.let_go(document, before);
            });
        }
        if let Some(writer) = &self.writer {
            let but = but.iter().map(|document| document.address(&page.slug)).collect();
            writer.forget(page.slug.clone(), before, but);
        }
    }

    /// Has noted for later processes how to find the page's copies, and when it was read.
    pub(super) fn note(&self, page: &Page) {
        let (Some(writer), Some(page_id), Some(asked)) = (&self.writer, page.id(), page.asked()) else {
            return;
        };
        let repeat = i64::try_from(REPEAT.as_millis()).unwrap_or(i64::MAX);
        if asked <= page.noted.load(Ordering::Relaxed).saturating_add(repeat) {
            return;
        }
        let ago = SignedDuration::from_millis(self.millis_now().saturating_sub(asked));
        let now = self.clock.now();
        let way = Way { slug: page.slug.clone(), asked_at: now.saturating_sub(ago).unwrap_or(now) };
        if writer.note(page_id, way) {
            page.noted.fetch_max(asked, Ordering::Relaxed);
        }
    }

    /// Milliseconds since the process began.
    fn millis_now(&self) -> i64 {
        self.hearing.now().cast_signed()
    }

    /// Whether every change is heard of now.
    pub(super) fn is_heard(&self) -> bool {
        self.hearing.is_sure(self.hearing.now())
    }
}

/// Whether a page was read within a day, by times in milliseconds since the process began.
fn is_of_late(asked: i64, now: i64) -> bool {
    now.saturating_sub(asked) < millis(KEPT).cast_signed()
}

/// What is made ahead of every page.
fn wanted_in_an_outage(source: &Source) -> Vec<Document> {
    let front = &source.front;
    let is_late = |ended: Option<&prost_types::Timestamp>| {
        read(ended).is_some_and(|ended| source.now.duration_since(ended) < ENDED_LATELY)
    };
    let open = front.open_incidents.iter().map(|incident| Document::Incident(incident.incident_id.clone()));
    let maintenances = front.active_maintenances.iter().chain(&front.upcoming_maintenances);
    let ended = front.recent_incidents.iter().filter(|incident| is_late(incident.resolved_at.as_ref()));
    let done = front.recent_maintenances.iter().filter(|maintenance| is_late(maintenance.ended_at.as_ref()));
    let stories = open
        .chain(maintenances.map(|each| Document::Maintenance(each.maintenance_id.clone())))
        .chain(ended.map(|each| Document::Incident(each.incident_id.clone())))
        .chain(done.map(|each| Document::Maintenance(each.maintenance_id.clone())));
    let mut all = vec![Document::Front, Document::Format(Format::Summary, Place::default())];
    all.extend(source.head.brand.palette.map(|_| Document::Brand));
    all.extend(stories.take(MAX_STORIES));
    all.push(Document::History { page_token: String::new() });
    all.push(Document::Uptime { before: None });
    all.push(Document::Format(Format::Atom, Place::default()));
    all
}
