//! One port, two doors: what is gRPC goes to the proxy, everything else to the pages.
//!
//! They stay two routers because their layers exclude each other: gRPC-web's layer answers 400 to any other
//! HTTP/1.1 request, and pages must never be readable by another origin's script.

use std::convert::Infallible;

use axum::{Router, extract::Request, response::Response};
use http::{Method, header::CONTENT_TYPE};
use tower::ServiceExt as _;

use crate::hosts::PagesDomain;

/// How the type of every call begins, in any case.
const CALL: &[u8] = b"application/grpc";

/// Both doors behind one; what is asked of a page's own host is led to that page.
pub(crate) fn router(rpcs: Router, pages: Router, domain: Option<PagesDomain>) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request: Request| {
        let (door, request) = match &domain {
            _ if is_rpc(&request) => (rpcs.clone(), request),
            Some(domain) => (pages.clone(), domain.lead(request)),
            None => (pages.clone(), request),
        };
        async move {
            let answer: Result<Response, Infallible> = door.oneshot(request).await;
            answer
        }
    }))
}

/// A call says so by its type; the browser's question before a call (CORS preflight) has none, but a path
/// that only calls have.
fn is_rpc(request: &Request) -> bool {
    let typed = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.as_bytes().get(..CALL.len()))
        .is_some_and(|kind| kind.eq_ignore_ascii_case(CALL));
    let path = request.uri().path();
    typed
        || request.method() == Method::OPTIONS && (path.starts_with("/pharos.") || path.starts_with("/grpc."))
}
