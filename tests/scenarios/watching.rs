//! Watching a page: the stream that says when to read it anew.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use kit::ids::PageId;
use pharos_tests::{Cluster, PATIENCE, PageOf, Shape, eventually};
use prost_reflect::prost::Message as _;
use proto::incidents::v1::{WatchPageRequest, WatchPageResponse, status_service_client::StatusServiceClient};
use rustix::process::Signal;
use tonic::{Code, Request};

const WATCH_PAGE: &str = "/pharos.incidents.v1.StatusService/WatchPage";

async fn version(page: &PageOf) -> i64 {
    page.shown().await.version
}

#[tokio::test]
async fn a_reader_has_the_version_at_once_and_each_change_after_it() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let mut empty = page.watch(0).await;
        assert_eq!(empty.version().await, 0, "a page without anything on it has a version too");
        page.component("API").await;
        let first = version(&page).await;
        assert_eq!(empty.version().await, first);

        let mut watch = page.watch(0).await;
        assert_eq!(watch.version().await, first);
        for name in ["Web", "Mail", "Files"] {
            page.component(name).await;
            let now = version(&page).await;
            assert_eq!(watch.version().await, now);
            assert_eq!(empty.version().await, now);
        }
    }
}

#[tokio::test]
async fn a_reader_who_comes_back_is_answered_at_once_whatever_was_seen() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    page.component("API").await;
    let old = version(&page).await;
    page.component("Web").await;
    let now = version(&page).await;
    assert_eq!(page.watch(old).await.next().await.unwrap().unwrap().version, now);
    // Twice each: the first of them finds the page unwatched.
    for _ in 0..2 {
        let mut watch = page.watch(now).await;
        let first = watch.next().await.unwrap().unwrap();
        assert_eq!((first.version, first.heartbeat), (now, true), "nothing has changed since");
        let of_another_time = page.watch(now + 1000).await.next().await.unwrap().unwrap();
        assert_eq!((of_another_time.version, of_another_time.heartbeat), (now, false));
        drop(watch);
    }
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_not_found_before_the_stream_begins() {
    let cluster = Cluster::all_in_one().await;
    for channel in [cluster.channel(), cluster.internal_channel("incidents")] {
        let mut client = StatusServiceClient::new(channel);
        let unknown = PageId::from_uuid(uuid::Uuid::now_v7()).to_string();
        let request = WatchPageRequest { page_id: unknown, after_version: 0 };
        assert_eq!(client.watch_page(request).await.unwrap_err().code(), Code::NotFound);
        let request = WatchPageRequest { page_id: "nonsense".into(), after_version: -1 };
        assert_eq!(client.watch_page(request).await.unwrap_err().code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_stream_lasts_as_long_as_its_caller_gave_it() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    for channel in [cluster.channel(), cluster.internal_channel("incidents")] {
        let mut request = Request::new(WatchPageRequest { page_id: page.id(), after_version: 0 });
        request.set_timeout(Duration::from_millis(1500));
        let mut stream = StatusServiceClient::new(channel).watch_page(request).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().version, 0);
        assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn a_process_that_stops_ends_its_streams_at_once_and_they_go_on_when_it_is_back() {
    for (shape, stopped) in
        [(Shape::AllInOne, "edge"), (Shape::OneProcessEach, "edge"), (Shape::OneProcessEach, "incidents")]
    {
        let mut cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        page.component("API").await;
        let mut watches = Vec::new();
        for _ in 0..20 {
            let mut watch = page.watch(0).await;
            watch.version().await;
            watches.push(watch);
        }
        cluster.process(stopped).signal(Signal::TERM);
        for watch in &mut watches {
            let ended = watch.next().await.unwrap_err();
            assert_eq!(ended.code(), Code::Unavailable, "{shape:?} without {stopped}: {ended}");
        }
        let process = cluster.process(stopped);
        eventually("the process to end", || std::future::ready(process.ended())).await;
        assert!(!process.log().contains("did not end within"), "{}", process.log());

        cluster.restart(stopped);
        let request = WatchPageRequest { page_id: page.id(), after_version: 1 };
        let first = eventually("the page to be watched again", || async {
            let mut stream = page.reader().watch_page(request.clone()).await.ok()?.into_inner();
            stream.message().await.ok()?
        })
        .await;
        assert_eq!((first.version, first.heartbeat), (1, true));
        cluster.wait_until_ready().await;
        let mut watch = page.watch(0).await;
        let seen = watch.version().await;
        page.component("Web").await;
        assert!(watch.version().await > seen);
    }
}

#[tokio::test]
async fn a_process_that_dies_ends_its_streams_at_the_edge() {
    let mut cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut watch = page.watch(0).await;
    watch.version().await;
    cluster.process("incidents").kill();
    assert_eq!(watch.next().await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_listener_whose_connection_is_lost_misses_nothing() {
    let cluster = Cluster::all_in_one().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut watch = page.watch(0).await;
    watch.version().await;
    let mut database = cluster.database.connect().await;
    for name in ["API", "Web", "Mail"] {
        let ended = sqlx::query_scalar!(
            r#"select count(pg_terminate_backend(pid)) as "count!" from pg_stat_activity
               where datname = current_database() and usename = 'pharos_incidents'"#
        );
        assert!(ended.fetch_one(&mut database).await.unwrap() > 0);
        // A call may find its own connection ended.
        let now = eventually("the page to be changed", || async {
            let request = proto::incidents::v1::CreateComponentRequest {
                page_id: page.id(),
                name: name.into(),
                ..Default::default()
            };
            page.caller().components().create_component(request).await.ok()?;
            Some(version(&page).await)
        })
        .await;
        while watch.version().await < now {}
    }
}

/// A client with one HTTP/2 connection that gives answers no room, and so reads none.
fn deaf() -> Client<HttpConnector, Full<Bytes>> {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.http2_only(true).http2_initial_stream_window_size(0).build_http()
}

fn call(cluster: &Cluster, page: &PageOf, kind: &str) -> http::Request<Full<Bytes>> {
    let message = WatchPageRequest { page_id: page.id(), after_version: 0 }.encode_to_vec();
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap());
    framed.put_slice(&message);
    let framed = if kind.ends_with("-text") { STANDARD.encode(framed).into() } else { framed.freeze() };
    http::Request::post(format!("{}{WATCH_PAGE}", cluster.url()))
        .header("content-type", kind)
        .header("te", "trailers")
        .body(Full::new(framed))
        .unwrap()
}

#[tokio::test]
async fn readers_who_do_not_read_are_in_nobodys_way() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let deaf = deaf();
    let mut unread = Vec::new();
    for _ in 0..100 {
        let mut request = call(&cluster, &page, "application/grpc");
        *request.version_mut() = http::Version::HTTP_2;
        let answer = deaf.request(request).await.unwrap();
        assert!(!answer.headers().contains_key("grpc-status"));
        unread.push(answer);
    }
    let mut watch = page.watch(0).await;
    watch.version().await;
    for number in 0..50 {
        page.component(&format!("Component {number}")).await;
        let now = version(&page).await;
        while watch.version().await < now {}
    }
    drop(unread);
}

#[tokio::test]
async fn readers_who_come_and_go_end_nobodys_stream() {
    let cluster = Cluster::one_process_each().await;
    let page = cluster.company("Acme").await.page("acme").await;
    let mut staying = page.watch(0).await;
    staying.version().await;
    let request = WatchPageRequest { page_id: page.id(), after_version: 0 };
    // More of them than an HTTP/2 connection bears by itself of streams that are reset.
    for number in 0..1500_u64 {
        let mut client = StatusServiceClient::new(cluster.channel());
        let request = request.clone();
        let watch = async move {
            let mut stream = client.watch_page(request).await.unwrap().into_inner();
            while stream.message().await.unwrap().is_some() {}
        };
        let gone = tokio::time::timeout(Duration::from_micros(number * 7 % 5_000), watch).await;
        assert!(gone.is_err(), "the stream goes on until the reader goes");
        if number % 50 == 0 {
            page.component(&format!("Component {number}")).await;
        }
    }
    let now = version(&page).await;
    while staying.version().await < now {}
}

#[tokio::test]
async fn a_browser_gets_each_version_when_it_comes() {
    for shape in Shape::BOTH {
        let cluster = Cluster::start(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        // HTTP/1.1, as a browser without TLS speaks it.
        let browser = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        for kind in ["application/grpc-web+proto", "application/grpc-web-text"] {
            let answer = browser.request(call(&cluster, &page, kind)).await.unwrap();
            assert_eq!(answer.status(), 200);
            let mut body = answer.into_body();
            let mut next = async || {
                let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("a piece in time");
                let data = frame.unwrap().unwrap().into_data().unwrap();
                let is_text = kind.ends_with("-text");
                let data = if is_text { STANDARD.decode(data).unwrap().into() } else { data };
                assert_eq!(data[0], 0, "a message");
                WatchPageResponse::decode(&data[5..]).unwrap().version
            };
            assert_eq!(next().await, version(&page).await);
            for name in ["API", "Web"] {
                page.component(name).await;
                let now = version(&page).await;
                while next().await < now {}
            }
        }
    }
}
