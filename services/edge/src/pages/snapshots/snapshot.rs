//! A document of a page as it was once, ready to be answered.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_LANGUAGE,
        CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    },
};
use jiff::Timestamp;
use kit::{
    lane::{Asked, Prepared},
    time::http_date,
};
use tokio::{sync::OnceCell, time::Instant};

use super::page::Page;
use crate::{
    pages::{
        answer::{is_known, tag_of},
        document::Document,
        forms::{self, Encoding, Forms},
        guards::Guards,
        press::PagePress,
        preview, wire,
    },
    peers::Fault,
};

/// The version of the page that an answer is of: what `version` of `GetPage` was.
pub(in crate::pages) const VERSION: HeaderName = HeaderName::from_static("pharos-version");
/// When an answer was right, where it may be no longer (RFC 9110, section 5.6.7).
const AS_OF: HeaderName = HeaderName::from_static("pharos-as-of");

/// What caches may do: hand it out for a second, and for another two while a new one is fetched, so that a flood of
/// readers is one request a second and everybody hears of a change at once; and for a day if nobody answers here.
const CACHING: HeaderValue =
    HeaderValue::from_static("public, max-age=1, stale-while-revalidate=2, stale-if-error=86400");
/// What may not be right any longer is not kept: the day for which it may be shown is over for everybody at once.
const OLD_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=1");
const ANY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("etag, pharos-version, pharos-as-of");

/// Where a page says that it is not the newest.
const NOTICE_PLACE: &[u8] = b"<!--as of-->";

/// For whom a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pages) enum Kind {
    /// For people: HTML in a language.
    Page { language: HeaderValue },
    /// For programs, in a format: any origin's script may read it.
    Format { content_type: HeaderValue },
}

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

/// What is answered of a document.
#[derive(Debug, Clone, Copy)]
enum Reply {
    NotModified,
    Whole(Encoding),
}

/// What an answer says beside its content.
struct Said {
    guards: Guards,
    version: i64,
    as_of: Option<Timestamp>,
}

/// When a document was made by this process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) gap: u64,
    pub(super) at: Instant,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) kind: Kind,
    pub(super) forms: Forms,
    pub(super) tag: HeaderValue,
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
        // its own, its address, and that of its place
        const FRAME: usize = 1024;
        FRAME + self.content.forms.bytes() + self.notice.len()
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

    /// The answer to a reader.
    pub(super) fn answer(&self, request: &HeaderMap, guards: Guards) -> Response {
        self.content.answer(request, &Said { guards, version: self.version, as_of: None })
    }

    /// Whether the answer is there without unpacking a long one, which takes a processor some time.
    pub(super) fn is_at_hand(&self, request: &HeaderMap) -> bool {
        let has = request.get(IF_NONE_MATCH).and_then(|has| has.to_str().ok());
        self.content.is_at_hand(self.content.reply(forms::lists(request), has))
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

    /// The same as one that may not be the newest; nothing if it has to be made first.
    pub(super) fn stale_answer(&self, request: &HeaderMap, guards: Guards) -> Option<Response> {
        let content = if self.notice.is_empty() { &self.content } else { self.stale.get()? };
        Some(content.answer(request, &Said { guards, version: self.version, as_of: Some(self.as_of) }))
    }

    /// Makes what [`Snapshot::stale_answer`] needs, once for all who ask.
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

impl Content {
    /// What is made of these bytes, which is the one before it if they are the same.
    pub(super) fn like(before: Option<Self>, kind: Kind, bytes: Vec<u8>) -> Self {
        let tag = tag_of(&bytes);
        match before {
            Some(before) if before.tag == tag && before.kind == kind => before,
            Some(_) | None => {
                let forms = if kind.is_packed() { Forms::Plain(bytes.into()) } else { Forms::new(bytes) };
                Self { kind, forms, tag }
            }
        }
    }

    /// Whether all its forms are of what its tag is of.
    pub(super) fn is_whole(&self) -> bool {
        self.forms.unpacked().is_some_and(|plain| tag_of(&plain) == self.tag)
    }

    /// The same page with a notice in its place.
    fn with(&self, notice: &[u8]) -> Self {
        let plain = self.forms.plain();
        let place = plain.windows(NOTICE_PLACE.len()).position(|window| window == NOTICE_PLACE);
        let (before, after) = match place {
            Some(place) => (&plain[..place], &plain[place + NOTICE_PLACE.len()..]),
            None => (&plain[..], &[][..]),
        };
        Self::like(None, self.kind.clone(), [before, notice, after].concat())
    }

    fn answer(&self, request: &HeaderMap, said: &Said) -> Response {
        let has = request.get(IF_NONE_MATCH).and_then(|has| has.to_str().ok());
        let reply = self.reply(forms::lists(request), has);
        self.head(reply, said).map(|()| Body::from(self.body(reply)))
    }

    /// What is answered to who takes these encodings and has these versions.
    fn reply<'a>(&self, encodings: impl Iterator<Item = &'a str>, has: Option<&str>) -> Reply {
        if has.is_some_and(|has| is_known(&self.tag, has)) {
            Reply::NotModified
        } else {
            Reply::Whole(self.forms.encoding(encodings))
        }
    }

    fn is_at_hand(&self, reply: Reply) -> bool {
        !matches!(reply, Reply::Whole(Encoding::Identity)) || self.forms.has_plain()
    }

    fn body(&self, reply: Reply) -> Bytes {
        match reply {
            Reply::NotModified => Bytes::new(),
            Reply::Whole(encoding) => self.forms.body(encoding),
        }
    }

    fn head(&self, reply: Reply, said: &Said) -> Response<()> {
        let mut response = Response::new(());
        let mut headers = HeaderMap::with_capacity(16);
        match reply {
            Reply::NotModified => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                forms::vary(&mut headers);
            }
            Reply::Whole(encoding) => {
                self.describe(&mut headers);
                encoding.describe(&mut headers);
            }
        }
        headers.insert(ETAG, self.tag.clone());
        let caching = if said.as_of.is_some() { OLD_CACHING } else { CACHING };
        headers.insert(CACHE_CONTROL, caching);
        headers.insert(VERSION, said.version.into());
        said.guards.put_on(&mut headers);
        if matches!(self.kind, Kind::Format { .. }) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if let Some(date) = said.as_of.and_then(|at| HeaderValue::try_from(http_date(at)).ok()) {
            headers.insert(AS_OF, date);
        }
        *response.headers_mut() = headers;
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        match &self.kind {
            Kind::Page { language } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
                headers.insert(CONTENT_LANGUAGE, language.clone());
            }
            Kind::Format { content_type } => {
                headers.insert(CONTENT_TYPE, content_type.clone());
            }
        }
    }
}

impl Reply {
    /// Its place among all that there are.
    fn place(self) -> usize {
        match self {
            Self::NotModified => 0,
            Self::Whole(Encoding::Identity) => 1,
            Self::Whole(Encoding::Gzip) => 2,
            Self::Whole(Encoding::Brotli) => 3,
        }
    }
}

impl Kind {
    /// Whether its bytes are packed by themselves: pictures made of pixels.
    fn is_packed(&self) -> bool {
        matches!(self, Self::Format { content_type } if *content_type == preview::PNG)
    }
}

impl From<Kind> for (String, String) {
    /// The content type of a format, or the language of a page: one of them is empty.
    fn from(kind: Kind) -> Self {
        let text = |value: HeaderValue| value.to_str().unwrap_or_default().to_owned();
        match kind {
            Kind::Page { language } => (String::new(), text(language)),
            Kind::Format { content_type } => (text(content_type), String::new()),
        }
    }
}

impl TryFrom<(String, String)> for Kind {
    type Error = io::Error;

    fn try_from((content_type, language): (String, String)) -> Result<Self, io::Error> {
        let value = |text: String| HeaderValue::try_from(text).map_err(io::Error::other);
        if content_type.is_empty() {
            Ok(Self::Page { language: value(language)? })
        } else {
            Ok(Self::Format { content_type: value(content_type)? })
        }
    }
}
