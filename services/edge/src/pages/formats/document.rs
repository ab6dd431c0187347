//! A document for programs as an answer.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Bytes,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, RETRY_AFTER},
};
use serde_json::json;

use crate::{
    pages::answer::{hex, matches},
    peers::Fault,
};

/// The type of what is no feed and no calendar.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// What caches may do, beside the ten seconds for which a document and what it is made of are kept here: hand it out for
/// ten seconds, for half a minute while a new one is fetched, and for a day if that fails.
const CACHING: HeaderValue =
    HeaderValue::from_static("public, max-age=10, stale-while-revalidate=30, stale-if-error=86400");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// A document, made. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) bytes: Bytes,
    kind: &'static str,
    hash: String,
}

impl Document {
    pub(super) fn new(kind: &'static str, bytes: Vec<u8>) -> Self {
        let hash = hex(&digest(&SHA256, &bytes).as_ref()[..16]);
        Self { bytes: bytes.into(), kind, hash }
    }

    /// The answer to a reader who has these versions already.
    pub(super) fn answer(&self, has: Option<&HeaderValue>) -> Response {
        let is_known = has.and_then(|has| has.to_str().ok()).is_some_and(|has| matches(has, &self.hash));
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(CONTENT_TYPE, self.kind)], self.bytes.clone()).into_response()
        };
        let headers = response.headers_mut();
        // weak, because it is the same for the compressed form
        if let Ok(tag) = HeaderValue::try_from(format!("W/\"{}\"", self.hash)) {
            headers.insert(ETAG, tag);
        }
        for_programs(headers, CACHING);
        response
    }
}

/// Why there is no document, for programs.
#[derive(Debug, Clone, Copy)]
pub(in crate::pages) struct Refusal(pub(super) Fault);

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self.0 {
            Fault::NotFound => (StatusCode::NOT_FOUND, "there is no such thing"),
            Fault::Away => (StatusCode::SERVICE_UNAVAILABLE, "cannot be told now"),
        };
        let mut response = told(status, &json!({ "error": error }));
        if self.0 == Fault::Away {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// An answer that nobody keeps.
pub(super) fn told(status: StatusCode, answer: &serde_json::Value) -> Response {
    let mut response = (status, [(CONTENT_TYPE, JSON)], answer.to_string()).into_response();
    for_programs(response.headers_mut(), HeaderValue::from_static("no-store"));
    response
}

fn for_programs(headers: &mut HeaderMap, caching: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(CACHE_CONTROL, caching);
}
