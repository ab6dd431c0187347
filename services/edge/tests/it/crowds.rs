//! One caller's bad manners are nobody else's trouble.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use prost::Message as _;
use proto::{
    common::v1::ErrorReason,
    incidents::v1::{
        GetPageRequest, Impact, Phase, get_page_request, status_service_client::StatusServiceClient,
    },
    tenants::v1::{SignOutRequest, account_service_client::AccountServiceClient},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
};
use tonic::{Code, transport::Channel};

use crate::{
    given,
    services::Slow,
    web::{Silence, call, framed, over_http2},
    world::World,
};

const GET_PAGE: &str = "/pharos.incidents.v1.StatusService/GetPage";
const SIGN_OUT: &str = "/pharos.tenants.v1.AccountService/SignOut";

fn demo() -> GetPageRequest {
    GetPageRequest { page: Some(get_page_request::Page::Slug("demo".into())) }
}

async fn channel(world: &World) -> Channel {
    Channel::from_shared(format!("http://{}", world.address)).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn answers_that_a_caller_does_not_read_are_in_nobodys_way() {
    let mut page = given::page("en");
    let updates =
        vec![given::update("upd_1", Phase::Investigating, "2026-11-20T10:00:00Z", &"x".repeat(1024 * 1024))];
    page.open_incidents = vec![given::incident("inc_1", "Long", Impact::None, updates)];
    let world = World::showing(page.clone()).await;

    let deaf = over_http2::<Full<Bytes>>(0);
    let mut unread = Vec::new();
    for _ in 0..40 {
        let question = framed(&demo().encode_to_vec());
        unread.push(deaf.request(call(&world, GET_PAGE, "application/grpc", question.into())).await.unwrap());
    }
    let mut client = StatusServiceClient::new(channel(&world).await);
    assert_eq!(client.get_page(demo()).await.unwrap().into_inner(), page);
    drop(unread);
}

#[tokio::test]
async fn a_call_without_its_message_does_not_reach_a_service() {
    let world = World::showing(given::page("en")).await;
    let mute = over_http2(65_535);
    let (waits, mut waiting) = mpsc::unbounded_channel();
    let mut calls = JoinSet::new();
    for _ in 0..90 {
        calls.spawn(mute.request(call(&world, GET_PAGE, "application/grpc", Silence(waits.clone()))));
    }
    for _ in 0..90 {
        waiting.recv().await.unwrap();
    }
    let mut client = StatusServiceClient::new(channel(&world).await);
    assert_eq!(client.get_page(demo()).await.unwrap().into_inner(), given::page("en"));
    assert_eq!(world.called(), [GET_PAGE]);
}

#[tokio::test]
async fn a_call_whose_caller_goes_away_runs_to_its_end() {
    let mut world = World::showing(given::page("en")).await;
    let mut leaving = AccountServiceClient::new(channel(&world).await);
    let gone = tokio::spawn(async move { leaving.sign_out(SignOutRequest::default()).await });
    assert_eq!(world.next_of_slow().await, Slow::Began);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    // time for a reset to come through
    let mut client = StatusServiceClient::new(channel(&world).await);
    for _ in 0..5 {
        client.get_page(demo()).await.unwrap();
    }
    world.go_on();
    assert_eq!(world.next_of_slow().await, Slow::Ended);
}

#[tokio::test]
async fn a_call_whose_caller_waits_no_longer_runs_to_its_end() {
    let mut world = World::showing(given::page("en")).await;
    let message = framed(&SignOutRequest::default().encode_to_vec());
    let mut request = call(&world, SIGN_OUT, "application/grpc", Full::<Bytes>::from(message));
    request.headers_mut().insert("grpc-timeout", "3S".parse().unwrap());
    let late = over_http2(65_535).request(request).await.unwrap();
    assert_eq!(late.headers()["grpc-status"], "4");
    assert_eq!(world.next_of_slow().await, Slow::Began);
    let mut other = StatusServiceClient::new(channel(&world).await);
    other.get_page(demo()).await.unwrap();
    world.go_on();
    assert_eq!(world.next_of_slow().await, Slow::Ended);
}

#[tokio::test]
async fn a_flood_of_one_service_is_refused_and_leaves_the_others_alone() {
    let mut world = World::showing(given::page("en")).await;
    let mut calls = JoinSet::new();
    let channels =
        [channel(&world).await, channel(&world).await, channel(&world).await, channel(&world).await];
    for n in 0..kit::gate::MAX_CALLS {
        let mut client = AccountServiceClient::new(channels[n % 4].clone());
        calls.spawn(async move { client.sign_out(SignOutRequest::default()).await.map(drop) });
    }
    for _ in 0..kit::gate::MAX_CALLS {
        assert_eq!(world.next_of_slow().await, Slow::Began);
    }
    let mut account = AccountServiceClient::new(channels[0].clone());
    let refused = account.sign_out(SignOutRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::Overloaded));
    let mut status = StatusServiceClient::new(channels[0].clone());
    status.get_page(demo()).await.unwrap();
    world.go_on();
    assert!(calls.join_all().await.into_iter().all(|call| call.is_ok()));
    account.sign_out(SignOutRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_health_check_without_its_message_ends_in_the_callers_time() {
    let world = World::alone().await;
    let (waits, _waiting) = mpsc::unbounded_channel();
    let mut check = call(&world, "/grpc.health.v1.Health/Check", "application/grpc", Silence(waits));
    check.headers_mut().insert("grpc-timeout", "50m".parse().unwrap());
    let answer = tokio::time::timeout(Duration::from_secs(60), over_http2(65_535).request(check)).await;
    let answer = answer.expect("an answer").unwrap();
    assert_eq!(answer.headers()["grpc-status"], "4");
}

#[tokio::test]
async fn a_form_that_never_comes_is_given_up() {
    let world = World::showing(given::page("en")).await;
    let mut connection = TcpStream::connect(world.address).await.unwrap();
    let head = "POST /p/demo/subscribe HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(60), connection.read_exact(&mut answer)).await;
    read.expect("an answer").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(world.called(), Vec::<String>::new());
}
