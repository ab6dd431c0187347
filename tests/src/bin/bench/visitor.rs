//! Somebody who reads pages over one connection that stays open, one after the other; and the product that shows them.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, Request, StatusCode, Uri,
    header::{ETAG, HOST},
};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use pharos_tests::{Cluster, Shape};
use tokio::{net::TcpStream, task::JoinSet};

use super::audience::Server;

/// The product with a process for each service, so that what the edge costs can be told from the others; like `pharos up`,
/// it keeps copies of pages on the disk. With further settings, if there are any.
pub(crate) async fn product(server: &Server, further: &[(&str, &str)]) -> anyhow::Result<Cluster> {
    let folder = server.folder.path().join("pages");
    let folder = folder.to_str().context("a plain path")?;
    let settings = [&[("PHAROS__LOG__FILTER", "warn"), ("PHAROS__EDGE__FOLDER", folder)], further].concat();
    Ok(Cluster::start_on(server.database().await, Shape::OneProcessEach, &settings).await)
}

/// An answer, and how long it took to its first byte that is not of the head.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) first_byte: Duration,
}

impl Answer {
    /// A header's text.
    ///
    /// # Errors
    /// If the answer has no such header.
    pub(crate) fn header(&self, name: &str) -> anyhow::Result<&str> {
        let value = self.headers.get(name).with_context(|| format!("the answer has no {name}"))?;
        Ok(value.to_str()?)
    }

    /// What to ask with, to be told whether it is still the same.
    pub(crate) fn tag(&self) -> anyhow::Result<&str> {
        self.header(ETAG.as_str())
    }
}

/// The one who reads.
#[derive(Debug)]
pub(crate) struct Visitor {
    sender: http1::SendRequest<Empty<Bytes>>,
    host: String,
    /// What carries the connection; it ends with this.
    _connection: JoinSet<()>,
}

impl Visitor {
    /// Opens the connection.
    pub(crate) async fn of(url: &str) -> anyhow::Result<Self> {
        let url: Uri = url.parse()?;
        let host = url.authority().context("an address without a host")?.to_string();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut carried = JoinSet::new();
        carried.spawn(async move {
            // whoever sends on it is told of its end
            let _ = connection.await;
        });
        Ok(Self { sender, host, _connection: carried })
    }

    /// Gets something whole.
    ///
    /// # Errors
    /// If the connection is closed, or the answer breaks off.
    pub(crate) async fn get(&mut self, path: &str, headers: &[(HeaderName, &str)]) -> anyhow::Result<Answer> {
        let mut request = Request::get(path).header(HOST, &self.host);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Empty::new())?;
        self.sender.ready().await?;
        let began = Instant::now();
        let mut response = self.sender.send_request(request).await?;
        let (mut first_byte, mut body) = (None, BytesMut::new());
        while let Some(frame) = response.body_mut().frame().await {
            first_byte.get_or_insert_with(|| began.elapsed());
            if let Ok(data) = frame?.into_data() {
                body.extend_from_slice(&data);
            }
        }
        let first_byte = first_byte.unwrap_or_else(|| began.elapsed());
        let (head, _) = response.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body: body.freeze(), first_byte })
    }
}
