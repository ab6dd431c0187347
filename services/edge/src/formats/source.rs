//! What the documents of a page are made of.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use kit::{ids::PageId, locale::Locale};
use prost::Message as _;
use proto::incidents::v1::{GetPageResponse, StatusPage};

use crate::{
    texts::Texts,
    view::{PageHead, Place},
    wire::read,
};

/// A page as it was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// Where the page is, without a slash at the end: `https://status.example.com/p/acme`.
    pub(crate) url: String,
    pub(crate) page: StatusPage,
    /// The front of the page. Its `page` is [`Source::page`].
    pub(crate) front: GetPageResponse,
    /// What stands at the top of its pages.
    pub(crate) head: Arc<PageHead>,
    pub(crate) time_zone: TimeZone,
    pub(crate) texts: Texts,
    /// When the answer was put together.
    pub(crate) now: Timestamp,
    /// The size of the answer on the wire.
    pub(crate) bytes: usize,
}

impl Source {
    /// Of the front of a page, below this address of the edge (without a slash at the end); nothing if the answer lacks
    /// the page itself or its time.
    pub(crate) fn new(public_url: &str, front: GetPageResponse) -> Option<Self> {
        let page = front.page.clone()?;
        Some(Self {
            url: format!("{public_url}/p/{}", page.slug),
            time_zone: TimeZone::get(&page.time_zone).unwrap_or(TimeZone::UTC),
            texts: Texts::of(Locale::parse(&page.locale).unwrap_or(Locale::En)),
            now: read(front.generated_at.as_ref())?,
            page,
            head: Arc::new(PageHead::new(&front)?),
            bytes: front.encoded_len(),
            front,
        })
    }
    /// Where its documents are, for what their heads say of them.
    pub(crate) fn place(&self) -> Place<'_> {
        Place { head: &self.head, page_url: &self.url, version: self.front.version }
    }

    /// When the page was made: its id begins with that time. It is when it last changed before anything was told, so that
    /// what stays the same reads the same.
    pub(crate) fn made_at(&self) -> Timestamp {
        let id = self.page.page_id.parse::<PageId>().map(|id| id.uuid().as_u128() >> 80);
        let milliseconds = id.ok().and_then(|time| i64::try_from(time).ok());
        milliseconds.and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default()
    }
}
