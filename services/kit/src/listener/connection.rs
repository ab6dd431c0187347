//! One connection: what is plain and ready on the short way, and everything else over a web server.

use std::{
    io,
    net::TcpStream as Unregistered,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, runtime::Handle, sync::OwnedSemaphorePermit};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{
    DRAIN, HEADERS, MAX_FAULTS, MAX_HEADER_BYTES, MAX_HEADER_LIST, MAX_TAKEN_BACK, ShortWay,
    answering::Answering, patient::Patient,
};
use crate::{
    lane::{self, End},
    places::Share,
};

/// What a connection needs for as long as it lasts.
pub(super) struct Connection {
    pub(super) answering: Answering,
    /// Its place among those there may be at once.
    pub(super) place: OwnedSemaphorePermit,
    /// Its machine's share in those.
    pub(super) share: Share,
    /// Says that it is still there.
    pub(super) open: TaskTrackerToken,
}

impl Connection {
    /// Answers what is ready, on the thread that this runs on, and goes on at home with anything else.
    pub(super) async fn begin(self, stream: Unregistered, short_way: ShortWay, home: Handle) {
        match self.ready(stream, &short_way).await {
            Ok(None) => {}
            Ok(Some((stream, begun))) => drop(home.spawn(self.go_on(stream, begun))),
            Err(error) => tracing::debug!(%error, "a connection ended early"),
        }
    }

    /// Answers what is ready; the connection and what else has come over it, unless that was all.
    async fn ready(
        &self,
        stream: Unregistered,
        ShortWay { find, clock, .. }: &ShortWay,
    ) -> io::Result<Option<(Unregistered, Vec<u8>)>> {
        let mut stream = Patient::new(TcpStream::from_std(stream)?);
        match lane::run(&mut stream, find, clock, &self.answering.stop.0).await? {
            End::Closed => Ok(None),
            End::GoesOn(begun) => Ok(Some((stream.into_inner().into_std()?, begun))),
        }
    }

    /// Goes on with a connection of which this much was read.
    async fn go_on(self, stream: Unregistered, begun: Vec<u8>) {
        match TcpStream::from_std(stream) {
            Ok(stream) => self.carry(stream, begun).await,
            Err(error) => tracing::debug!(%error, "a connection ended early"),
        }
    }

    /// Serves it to its end, over a web server.
    pub(super) async fn carry(self, stream: TcpStream, begun: Vec<u8>) {
        let Self { answering, place, share, open } = self;
        if let Err(error) = carried(Patient::after(begun, stream), answering).await {
            tracing::debug!(error, "a connection ended early");
        }
        drop((place, share, open));
    }
}

async fn carried(
    stream: Patient<TcpStream>,
    answering: Answering,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(2 * MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_TAKEN_BACK)
        .max_local_error_reset_streams(MAX_FAULTS)
        .max_concurrent_streams(answering.side.max_streams());
    let (spoke, talk) = (Arc::clone(&answering.spoke), Arc::clone(&answering.talk));
    let stop = answering.stop.0.clone();
    let service = TowerToHyperService::new(answering);
    // nothing here becomes another protocol
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // hyper's own limit begins with the first byte of a request it knows: not for a peer that says nothing, or half of
    // the preface of HTTP/2.
    let silence = async {
        tokio::time::sleep(HEADERS).await;
        if spoke.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let is_overdue = tokio::select! {
        ended = connection.as_mut() => return ended,
        () = silence => return Ok(()),
        () = talk.overdue() => true,
        () = stop.cancelled() => false,
    };
    connection.as_mut().graceful_shutdown();
    if is_overdue {
        return tokio::time::timeout(DRAIN, connection).await?;
    }
    connection.await
}
