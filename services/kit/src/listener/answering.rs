//! Answering a connection's requests: whether they can be understood, and by whom.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Version,
    header::{CONNECTION, HOST},
};
use hyper::body::Incoming;
use tonic::codegen::Service;

use super::{
    MAX_HEADER_BYTES, PeerAddress, Ready, Side, Stop,
    talk::{Open, Taken, Talk},
};

/// Whether one may read it in more ways than one, or it is not for a server of this kind. hyper refuses what is ambiguous
/// in its length; with a length and chunks it goes by the chunks, and closes (RFC 9112, section 6.1).
fn is_ambiguous<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    let is_another = || {
        let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
        authority.zip(host).is_some_and(|(one, other)| !one.eq_ignore_ascii_case(other.as_bytes()))
    };
    hosts.next().is_some()
        // RFC 9112, section 3.2
        || request.version() == Version::HTTP_11 && host.is_none()
        // RFC 9113, section 8.3.1; in HTTP/1.1 the target has its way (RFC 9112, section 3.2.2)
        || request.version() == Version::HTTP_2 && is_another()
        || request.method() == Method::CONNECT
}

/// Answered, and the connection closed: what follows on it may be part of what was not understood.
fn refused(version: Version) -> Response {
    let mut answer = StatusCode::BAD_REQUEST.into_response();
    if version != Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// What answers a connection's requests, and what it knows of it.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) router: Router,
    /// What is asked before the router.
    pub(super) ready: Option<Ready>,
    pub(super) side: Side,
    pub(super) peer: PeerAddress,
    pub(super) stop: Stop,
    /// Whether anything was asked.
    pub(super) spoke: Arc<AtomicBool>,
    pub(super) talk: Arc<Talk>,
}

/// An answer, or what will be one, to a request that may have to be watched.
pub(super) struct Watched(Answer, Option<Open>);

enum Answer {
    Ready(Option<Response>),
    Routed(<Router as Service<Request<Incoming>>>::Future),
}

impl Future for Watched {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.0 {
            Answer::Ready(answer) => answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Answer::Routed(answer) => Pin::new(answer).poll(context),
        };
        let Ok(answer) = ready!(answer);
        Poll::Ready(Ok(match self.1.take() {
            Some(open) => answer.map(|body| Body::new(Taken::new(body, open))),
            None => answer,
        }))
    }
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response;
    type Error = Infallible;
    type Future = Watched;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<Request<Incoming>>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request<Incoming>) -> Watched {
        self.spoke.store(true, Ordering::Relaxed);
        // another service is trusted to read what it asked for, and keeps its connection
        let is_watched = self.side == Side::Public && request.version() == Version::HTTP_2;
        let open = is_watched.then(|| self.talk.begin());
        Watched(self.answer(request), open)
    }
}

impl Answering {
    fn answer(&mut self, mut request: Request<Incoming>) -> Answer {
        if is_ambiguous(&request) {
            return Answer::Ready(Some(refused(request.version())));
        }
        if bytes_of(request.headers()) > MAX_HEADER_BYTES {
            return Answer::Ready(Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()));
        }
        if let Some(answer) = self.ready.as_ref().and_then(|ready| ready(&request)) {
            return Answer::Ready(Some(answer));
        }
        request.extensions_mut().insert(self.stop.clone());
        request.extensions_mut().insert(self.peer);
        Answer::Routed(self.router.call(request))
    }
}

/// Names and values together (RFC 6585, section 5). The libraries count in their own ways, each version of HTTP in
/// another.
fn bytes_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_one_host_alone() {
        let request = |version, target: &str, hosts: &[&str]| {
            let request = Request::builder().version(version).uri(target);
            hosts.iter().fold(request, |request, host| request.header(HOST, *host)).body(()).unwrap()
        };
        for (version, target, hosts, expected) in [
            (Version::HTTP_11, "/", vec!["a"], false),
            (Version::HTTP_11, "/", vec![], true),
            (Version::HTTP_11, "http://a/", vec![], true),
            (Version::HTTP_11, "http://a/", vec!["b"], false),
            (Version::HTTP_11, "/", vec!["a", "a"], true),
            (Version::HTTP_10, "/", vec![], false),
            (Version::HTTP_10, "/", vec!["a", "b"], true),
            (Version::HTTP_2, "http://a:1/", vec![], false),
            (Version::HTTP_2, "http://a:1/", vec!["A:1"], false),
            (Version::HTTP_2, "http://a:1/", vec!["a"], true),
        ] {
            let ambiguous = is_ambiguous(&request(version, target, &hosts));
            assert_eq!(ambiguous, expected, "{version:?} {target} {hosts:?}");
        }
    }
}
