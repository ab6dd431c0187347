//! A page for programs: the addresses of its formats. Any origin's script may read them: they hold what everybody may
//! know, and no cookie ever changes them.

mod by_code;
mod make;
mod refusal;
mod subscribers;

use std::fmt;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{
    StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE,
    },
};
use serde::Deserialize;
use tower_http::cors::{Any, CorsLayer};

pub(super) use self::{
    by_code::{CodeOr, place_of, show_story, story},
    make::made,
    refusal::Refusal,
};
use super::{
    Site,
    document::Document,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::Snapshots,
};
use crate::peers::Fault;

const WIDGET: &str = include_str!("../../../static/widget.js");

/// The type of what is no feed and no calendar.
const JSON: &str = "application/json; charset=utf-8";

/// One of a page's formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Format {
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

    /// Its place below the page's.
    pub(super) fn path(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(path, _)| path)
    }

    fn content_type(self) -> &'static str {
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
            | Self::Glance => JSON,
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
pub(super) struct Place {
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.page_token.as_str(), self.page) {
            ("", None) => Ok(()),
            ("", Some(page)) => write!(f, "?page={page}"),
            (token, None) => write!(f, "?page_token={token}"),
            (token, Some(page)) => write!(f, "?page={page}&page_token={token}"),
        }
    }
}

/// Whether what is at this address is for programs, if there is anything: they are told in their way that there is not.
pub(super) fn is_for_program(path: &str) -> bool {
    const ENDINGS: [&str; 7] = [".json", ".atom", ".rss", ".ics", ".svg", ".js", "/events"];
    let below = path.strip_prefix("/p/").and_then(|path| path.split_once('/')).map(|(_, below)| below);
    below.is_some_and(|_| ENDINGS.iter().any(|ending| path.ends_with(ending)))
}

/// The formats of all pages.
pub(super) fn router() -> Router<Site> {
    let formats = Format::ALL.into_iter().fold(Router::new(), |router, (path, format)| {
        let show = move |State(snapshots): State<Snapshots>,
                         Segments(slug): Segments<Slug>,
                         place: Result<Query<Place>, QueryRejection>,
                         reader: Reader| show(snapshots, slug, format, place, reader);
        router.route(&format!("/p/{{slug}}{path}"), get(show).options(preflight))
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

/// The browser's question before another site's script asks with headers of its own, such as `if-none-match`.
async fn preflight() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
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
    snapshots: Snapshots,
    slug: Slug,
    format: Format,
    place: Result<Query<Place>, QueryRejection>,
    reader: Reader,
) -> Result<Response, Refusal> {
    let Query(place) = place.map_err(|_| Refusal(Fault::NotFound))?;
    let document = Document::Format(format, place.of(format));
    Ok(snapshots.show(&slug, &document, &reader.headers).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_programs_are_told_from_those_of_people() {
        let others = ["/incidents/0123456789ab.json", "/events", "/widget.js", "/embed/script.js"];
        let subscribers = "/api/v2/subscribers.json";
        let formats = Format::ALL.into_iter().map(|(path, _)| path);
        for place in formats.chain(others).chain([subscribers, "/api/v2/nothing.json"]) {
            assert!(is_for_program(&format!("/p/Not a slug{place}")), "{place}");
        }
        for path in [
            "/",
            "/p/demo",
            "/p/demo.json",
            "/p/events",
            "/p/demo/history",
            "/p/demo/incidents/inc_1",
            "/p/demo/preview.png",
            "/static/live.js",
            "/u/token.json",
        ] {
            assert!(!is_for_program(path), "{path}");
        }
    }
}
