//! A page for programs: the addresses of its formats, and what is kept of them.
//!
//! Each document is made once for all who ask within five seconds. Any origin's script may read them: they hold what
//! everybody may know, and no cookie ever changes them.

mod by_code;
mod document;
mod make;
mod subscribers;

use std::{hash::Hash, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{
    StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE},
};
use kit::code::Code;
use moka::future::Cache;
use serde::Deserialize;
use tower_http::cors::{Any, CorsLayer};

pub(super) use self::by_code::{CodeOr, document_of, place_of};
use self::document::{Document, Refusal};
use super::{
    Site,
    heads::{self, Slug},
    press::Press,
    reader::{Reader, Segments},
};
use crate::{
    formats::Source,
    peers::{Fault, Peers},
};

const WIDGET: &str = include_str!("../../../static/widget.js");
/// How long a document is kept.
const FRESH: Duration = Duration::from_secs(5);
/// Bytes of all documents that are kept, and of all that they are made of.
const MAX_KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// One of a page's formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Format {
    Summary,
    Status,
    Components,
    Incidents,
    Unresolved,
    Maintenances,
    Upcoming,
    Active,
    History,
    Uptime,
    Atom,
    Rss,
    Updates,
    JsonFeed,
    Calendar,
    Badge,
    Glance,
}

impl Format {
    /// All of them, each with its place below the page's.
    const ALL: [(&str, Self); 17] = [
        ("/api/v2/summary.json", Self::Summary),
        ("/api/v2/status.json", Self::Status),
        ("/api/v2/components.json", Self::Components),
        ("/api/v2/incidents.json", Self::Incidents),
        ("/api/v2/incidents/unresolved.json", Self::Unresolved),
        ("/api/v2/scheduled-maintenances.json", Self::Maintenances),
        ("/api/v2/scheduled-maintenances/upcoming.json", Self::Upcoming),
        ("/api/v2/scheduled-maintenances/active.json", Self::Active),
        ("/history.json", Self::History),
        ("/uptime.json", Self::Uptime),
        ("/history.atom", Self::Atom),
        ("/history.rss", Self::Rss),
        ("/updates.atom", Self::Updates),
        ("/feed.json", Self::JsonFeed),
        ("/maintenances.ics", Self::Calendar),
        ("/badge.svg", Self::Badge),
        ("/widget.json", Self::Glance),
    ];

    fn kind(self) -> &'static str {
        match self {
            Self::Summary
            | Self::Status
            | Self::Components
            | Self::Incidents
            | Self::Unresolved
            | Self::Maintenances
            | Self::Upcoming
            | Self::Active
            | Self::History
            | Self::Uptime
            | Self::Glance => document::JSON,
            Self::Atom | Self::Updates => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::JsonFeed => "application/feed+json; charset=utf-8",
            Self::Calendar => "text/calendar; charset=utf-8",
            Self::Badge => "image/svg+xml",
        }
    }
}

/// Where in a list to begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
struct Place {
    /// `next_page` of the answer before.
    #[serde(default)]
    page_token: String,
    /// The lot of months of `/history.json`, 1 and empty for the newest.
    #[serde(default)]
    page: Option<u32>,
}

impl Place {
    /// The place in this format, told in one way: what a format does not know of makes no difference.
    fn of(self, format: Format) -> Self {
        match format {
            Format::Incidents | Format::Maintenances | Format::History => {
                Self { page: self.page.filter(|page| *page > 1), ..self }
            }
            Format::Summary
            | Format::Status
            | Format::Components
            | Format::Unresolved
            | Format::Upcoming
            | Format::Active
            | Format::Uptime
            | Format::Atom
            | Format::Rss
            | Format::Updates
            | Format::JsonFeed
            | Format::Calendar
            | Format::Badge
            | Format::Glance => Self::default(),
        }
    }
}

/// What is asked of a page that is no beginning: a further lot of a list, or a single story.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Further {
    Lot(Format, Place),
    Story(Code),
}

/// What the formats need. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Formats {
    peers: Peers,
    press: Press,
    public_url: Arc<str>,
    sources: Cache<Slug, Arc<Source>>,
    documents: Cache<(Slug, Format), Document>,
    /// Apart from the documents, so that nobody who makes places up drives those out.
    further: Cache<(Slug, Further), Document>,
}

impl Formats {
    pub(super) fn new(peers: &Peers, press: &Press, public_url: &str) -> Self {
        Self {
            peers: peers.clone(),
            press: press.clone(),
            public_url: public_url.into(),
            sources: kept(|source: &Arc<Source>| source.bytes),
            documents: kept(|document: &Document| document.bytes.len()),
            further: kept(|document: &Document| document.bytes.len()),
        }
    }

    /// What a page's documents are made of; many readers at once are one call.
    async fn source(&self, slug: Slug) -> Result<Arc<Source>, Fault> {
        let load = async {
            let front = heads::page(&self.peers, slug.clone()).await?;
            Source::new(&self.public_url, front).map(Arc::new).ok_or(Fault::Away)
        };
        self.sources.try_get_with_by_ref(&slug, load).await.map_err(|fault| *fault)
    }

    async fn document(&self, slug: Slug, format: Format, place: Place) -> Result<Document, Fault> {
        let place = place.of(format);
        let made = async {
            let source = self.source(slug.clone()).await?;
            make::made(self, source, format, place.clone()).await
        };
        let kept = if place == Place::default() {
            self.documents.try_get_with((slug.clone(), format), made).await
        } else {
            self.further.try_get_with((slug.clone(), Further::Lot(format, place.clone())), made).await
        };
        kept.map_err(|fault| *fault)
    }

    async fn story(&self, slug: Slug, code: Code) -> Result<Document, Fault> {
        let made = by_code::made(self, slug.clone(), code);
        self.further.try_get_with((slug, Further::Story(code)), made).await.map_err(|fault| *fault)
    }
}

/// Something that is kept for a moment, in bounded memory.
fn kept<K, V>(bytes: fn(&V) -> usize) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .weigher(move |_, value| u32::try_from(bytes(value)).unwrap_or(u32::MAX))
        .max_capacity(MAX_KEPT_BYTES)
        .time_to_live(FRESH)
        .build()
}

/// The formats of all pages.
pub(super) fn router() -> Router<Site> {
    let formats = Format::ALL.into_iter().fold(Router::new(), |router, (path, format)| {
        let show = move |State(formats): State<Formats>,
                         Segments(slug): Segments<Slug>,
                         place: Result<Query<Place>, QueryRejection>,
                         reader: Reader| show(formats, slug, format, place, reader);
        router.route(&format!("/p/{{slug}}{path}"), get(show))
    });
    let any = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    // the browser's question before another site's script subscribes somebody is answered by the layer
    let subscribe = post(subscribers::subscribe).options(async || StatusCode::NO_CONTENT).layer(any);
    formats
        .route("/p/{slug}/api/v2/subscribers.json", subscribe)
        .route("/p/{slug}/widget.js", get(widget))
        // where sites that were made for another maker's pages look for it
        .route("/p/{slug}/embed/script.js", get(widget))
}

/// The script that shows a page at a glance on any site: the same for all pages, since it knows where it came from.
async fn widget(Segments(_): Segments<Slug>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600, stale-while-revalidate=86400"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, WIDGET).into_response()
}

async fn show(
    formats: Formats,
    slug: Slug,
    format: Format,
    place: Result<Query<Place>, QueryRejection>,
    reader: Reader,
) -> Result<Response, Refusal> {
    let Query(place) = place.map_err(|_| Refusal(Fault::NotFound))?;
    let document = formats.document(slug, format, place).await?;
    Ok(document.answer(reader.has.as_ref()))
}
