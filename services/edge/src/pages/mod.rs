//! Everything that is not gRPC: pages for people, and a few answers for machines.

mod answer;
mod assets;
mod formats;
mod front;
mod heads;
mod key_set;
mod press;
mod reader;
mod stories;
mod subscribe;
mod token;
mod uptime;

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef, Request},
    middleware::{Next, from_fn},
    response::IntoResponse as _,
    routing::get,
};
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use kit::{deadline, host::MAX_PUBLIC_REQUEST_BYTES};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use self::{answer::Refused, formats::Formats, heads::Heads, key_set::KeySet, press::Press, reader::Reader};
use crate::{
    health::{self, Readiness},
    peers::{Fault, Peers},
};

/// A page runs no script and loads nothing but its style sheet; nobody may put it in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long a page may take, with all that is read and asked for it.
const LIMIT: Duration = Duration::from_secs(10);

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
struct Site {
    formats: Formats,
    heads: Heads,
    keys: KeySet,
    press: Press,
    readiness: Readiness,
    peers: Peers,
}

/// The pages, with what every answer of theirs carries.
pub(crate) fn router(peers: Peers, public_url: &str) -> Router {
    let press = Press::new();
    let site = Site {
        formats: Formats::new(&peers, &press, public_url),
        heads: Heads::new(&peers),
        keys: KeySet::new(&peers),
        press,
        readiness: Readiness::new(&peers),
        peers,
    };
    let pages = Router::new()
        .route("/", get(front::landing))
        .route("/p/{slug}", get(front::page))
        .route("/p/{slug}/history", get(stories::history))
        .route("/p/{slug}/incidents/{incident_id}", get(stories::incident))
        .route("/p/{slug}/maintenances/{maintenance_id}", get(stories::maintenance))
        .route("/p/{slug}/uptime", get(uptime::months))
        .route("/p/{slug}/subscribe", get(subscribe::form).post(subscribe::subscribe))
        .route("/c/{token}", get(token::ask_confirm).post(token::confirm))
        .route("/u/{token}", get(token::ask_unsubscribe).post(token::unsubscribe))
        .route("/static/{file}", get(assets::show))
        .route("/.well-known/jwks.json", get(key_set::show))
        .merge(formats::router())
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(missing)
        .method_not_allowed_fallback(missing)
        .with_state(site);
    bounded(pages, LIMIT)
        .layer(DefaultBodyLimit::max(MAX_PUBLIC_REQUEST_BYTES))
        .layer(CompressionLayer::new().compress_when(is_text))
        .layer(always(CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // addresses hold tokens
        .layer(always(REFERRER_POLICY, "no-referrer"))
}

/// The same pages, each answered within this time.
fn bounded(pages: Router, limit: Duration) -> Router {
    pages.layer(from_fn(move |reader: Reader, request: Request, next: Next| async move {
        // in a task, because a reader who goes away must not reset a call of a connection that all share
        let answer = tokio::spawn(deadline::within(limit, next.run(request)));
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(fault)) => {
                tracing::error!(error = %fault, "a page failed by a fault of ours");
                reader.refuse(Fault::Away).into_response()
            }
            Err(_) => reader.refuse(Fault::Away).into_response(),
        }
    }))
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn missing(reader: Reader) -> Refused {
    reader.refuse(Fault::NotFound)
}

/// What is worth compressing: pages, what they are made with, and their formats; not the few bytes for machines.
const TEXTS: [&str; 9] = [
    "text/html",
    "text/css",
    "text/javascript",
    "text/calendar",
    "image/svg+xml",
    "application/json; charset",
    "application/atom+xml",
    "application/rss+xml",
    "application/feed+json",
];

fn is_text(_: http::StatusCode, _: http::Version, headers: &http::HeaderMap, _: &http::Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| TEXTS.iter().any(|text| kind.starts_with(text)))
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
