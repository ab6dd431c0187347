//! `GET /p/{slug}/events`: a page's changes as Server-Sent Events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), for clients that want no more than a connection.
//!
//! Each event is the page at a glance, as `widget.json` has it, under the page's version: at once, and again with each
//! change. Who comes back with `Last-Event-ID` gets only what is newer.

use std::{convert::Infallible, sync::LazyLock, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, Sse},
    },
};
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL},
};
use kit::{
    gate::MAX_STREAMS,
    listener::{PeerAddress, Stop},
    places::{Place, Places},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    document::Document,
    formats::{self, Format, Refusal},
    reader::Segments,
    slug::Slug,
    snapshots::{Following, Seen, Snapshots},
};
use crate::peers::Fault;

/// How many may follow at once: beside the streams of calls, of which there may be [`MAX_STREAMS`], there is still room for
/// whoever reads a page.
const MAX_FOLLOWERS: usize = MAX_STREAMS / 2;
/// How long an event waits for a reader who does not read.
const PATIENCE: Duration = Duration::from_secs(60);
/// When a browser comes back after it lost us. All of them come at once then; what they ask for is kept.
const RETRY: Duration = Duration::from_secs(3);
/// Tells proxies of nginx's kind to hand events on as they come.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

static PLACES: LazyLock<Places> = LazyLock::new(|| Places::new(MAX_FOLLOWERS));

/// Answers the stream; 404 if there is no such page, 503 if it cannot be told or too many follow, of all or from one
/// machine.
pub(super) async fn follow(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    stop: Option<Extension<Stop>>,
    peer: Option<Extension<PeerAddress>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let address = peer.map(|Extension(PeerAddress(address))| address);
    let place = PLACES.take(address).ok_or(Fault::Away)?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let glance = Document::Format(Format::Glance, formats::Place::default());
    let mut following = snapshots.follow(&slug, glance, seen);
    let first = following.look().await?;
    let (events, told) = mpsc::channel(1);
    let stop = stop.map(|Extension(stop)| stop);
    tokio::spawn(async move {
        let telling = tell(following, first, events, place);
        match stop {
            Some(Stop(stop)) => drop(stop.run_until_cancelled(telling).await),
            None => telling.await,
        }
    });
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (ACCEL_BUFFERING, HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(ReceiverStream::new(told))).into_response())
}

/// Tells until the reader goes away or does not read, or there is nothing to tell any longer.
async fn tell(
    mut following: Following,
    first: Option<Seen>,
    events: mpsc::Sender<Result<Event, Infallible>>,
    _place: Place,
) {
    let mut next = first;
    let mut event = Event::default().retry(RETRY);
    loop {
        event = match next {
            Some((version, glance)) => {
                event.id(version.to_string()).event("page").data(String::from_utf8_lossy(&glance))
            }
            // shows that the other side is there
            None => event.comment("nothing new"),
        };
        if events.send_timeout(Ok(event), PATIENCE).await.is_err() {
            return;
        }
        let told = tokio::select! {
            told = following.next() => told,
            () = events.closed() => return,
        };
        next = match told {
            Ok(next) => next,
            Err(Fault::NotFound) => return,
            // it goes on when it can
            Err(Fault::Away) => {
                tokio::time::sleep(RETRY).await;
                None
            }
        };
        event = Event::default();
    }
}
