//! Pages as Server-Sent Events.

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use crate::{given, world::World};

/// A stream of events.
struct Events {
    body: Incoming,
    read: String,
}

async fn follow(world: &World, path: &str, seen: Option<&str>) -> (http::response::Parts, Events) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
    let mut request = Request::get(format!("http://{}{path}", world.address));
    if let Some(seen) = seen {
        request = request.header("last-event-id", seen);
    }
    let (parts, body) = client.request(request.body(Empty::new()).unwrap()).await.unwrap().into_parts();
    (parts, Events { body, read: String::new() })
}

impl Events {
    /// The lines of the next event that tells something.
    async fn next(&mut self) -> Vec<String> {
        loop {
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                let lines = event.lines().map(str::to_owned).collect::<Vec<_>>();
                self.read = rest.to_owned();
                if lines.iter().any(|line| line.starts_with("data:")) {
                    return lines;
                }
            }
            let frame = self.body.frame().await.expect("no end").unwrap();
            self.read += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_client_is_told_the_page_at_once_and_each_change_after_it() {
    let mut page = given::page("en");
    page.version = 7;
    let world = World::showing(page.clone()).await;
    let (parts, mut events) = follow(&world, "/p/demo/events", None).await;
    assert_eq!(parts.status, StatusCode::OK);
    assert_eq!(parts.headers["content-type"], "text/event-stream");
    assert_eq!(parts.headers["access-control-allow-origin"], "*");
    assert_eq!(parts.headers["cache-control"], "no-store");
    let first = events.next().await;
    assert!(first.contains(&"id: 7".to_owned()) && first.contains(&"event: page".to_owned()), "{first:?}");
    for version in [8, 9] {
        page.version = version;
        world.change(page.clone());
        let next = events.next().await;
        assert!(next.contains(&format!("id: {version}")), "{next:?}");
        let data = next.iter().find_map(|line| line.strip_prefix("data: ")).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(data).is_ok(), "{data}");
    }
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_only_what_is_newer() {
    let mut page = given::page("en");
    page.version = 7;
    let world = World::showing(page.clone()).await;
    let (_, mut events) = follow(&world, "/p/demo/events", Some("7")).await;
    world.change({
        page.version = 8;
        page
    });
    assert!(events.next().await.contains(&"id: 8".to_owned()));
}

#[tokio::test]
async fn events_of_no_page_or_of_one_that_cannot_be_told_are_refused() {
    let world = World::showing(given::page("en")).await;
    for path in ["/p/other/events", "/p/Other/events"] {
        let (parts, _) = follow(&world, path, None).await;
        assert_eq!(parts.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(parts.headers["access-control-allow-origin"], "*", "{path}");
    }
    let (parts, _) = follow(&World::alone().await, "/p/demo/events", None).await;
    assert_eq!(
        (parts.status, parts.headers["retry-after"].as_bytes()),
        (StatusCode::SERVICE_UNAVAILABLE, &b"5"[..])
    );
}
