//! Callers in their own hand: a browser without a screen (HTTP/1.1, one request a call), and callers over
//! HTTP/2 that say nothing or do not listen.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::mpsc;

use crate::world::World;

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// A header, its values joined; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap());
        values.collect::<Vec<_>>().join(", ")
    }
}

/// Sends a request over HTTP/1.1.
pub(crate) async fn send(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("http://{}{path}", world.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// Gets a page.
pub(crate) async fn get(world: &World, path: &str) -> Answer {
    send(world, Method::GET, path, &[], "").await
}

/// Sends a form.
pub(crate) async fn post(world: &World, path: &str, form: &str) -> Answer {
    send(world, Method::POST, path, &[("content-type", "application/x-www-form-urlencoded")], form.to_owned())
        .await
}

/// A message with its prefix.
pub(crate) fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    frame.freeze()
}

/// A client with one HTTP/2 connection; each answer may send so many bytes before it is read.
pub(crate) fn over_http2<B>(window: u32) -> Client<HttpConnector, B>
where
    B: Body + Send,
    B::Data: Send,
{
    let mut builder = Client::builder(TokioExecutor::new());
    builder.http2_only(true).http2_initial_stream_window_size(window).build_http()
}

/// A gRPC call of this type with this body.
pub(crate) fn call<B>(world: &World, path: &str, kind: &str, body: B) -> Request<B> {
    Request::post(format!("http://{}{path}", world.address))
        .version(Version::HTTP_2)
        .header("content-type", kind)
        .header("te", "trailers")
        .body(body)
        .unwrap()
}

/// A body that never comes. It tells when it is waited for: the headers are on their way then.
pub(crate) struct Silence(pub(crate) mpsc::UnboundedSender<()>);

impl Body for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let _gone_with_the_test = self.0.send(());
        Poll::Pending
    }
}

/// That a page has these parts, one behind the other.
#[track_caller]
pub(crate) fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{part:?} is not where it should be in {text}");
        };
        rest = after;
    }
}
