//! gRPC and gRPC-web through the edge.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use proto::{
    RPCS,
    common::v1::ErrorReason,
    incidents::v1::{
        GetPageRequest, GetPageResponse, ListAuditEntriesRequest, audit_service_client::AuditServiceClient,
        get_page_request, status_service_client::StatusServiceClient,
    },
};
use tonic::{Code, Request, Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt as _;

use crate::{
    given,
    web::{Answer, call, framed, over_http2, send},
    world::World,
};

const GET_PAGE: &str = "/pharos.incidents.v1.StatusService/GetPage";
const KIB: usize = 1024;

fn demo() -> GetPageRequest {
    GetPageRequest { page: Some(get_page_request::Page::Slug("demo".into())) }
}

fn of_bytes(count: usize) -> GetPageRequest {
    GetPageRequest { page: Some(get_page_request::Page::Slug("x".repeat(count))) }
}

async fn channel(world: &World) -> Channel {
    Channel::from_shared(format!("http://{}", world.address)).unwrap().connect().await.unwrap()
}

async fn call_from_browser(world: &World, path: &str, message: &[u8]) -> Answer {
    let headers = [
        ("content-type", "application/grpc-web+proto"),
        ("accept", "application/grpc-web+proto"),
        ("origin", "https://console.example.com"),
        ("x-grpc-web", "1"),
        ("cookie", "session=secret"),
    ];
    send(world, Method::POST, path, &headers, framed(message)).await
}

/// The status that gRPC-web tells: in the last frame of the body, or in the headers when there is no body.
fn web_status(answer: &Answer) -> (i32, Option<Bytes>) {
    if let Some(status) = answer.headers.get("grpc-status") {
        return (status.to_str().unwrap().parse().unwrap(), None);
    }
    let mut rest = answer.body.clone();
    let mut message = None;
    loop {
        let kind = rest[0];
        let length = usize::try_from(u32::from_be_bytes(rest[1..5].try_into().unwrap())).unwrap();
        let content = rest.slice(5..5 + length);
        rest = rest.slice(5 + length..);
        if kind & 0x80 == 0 {
            message = Some(content);
            continue;
        }
        let trailers = String::from_utf8(content.to_vec()).unwrap();
        let status = trailers.lines().find_map(|line| line.strip_prefix("grpc-status:")).unwrap().trim();
        return (status.parse().unwrap(), message);
    }
}

#[tokio::test]
async fn a_call_is_passed_on_with_its_token_and_answered_with_trailers() {
    let world = World::showing(given::page("en")).await;
    let mut client = StatusServiceClient::new(channel(&world).await);
    let mut request = Request::new(demo());
    request.metadata_mut().insert("authorization", "Bearer abc".parse().unwrap());
    request.metadata_mut().insert("cookie", "session=secret".parse().unwrap());
    let answer = client.get_page(request).await.unwrap();
    assert_eq!(answer.metadata().get("grpc-status").unwrap(), "0");
    assert_eq!(answer.into_inner(), given::page("en"));

    let (path, headers) = world.calls().pop().unwrap();
    assert_eq!(path, GET_PAGE);
    assert_eq!(headers.get("authorization").unwrap(), "Bearer abc");
    assert_eq!(headers.get("te").unwrap(), "trailers");
    assert!(headers.get("cookie").is_none());
    let micros = headers.get("grpc-timeout").unwrap().to_str().unwrap().strip_suffix('u').unwrap();
    assert!((9_000_000..10_000_000).contains(&micros.parse::<u64>().unwrap()), "{micros}");
}

#[tokio::test]
async fn a_refusal_comes_through_with_its_details() {
    let world = World::showing(given::page("en")).await;
    let mut client = StatusServiceClient::new(channel(&world).await);
    let refused = client.get_page(of_bytes(10)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::NotFound));
}

#[tokio::test]
async fn a_browser_calls_over_http_1_from_any_origin() {
    let world = World::showing(given::page("en")).await;
    let answer = call_from_browser(&world, GET_PAGE, &demo().encode_to_vec()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/grpc-web+proto");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let (status, message) = web_status(&answer);
    assert_eq!(status, 0);
    assert_eq!(GetPageResponse::decode(message.unwrap()).unwrap(), given::page("en"));
    assert!(world.calls().pop().unwrap().1.get("cookie").is_none());

    let refused = call_from_browser(&world, GET_PAGE, &of_bytes(10).encode_to_vec()).await;
    assert_eq!(web_status(&refused).0, 5);
    let exposed = refused.header("access-control-expose-headers");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        assert!(exposed.contains(name), "{exposed}");
    }
}

#[tokio::test]
async fn a_browsers_question_before_a_call_is_answered() {
    let world = World::alone().await;
    let headers = [
        ("origin", "https://console.example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent"),
    ];
    let answer = send(&world, Method::OPTIONS, GET_PAGE, &headers, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let allowed = answer.header("access-control-allow-headers");
    for name in ["authorization", "content-type", "grpc-timeout", "x-grpc-web", "x-user-agent"] {
        assert!(allowed.contains(name), "{allowed}");
    }
}

#[tokio::test]
async fn rpcs_between_services_are_refused_like_methods_that_do_not_exist() {
    let world = World::showing(given::page("en")).await;
    let internal = RPCS.iter().map(|rpc| rpc.path).filter(|path| path.starts_with("/pharos.internal."));
    let mut paths = internal.collect::<Vec<_>>();
    assert!(!paths.is_empty());
    paths.extend([
        "/pharos.internal.v1.EventService/NoSuchMethod",
        "/pharos.incidents.v1.StatusService/NoSuchMethod",
        "/pharos.incidents.v1.StatusService/GetPage/",
        "/no.such.Service/Method",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ]);
    let mut answers = Vec::new();
    for path in paths {
        let answer = call_from_browser(&world, path, b"").await;
        assert_eq!((answer.status, web_status(&answer).0), (StatusCode::OK, 12), "{path}");
        let mut headers = answer.headers.clone();
        headers.remove("date");
        answers.push((headers, answer.body));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn a_service_that_never_answers_ends_in_the_callers_time() {
    let world = World::in_silence().await;
    let headers = [("content-type", "application/grpc-web+proto"), ("grpc-timeout", "50m")];
    let answer = send(&world, Method::POST, GET_PAGE, &headers, framed(&demo().encode_to_vec())).await;
    assert_eq!(web_status(&answer).0, 4);
    let status = Status::from_header_map(&answer.headers).unwrap();
    assert_eq!(status.message(), "not answered within 50 ms");
    assert_eq!(kit::status::reason(&status), Some(ErrorReason::DeadlineExceeded));
}

#[tokio::test]
async fn a_service_that_is_away_is_named_so_in_the_details() {
    let world = World::alone().await;
    let mut client = StatusServiceClient::new(channel(&world).await);
    let refused = client.get_page(demo()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.get_details_error_info().unwrap().domain, "pharos");
    assert_eq!(kit::status::reason(&refused), Some(ErrorReason::Unavailable));
}

#[tokio::test]
async fn a_message_without_token_has_at_most_64_kib() {
    let world = World::showing(given::page("en")).await;
    let mut client = StatusServiceClient::new(channel(&world).await);
    // 4 bytes frame the text in the message
    assert_eq!(of_bytes(64 * KIB - 4).encoded_len(), 65_536);
    let just = client.get_page(of_bytes(64 * KIB - 4)).await.unwrap_err();
    assert_eq!(just.code(), Code::NotFound);
    let over = client.get_page(of_bytes(64 * KIB - 3)).await.unwrap_err();
    assert_eq!(over.code(), Code::ResourceExhausted);
    assert_eq!(kit::status::reason(&over), Some(ErrorReason::LimitReached));
    assert_eq!(over.get_details_error_info().unwrap().metadata["limit"], "65536");

    for (count, status) in [(64 * KIB - 4, 5), (64 * KIB - 3, 8)] {
        let from_browser = call_from_browser(&world, GET_PAGE, &of_bytes(count).encode_to_vec()).await;
        assert_eq!(web_status(&from_browser).0, status);
    }
}

#[tokio::test]
async fn a_members_message_has_at_most_512_kib() {
    let world = World::showing(given::page("en")).await;
    let mut client = AuditServiceClient::new(channel(&world).await);
    let after = |count| ListAuditEntriesRequest { page_token: "x".repeat(count), ..Default::default() };
    assert_eq!(after(512 * KIB - 4).encoded_len(), 524_288);
    let just = client.list_audit_entries(after(512 * KIB - 4)).await.unwrap().into_inner();
    assert_eq!(just.next_page_token.len(), 512 * KIB - 4);
    let over = client.list_audit_entries(after(512 * KIB - 3)).await.unwrap_err();
    assert_eq!(over.code(), Code::ResourceExhausted);
    assert_eq!(over.get_details_error_info().unwrap().metadata["limit"], "524288");
}

#[tokio::test]
async fn a_browser_that_speaks_base64_is_answered_in_base64() {
    let world = World::showing(given::page("en")).await;
    let question = BASE64_STANDARD.encode(framed(&demo().encode_to_vec()));
    for kind in ["application/grpc-web-text", "application/grpc-web-text+proto"] {
        let headers = [("content-type", kind), ("accept", kind)];
        let mut answer = send(&world, Method::POST, GET_PAGE, &headers, question.clone()).await;
        assert_eq!(answer.header("content-type"), "application/grpc-web-text+proto");
        let read = answer.body.chunks(4).flat_map(|four| BASE64_STANDARD.decode(four).unwrap());
        answer.body = read.collect();
        let (status, message) = web_status(&answer);
        assert_eq!(status, 0, "{kind}");
        assert_eq!(GetPageResponse::decode(message.unwrap()).unwrap(), given::page("en"));
    }
}

#[tokio::test]
async fn base64_that_is_none_is_an_invalid_argument() {
    let world = World::showing(given::page("en")).await;
    for body in ["!!!!", "AAAAA", "AAAAAAA=AAA"] {
        let headers =
            [("content-type", "application/grpc-web-text"), ("accept", "application/grpc-web-text")];
        let answer = send(&world, Method::POST, GET_PAGE, &headers, body).await;
        let status = Status::from_header_map(&answer.headers).unwrap();
        assert_eq!(status.code(), Code::InvalidArgument, "{body}");
        assert_eq!(kit::status::reason(&status), Some(ErrorReason::InvalidArgument));
    }
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn the_type_of_a_call_is_known_in_any_case_and_with_parameters() {
    let world = World::showing(given::page("en")).await;
    let question = framed(&demo().encode_to_vec());
    for kind in ["application/GRPC-web", "application/grpc-web+proto; charset=utf-8", "APPLICATION/grpc-web"]
    {
        let answer = send(&world, Method::POST, GET_PAGE, &[("content-type", kind)], question.clone()).await;
        assert_eq!((answer.status, web_status(&answer).0), (StatusCode::OK, 0), "{kind}");
        assert_eq!(answer.header("content-type"), "application/grpc-web+proto", "{kind}");
    }
    let client = over_http2::<Full<Bytes>>(65_535);
    for kind in ["application/grpc;x=y", "Application/GRPC+proto"] {
        let answer = client.request(call(&world, GET_PAGE, kind, question.clone().into())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{kind}");
        assert_eq!(answer.headers()["content-type"], "application/grpc", "{kind}");
        let whole = answer.into_body().collect().await.unwrap();
        assert_eq!(whole.trailers().unwrap()["grpc-status"], "0", "{kind}");
    }
    let json =
        client.request(call(&world, GET_PAGE, "application/grpc+json", question.into())).await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn health_is_the_edges_own() {
    let world = World::alone().await;
    let mut health = HealthClient::new(channel(&world).await);
    let told = health.check(HealthCheckRequest { service: String::new() }).await.unwrap();
    assert_eq!(told.into_inner().status, 1);
    let long = health.check(HealthCheckRequest { service: "x".repeat(64 * KIB) }).await.unwrap_err();
    assert_eq!(long.code(), Code::OutOfRange);
}

#[tokio::test]
async fn reflection_lists_the_public_services_alone() {
    let world = World::telling_its_contracts().await;
    let mut client = ServerReflectionClient::new(channel(&world).await);
    let question = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut answers = client.server_reflection_info(tokio_stream::once(question)).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(listed)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("another answer than the question asks for");
    };
    let names = listed.service.into_iter().map(|service| service.name).collect::<Vec<_>>();
    assert!(names.contains(&"pharos.incidents.v1.StatusService".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("pharos.") && !name.contains("internal")), "{names:?}");
}

#[tokio::test]
async fn what_is_no_call_is_no_matter_for_the_proxy() {
    let world = World::showing(given::page("en")).await;
    let page = send(&world, Method::GET, GET_PAGE, &[], "").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("<h1>Page not found</h1>"));
    let json = send(&world, Method::POST, "/pharos", &[("content-type", "application/json")], "{}").await;
    assert_eq!(json.status, StatusCode::NOT_FOUND);
    assert_eq!(world.called(), Vec::<String>::new());
}
