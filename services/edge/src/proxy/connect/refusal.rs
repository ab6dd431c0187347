//! Refusals, as the protocol writes them (<https://connectrpc.com/docs/protocol#error-end-stream>).

use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use prost::Message as _;
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::codec::Codec;

/// The answer that says why there is no other one.
pub(super) fn of(status: &Status) -> Response {
    let (http, code) = names(status.code());
    let mut said = json!({ "code": code, "message": status.message() });
    let details = details(status);
    if !details.is_empty() {
        said["details"] = details.into();
    }
    let kind = HeaderValue::from_static(Codec::Json.content_type());
    (http, [(CONTENT_TYPE, kind)], said.to_string()).into_response()
}

/// The status of HTTP and the name of a code.
fn names(code: Code) -> (StatusCode, &'static str) {
    match code {
        // nothing that is well is refused
        Code::Ok | Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, "unknown"),
        // "client closed request", as proxies call it
        Code::Cancelled => (StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST), "canceled"),
        Code::InvalidArgument => (StatusCode::BAD_REQUEST, "invalid_argument"),
        Code::DeadlineExceeded => (StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
        Code::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Code::AlreadyExists => (StatusCode::CONFLICT, "already_exists"),
        Code::PermissionDenied => (StatusCode::FORBIDDEN, "permission_denied"),
        Code::ResourceExhausted => (StatusCode::TOO_MANY_REQUESTS, "resource_exhausted"),
        Code::FailedPrecondition => (StatusCode::BAD_REQUEST, "failed_precondition"),
        Code::Aborted => (StatusCode::CONFLICT, "aborted"),
        Code::OutOfRange => (StatusCode::BAD_REQUEST, "out_of_range"),
        Code::Unimplemented => (StatusCode::NOT_IMPLEMENTED, "unimplemented"),
        Code::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Code::DataLoss => (StatusCode::INTERNAL_SERVER_ERROR, "data_loss"),
        Code::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
    }
}

/// Its details, each in binary, and those that people want to read in words too.
fn details(status: &Status) -> Vec<Value> {
    let Ok(told) = tonic_types::Status::decode(status.details()) else {
        return Vec::new();
    };
    let all = told.details.into_iter().map(|detail| {
        let kind = detail.type_url.rsplit('/').next().unwrap_or_default();
        let mut said = json!({ "type": kind, "value": STANDARD_NO_PAD.encode(&detail.value) });
        if let Some(words) = words(status, kind) {
            said["debug"] = words;
        }
        said
    });
    all.collect()
}

fn words(status: &Status, kind: &str) -> Option<Value> {
    match kind {
        "google.rpc.ErrorInfo" => {
            let info = status.get_details_error_info()?;
            Some(json!({ "reason": info.reason, "domain": info.domain, "metadata": info.metadata }))
        }
        "google.rpc.BadRequest" => {
            let violations = status.get_details_bad_request()?.field_violations;
            let violations = violations.into_iter();
            let violations =
                violations.map(|each| json!({ "field": each.field, "description": each.description }));
            Some(json!({ "fieldViolations": violations.collect::<Vec<_>>() }))
        }
        _ => None,
    }
}
