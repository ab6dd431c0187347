//! RPCs that answer with a stream: they begin like a call, and stay open.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use http::HeaderMap;
use hyper::body::Frame;
use proto::{Rpc, common::v1::ErrorReason};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep},
};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Code, Status};

use super::{Gate, bearer, beginning_of, overdue, overloaded};
use crate::{deadline, listener::Stop, status::refusal};

/// `UNAVAILABLE`: how open streams end when their process stops.
#[must_use]
pub fn stopping() -> Status {
    refusal(Code::Unavailable, ErrorReason::Unavailable, "the server stops; call again")
}

/// A status as the trailers that end a stream.
#[must_use]
pub fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        // A message that cannot stand in a header; ours all can. The code alone can in any case.
        trailers.insert(Status::GRPC_STATUS, http::HeaderValue::from(status.code() as i32));
    }
    trailers
}

impl Gate {
    /// Lets a stream begin, and watches over it. It runs in the caller's own task: a stream only reads, and who
    /// has gone away needs none.
    pub(super) async fn open(&self, rpc: &Rpc, mut request: Request, next: Next) -> Response {
        let Ok(place) = Arc::clone(&self.streams).try_acquire_owned() else {
            return overloaded().into_http();
        };
        let stop = request.extensions().get::<Stop>().cloned();
        let asked = deadline::asked(request.headers());
        let limit = beginning_of(asked);
        let began = Instant::now();
        let begin = async {
            // The semaphore is never closed.
            let _turn = self.beginnings.acquire().await;
            let caller = self.admit(rpc, bearer(request.headers()).as_deref()).await?;
            request.extensions_mut().insert(caller);
            let left = limit.saturating_sub(began.elapsed());
            Ok::<_, Status>(deadline::within(left, next.run(request)).await)
        };
        match tokio::time::timeout_at(began + limit, begin).await {
            Ok(Ok(refused)) if refused.body().is_end_stream() => refused,
            Ok(Ok(answer)) => answer.map(|inner| {
                Body::new(OpenStream {
                    inner: Some(inner),
                    stop: stop.map(|stop| Box::pin(stop.0.cancelled_owned())),
                    overdue: asked
                        .map(|asked| (Box::pin(tokio::time::sleep_until(began + asked)), overdue(asked))),
                    _place: place,
                })
            }),
            Ok(Err(refused)) => refused.into_http(),
            Err(_) => overdue(limit).into_http(),
        }
    }
}

/// A stream that ends with its process, and at the time its caller gave it.
struct OpenStream {
    /// `None` once it has ended.
    inner: Option<Body>,
    stop: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    overdue: Option<(Pin<Box<Sleep>>, Status)>,
    _place: OwnedSemaphorePermit,
}

impl OpenStream {
    /// Why it ends now, if it does.
    fn ends(&mut self, context: &mut Context<'_>) -> Option<Status> {
        if let Some(stop) = &mut self.stop
            && stop.as_mut().poll(context).is_ready()
        {
            return Some(stopping());
        }
        let (sleep, overdue) = self.overdue.as_mut()?;
        sleep.as_mut().poll(context).is_ready().then(|| overdue.clone())
    }
}

impl HttpBody for OpenStream {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.inner.is_none() {
            return Poll::Ready(None);
        }
        if let Some(status) = self.ends(context) {
            self.inner = None;
            return Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))));
        }
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(inner).poll_frame(context));
        if frame.as_ref().is_none_or(|frame| frame.as_ref().is_ok_and(Frame::is_trailers)) {
            self.inner = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{Router, middleware::from_fn_with_state, routing::post};
    use http::header::CONTENT_TYPE;
    use proto::RPCS;
    use tokio_util::sync::CancellationToken;
    use tonic::codegen::Service as _;

    use super::*;
    use crate::{Clock, Secret, gate::guard, peer, token::Verifier};

    const WATCH: &str = "/pharos.incidents.v1.StatusService/WatchPage";

    fn gate() -> Gate {
        let accounts = peer::channel(&http::Uri::from_static("http://127.0.0.1:1"));
        let verifier = Verifier::new("http://here".into(), &Secret::new([7; 32]), accounts, Clock::system());
        Gate::new(verifier.unwrap())
    }

    /// A body that says one thing and then waits for ever.
    struct Once(Option<Bytes>);

    impl HttpBody for Once {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            self.0.take().map_or(Poll::Pending, |data| Poll::Ready(Some(Ok(Frame::data(data)))))
        }
    }

    fn watched(gate: &Gate) -> Router {
        let handler = || async { Response::new(Body::new(Once(Some(Bytes::from_static(b"first"))))) };
        Router::new().route(WATCH, post(handler)).layer(from_fn_with_state(gate.clone(), guard))
    }

    async fn open(gate: &Gate, stop: &CancellationToken, timeout: Option<&str>) -> Response {
        let mut request = http::Request::post(WATCH).header(CONTENT_TYPE, "application/grpc");
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        let request = request.extension(Stop(stop.clone())).body(Body::empty()).unwrap();
        watched(gate).call(request).await.unwrap()
    }

    async fn next(body: &mut Body) -> Option<Frame<Bytes>> {
        std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await.map(Result::unwrap)
    }

    async fn end(body: &mut Body) -> Code {
        let trailers = next(body).await.unwrap().into_trailers().unwrap();
        assert!(next(body).await.is_none());
        Status::from_header_map(&trailers).unwrap().code()
    }

    #[test]
    fn every_rpc_that_streams_only_reads() {
        let streams = RPCS.iter().filter(|rpc| rpc.is_stream).collect::<Vec<_>>();
        assert!(!streams.is_empty());
        for rpc in streams {
            assert!(rpc.path.rsplit('/').next().unwrap().starts_with("Watch"), "{}", rpc.path);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_outlives_the_limit_of_calls_and_ends_with_its_process() {
        let stop = CancellationToken::new();
        let mut body = open(&gate(), &stop, None).await.into_body();
        assert_eq!(next(&mut body).await.unwrap().into_data().unwrap(), "first");
        assert!(tokio::time::timeout(Duration::from_secs(3600), next(&mut body)).await.is_err());
        stop.cancel();
        assert_eq!(end(&mut body).await, Code::Unavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_at_the_time_its_caller_gave_it() {
        let stop = CancellationToken::new();
        let began = Instant::now();
        let mut body = open(&gate(), &stop, Some("30S")).await.into_body();
        next(&mut body).await.unwrap();
        assert_eq!(end(&mut body).await, Code::DeadlineExceeded);
        assert_eq!(began.elapsed().as_secs(), 30);
    }

    #[tokio::test]
    async fn a_process_keeps_so_many_streams_open_and_gives_a_place_back_with_each_that_ends() {
        let (gate, stop) = (gate(), CancellationToken::new());
        let _others = gate.streams.acquire_many(u32::try_from(super::super::MAX_STREAMS - 1).unwrap()).await;
        let last = open(&gate, &stop, None).await;
        assert!(!last.headers().contains_key("grpc-status"));
        let refused = open(&gate, &stop, None).await;
        assert_eq!(Status::from_header_map(refused.headers()).unwrap().code(), Code::ResourceExhausted);
        drop(last);
        assert!(!open(&gate, &stop, None).await.headers().contains_key("grpc-status"));
    }
}
