//! One port, two doors: what is gRPC goes to the proxy, everything else to the pages.
//!
//! They stay two routers because their layers exclude each other: gRPC-web's layer answers 400 to any other
//! HTTP/1.1 request, and pages must never be readable by another origin's script.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{Method, StatusCode, header::CACHE_CONTROL, uri::PathAndQuery};
use kit::{lane::Find, listener::Ready};
use tower::ServiceExt as _;

use crate::{
    hosts::{Host, Hosts, led},
    pages::{Guards, Snapshots, prepared_asset},
    proxy::is_grpc,
};

/// What machines ask by any name.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Both doors behind one; what is asked of a page's own host is led to that page.
pub(crate) fn router(rpcs: Router, pages: Router, hosts: Hosts) -> Router {
    Router::new().fallback_service(tower::service_fn(move |request: Request| {
        let door = match Way::of(&hosts, &request) {
            _ if PROBES.contains(&request.uri().path()) => Ok((pages.clone(), request)),
            Way::Refused(status, why) => Err((status, why)),
            Way::Straight if is_rpc(&request) => Ok((rpcs.clone(), request)),
            Way::Straight => Ok((pages.clone(), request)),
            Way::Led(_) if is_rpc(&request) => Ok((rpcs.clone(), request)),
            Way::Led(uri) => {
                let mut request = request;
                *request.uri_mut() = uri;
                Ok((pages.clone(), request))
            }
        };
        async move {
            let answer: Result<Response, Infallible> = match door {
                Ok((door, request)) => door.oneshot(request).await,
                Err((status, why)) => Ok((status, [(CACHE_CONTROL, "no-store")], why).into_response()),
            };
            answer
        }
    }))
}

/// Answers what is kept of pages, before any router is asked.
pub(crate) fn ready(snapshots: Snapshots, hosts: Hosts) -> Ready {
    Arc::new(move |request| {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let (uri, headers) = (request.uri(), request.headers());
        if !is_read || uri.query().is_some() {
            return None;
        }
        let address = hosts.find(uri, headers).address(uri.path())?;
        snapshots.ready(&address, headers)
    })
}

/// The same on connections over which nothing else has come.
pub(crate) fn find(snapshots: Snapshots, hosts: Hosts, guards: Guards) -> Find {
    Arc::new(move |asked| {
        let address = hosts.named(asked.host).address(asked.path)?;
        snapshots.prepared(&address, asked).or_else(|| prepared_asset(asked, guards))
    })
}

/// Where a request goes.
enum Way {
    Straight,
    Led(http::Uri),
    Refused(StatusCode, &'static str),
}

impl Way {
    fn of(hosts: &Hosts, request: &Request) -> Self {
        match hosts.find(request.uri(), request.headers()) {
            Host::Edge => Self::Straight,
            Host::Page(slug) => {
                let path = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
                let led = led(path, &slug).and_then(|led| led.parse().ok());
                led.map_or(Self::Straight, Self::Led)
            }
            Host::Unknown => Self::Refused(StatusCode::MISDIRECTED_REQUEST, "this host is not served here\n"),
            Host::Bad => Self::Refused(StatusCode::BAD_REQUEST, "the host cannot be read\n"),
        }
    }
}

/// A call says so by its type, or is a `POST` to where only calls go (Connect); the browser's question before a call (CORS
/// preflight) is there too.
fn is_rpc(request: &Request) -> bool {
    let path = request.uri().path();
    let is_ours = path.starts_with("/pharos.");
    match *request.method() {
        Method::POST if is_ours => true,
        Method::OPTIONS if is_ours || path.starts_with("/grpc.") => true,
        _ => is_grpc(request.headers()),
    }
}
