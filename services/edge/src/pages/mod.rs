//! Everything that is not gRPC: pages for people, and a few answers for machines.

mod answer;
mod assets;
mod front;
mod key_set;
mod reader;
mod subscribe;
mod token;

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use kit::host::MAX_PUBLIC_REQUEST_BYTES;
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};

use self::{answer::Refused, key_set::KeySet, reader::Reader};
use crate::{
    health,
    peers::{Fault, Peers},
};

/// A page runs no script and loads nothing but its style sheet; nobody may put it in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages, with what every answer of theirs carries.
pub(crate) fn router(peers: Peers) -> Router {
    let machines = Router::new().route("/healthz", get(health::alive)).route("/readyz", get(health::ready));
    let keys =
        Router::new().route("/.well-known/jwks.json", get(key_set::show)).with_state(KeySet::new(&peers));
    Router::new()
        .route("/", get(front::landing))
        .route("/p/{slug}", get(front::page))
        .route("/p/{slug}/history", get(front::history))
        .route("/p/{slug}/incidents/{incident_id}", get(front::incident))
        .route("/p/{slug}/subscribe", get(subscribe::form).post(subscribe::subscribe))
        .route("/c/{token}", get(token::ask_confirm).post(token::confirm))
        .route("/u/{token}", get(token::ask_unsubscribe).post(token::unsubscribe))
        .route("/static/{file}", get(assets::show))
        .merge(machines)
        .fallback(missing)
        .method_not_allowed_fallback(missing)
        .with_state(peers)
        .merge(keys)
        .layer(DefaultBodyLimit::max(MAX_PUBLIC_REQUEST_BYTES))
        .layer(CompressionLayer::new().compress_when(is_text))
        .layer(always(CONTENT_SECURITY_POLICY, POLICY))
        .layer(always(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // addresses hold tokens
        .layer(always(REFERRER_POLICY, "no-referrer"))
}

fn always(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn missing(reader: Reader) -> Refused {
    reader.refuse(Fault::NotFound)
}

/// Pages and their style sheet are worth compressing; the few bytes for machines are not.
fn is_text(_: http::StatusCode, _: http::Version, headers: &http::HeaderMap, _: &http::Extensions) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes().starts_with(b"text/html") || kind.as_bytes().starts_with(b"text/css")
    })
}
