//! Why there is no document, for programs.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::json;

use super::JSON;
use crate::peers::Fault;

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
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
