//! Everything that is not gRPC: pages for people, and a few answers for machines.

mod answer;
mod assets;
mod brand;
mod document;
mod events;
mod formats;
mod forms;
mod front;
mod guards;
mod journal;
mod key_set;
mod logo;
mod lookups;
mod maker;
mod press;
mod preview;
mod reader;
mod slug;
mod snapshots;
mod stories;
mod subscribe;
mod token;
mod uptime;
mod wire;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::header::CONTENT_TYPE;
use kit::{deadline, host::MAX_PUBLIC_REQUEST_BYTES};
use tower_http::compression::CompressionLayer;

use self::{
    answer::Refused, journal::Journal, key_set::KeySet, logo::Logos, maker::Maker, press::Press,
    reader::Manner, snapshots::Writing,
};
pub(crate) use self::{
    assets::prepared as prepared_asset,
    guards::Guards,
    snapshots::{Snapshots, follow},
};
use crate::{
    Config, Deps, MountError,
    health::{self, Readiness},
    peers::{Fault, Peers},
};

/// How long a page may take, with all that is read and asked for it.
const LIMIT: Duration = Duration::from_secs(10);

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
struct Site {
    snapshots: Snapshots,
    journal: Option<Journal>,
    keys: KeySet,
    logos: Logos,
    readiness: Readiness,
    peers: Peers,
}

/// The pages, and what works for them.
pub(crate) struct Pages {
    pub(crate) router: Router,
    pub(crate) snapshots: Snapshots,
    /// What copies them to the disk, if there is a folder for it.
    pub(crate) writing: Option<Writing>,
    /// What was to be done and could not be, if there is a folder for it.
    pub(crate) journal: Option<Journal>,
    pub(crate) peers: Peers,
}

impl Pages {
    /// # Errors
    /// [`MountError::Folder`]
    pub(crate) fn new(config: &Config, deps: &Deps) -> Result<Self, MountError> {
        let peers = Peers::new(deps);
        let guards = Guards::new(&deps.public_url);
        let maker = Maker::new(&peers, &Press::new(), &deps.public_url);
        let (writer, writing, journal) = match &config.folder {
            None => (None, None, None),
            Some(folder) => {
                let failed = |error| MountError::Folder(folder.clone(), error);
                let copies = folder.join("copies");
                let (writer, writing) =
                    snapshots::writing(&copies, config.folder_mib, &deps.clock).map_err(failed)?;
                let journal = Journal::open(&folder.join("unsubscriptions")).map_err(failed)?;
                (Some(writer), Some(writing), Some(journal))
            }
        };
        let snapshots = Snapshots::new(maker, deps.clock.clone(), guards, config.memory_mib, writer);
        let site = Site {
            snapshots: snapshots.clone(),
            journal: journal.clone(),
            keys: KeySet::new(&peers),
            logos: Logos::new(&peers, &snapshots),
            readiness: Readiness::new(&peers),
            peers: peers.clone(),
        };
        Ok(Self { router: router(site, guards), snapshots, writing, journal, peers })
    }
}

/// The pages, with what every answer of theirs carries.
fn router(site: Site, guards: Guards) -> Router {
    let pages = Router::new()
        .route("/", get(front::landing))
        .route("/p/{slug}", get(front::page))
        .route("/p/{slug}/history", get(stories::show_history))
        .route("/p/{slug}/incidents/{incident_id}", get(stories::show_incident))
        .route("/p/{slug}/maintenances/{maintenance_id}", get(stories::show_maintenance))
        .route("/p/{slug}/uptime", get(uptime::show))
        .route("/p/{slug}/preview.png", get(preview::of_page))
        .route("/p/{slug}/incidents/{incident_id}/preview.png", get(preview::of_incident))
        .route("/p/{slug}/maintenances/{maintenance_id}/preview.png", get(preview::of_maintenance))
        .route("/p/{slug}/brand.css", get(brand::show))
        .route("/p/{slug}/logo/{digest}", get(logo::show))
        .route("/p/{slug}/subscribe", get(subscribe::form).post(subscribe::subscribe))
        .route("/c/{token}", get(token::ask_confirm).post(token::confirm))
        .route("/u/{token}", get(token::ask_unsubscribe).post(token::unsubscribe))
        .route("/static/{file}", get(assets::show))
        .route("/favicon.ico", get(assets::icon))
        .route("/.well-known/jwks.json", get(key_set::show))
        .merge(formats::router())
        .route("/p/{slug}/events", get(events::follow))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(missing)
        .method_not_allowed_fallback(missing)
        .with_state(site);
    bounded(pages, LIMIT)
        .layer(DefaultBodyLimit::max(MAX_PUBLIC_REQUEST_BYTES))
        .layer(CompressionLayer::new().compress_when(is_unpacked_text))
        .layer(map_response(move |mut answer: Response| {
            guards.put_on(answer.headers_mut());
            std::future::ready(answer)
        }))
}

/// The same pages, each answered within this time.
fn bounded(pages: Router, limit: Duration) -> Router {
    pages.layer(from_fn(move |manner: Manner, request: Request, next: Next| async move {
        // in a task, because a reader who goes away must not reset a call of a connection that all share
        let answer = tokio::spawn(deadline::within(limit, next.run(request)));
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(fault)) => {
                tracing::error!(error = %fault, "a page failed by a fault of ours");
                manner.refuse(Fault::Away).into_response()
            }
            Err(_) => manner.refuse(Fault::Away).into_response(),
        }
    }))
}

async fn missing(manner: Manner) -> Refused {
    manner.refuse(Fault::NotFound)
}

/// What is worth compressing of what is made for one reader, or not packed beforehand; not the few bytes for machines.
const TEXTS: [&str; 2] = ["text/html", "text/javascript"];

/// Whether an answer is compressed on its way. What was packed once for all, or is too short for that, says so (`forms`),
/// and is the same on every way.
fn is_unpacked_text(
    _: http::StatusCode,
    _: http::Version,
    headers: &http::HeaderMap,
    _: &http::Extensions,
) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_text = kind.is_some_and(|kind| TEXTS.iter().any(|text| kind.starts_with(text)));
    is_text && !forms::is_chosen(headers)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_page_that_takes_too_long_is_given_up() {
        let pages = Router::new().route("/", get(std::future::pending::<()>));
        let answer = bounded(pages, Duration::ZERO).oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["retry-after"], "5");
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    }

    #[tokio::test]
    async fn a_program_is_told_in_its_way_that_it_took_too_long() {
        let path = "/p/{slug}/api/v2/summary.json";
        let pages = Router::new().route(path, get(std::future::pending::<()>));
        let asked = Request::get("/p/demo/api/v2/summary.json").body(Body::empty()).unwrap();
        let answer = bounded(pages, Duration::ZERO).oneshot(asked).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
    }

    #[tokio::test]
    async fn a_page_whose_reader_goes_away_is_made_to_its_end() {
        let (began, begun) = tokio::sync::oneshot::channel();
        let (go_on, gone_on) = tokio::sync::oneshot::channel::<()>();
        let (end, ended) = tokio::sync::oneshot::channel();
        let steps = std::sync::Arc::new(std::sync::Mutex::new(Some((began, gone_on, end))));
        let handler = async move || {
            let (began, gone_on, end) = steps.lock().unwrap().take().unwrap();
            began.send(()).unwrap();
            gone_on.await.unwrap();
            end.send(()).unwrap();
        };
        let pages = bounded(Router::new().route("/", get(handler)), LIMIT);
        let reader = tokio::spawn(pages.oneshot(Request::new(Body::empty())));
        begun.await.unwrap();
        reader.abort();
        assert!(reader.await.unwrap_err().is_cancelled());
        go_on.send(()).unwrap();
        ended.await.unwrap();
    }
}
