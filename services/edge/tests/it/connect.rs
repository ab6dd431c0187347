//! Calls as plain HTTP (Connect) through the edge.

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD};
use http::{Method, StatusCode};
use prost::Message as _;
use proto::incidents::v1::{GetPageRequest, GetPageResponse, get_page_request};
use serde_json::{Value, json};

use crate::{
    given,
    web::{Answer, send},
    world::World,
};

const GET_PAGE: &str = "/pharos.incidents.v1.StatusService/GetPage";
const JSON: (&str, &str) = ("content-type", "application/json");
const KIB: usize = 1024;

async fn ask(world: &World, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    send(world, Method::POST, path, &[&[JSON], headers].concat(), body.to_owned()).await
}

fn read(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/json");
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn a_call_in_json_is_passed_on_with_its_token_and_answered_in_json() {
    let world = World::showing(given::page("en")).await;
    let headers =
        [("authorization", "Bearer abc"), ("connect-protocol-version", "1"), ("connect-timeout-ms", "5000")];
    let answer = ask(&world, GET_PAGE, &headers, r#"{"slug":"demo"}"#).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let page = read(&answer);
    assert_eq!(page["page"]["slug"], "demo");
    // as JSON of protobuf has them (ProtoJSON): numbers of 64 bits and times are texts, values of enums are names
    assert!(
        page["version"].is_string() && page["overallStatus"].as_str().unwrap().starts_with("OVERALL_STATUS_")
    );
    assert!(page["generatedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(answer.header("grpc-status"), "");

    let (path, headers) = world.calls().pop().unwrap();
    assert_eq!(path, GET_PAGE);
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["content-type"], "application/grpc");
    assert!(!headers.contains_key("connect-timeout-ms") && !headers.contains_key("connect-protocol-version"));
    let micros = headers["grpc-timeout"].to_str().unwrap().strip_suffix('u').unwrap().parse::<u64>().unwrap();
    assert!((4_000_000..=5_000_000).contains(&micros), "{micros}");
}

#[tokio::test]
async fn a_call_in_binary_is_answered_in_binary() {
    let world = World::showing(given::page("en")).await;
    let question = GetPageRequest { page: Some(get_page_request::Page::Slug("demo".into())) };
    let kind = [("content-type", "Application/proto")];
    let answer = send(&world, Method::POST, GET_PAGE, &kind, question.encode_to_vec()).await;
    assert_eq!(
        (answer.status, answer.header("content-type").as_str()),
        (StatusCode::OK, "application/proto")
    );
    assert_eq!(GetPageResponse::decode(answer.body).unwrap(), given::page("en"));
}

#[tokio::test]
async fn a_refusal_says_its_code_and_its_details_in_words_and_in_binary() {
    let world = World::showing(given::page("en")).await;
    let answer = ask(&world, GET_PAGE, &[], r#"{"slug":"other"}"#).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let said = read(&answer);
    assert_eq!((&said["code"], &said["message"]), (&json!("not_found"), &json!("not found")));
    let detail = &said["details"][0];
    assert_eq!(
        (&detail["type"], &detail["debug"]["reason"]),
        (&json!("google.rpc.ErrorInfo"), &json!("NOT_FOUND"))
    );
    let info = BASE64_STANDARD_NO_PAD.decode(detail["value"].as_str().unwrap()).unwrap();
    let info = tonic_types::pb::ErrorInfo::decode(info.as_slice()).unwrap();
    assert_eq!(detail["debug"]["domain"], info.domain);
}

#[tokio::test]
async fn what_is_no_json_of_the_request_is_named_and_passed_on_to_nobody() {
    let world = World::showing(given::page("en")).await;
    for (body, named) in [
        (r#"{"slugg":"demo"}"#, "slugg"),
        (r#"{"slug":7}"#, "7"),
        (r#"{"slug":"demo"} {}"#, "trailing characters"),
        (r#"{"slug":"demo""#, "EOF"),
        ("", "EOF"),
        ("[]", "GetPageRequest"),
        (&format!("{}{}", r#"{"slug":"#.repeat(200), "}".repeat(200)), "GetPageRequest"),
    ] {
        let answer = ask(&world, GET_PAGE, &[], body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let said = read(&answer);
        assert_eq!(said["code"], "invalid_argument", "{body}");
        assert!(said["message"].as_str().unwrap().contains(named), "{body}: {said}");
    }
    for (name, value) in [
        ("connect-timeout-ms", "soon"),
        ("connect-timeout-ms", "12345678901"),
        ("connect-protocol-version", "2"),
    ] {
        let answer = ask(&world, GET_PAGE, &[(name, value)], r#"{"slug":"demo"}"#).await;
        let said = read(&answer);
        assert_eq!((answer.status, &said["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_argument")));
        assert!(said["message"].as_str().unwrap().starts_with(name), "{said}");
    }
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_that_needs_no_token_has_64_kib_at_most() {
    let world = World::showing(given::page("en")).await;
    let of = |bytes: usize| format!(r#"{{"slug":"{}"}}"#, "x".repeat(bytes - r#"{"slug":""}"#.len()));
    assert_eq!(ask(&world, GET_PAGE, &[], &of(64 * KIB)).await.status, StatusCode::NOT_FOUND);
    let answer = ask(&world, GET_PAGE, &[], &of(64 * KIB + 1)).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(read(&answer)["details"][0]["debug"]["metadata"]["limit"], (64 * KIB).to_string());
}

#[tokio::test]
async fn what_is_not_for_the_world_answers_a_stream_or_comes_in_another_way_is_refused() {
    let world = World::showing(given::page("en")).await;
    for path in
        ["/pharos.internal.v1.EventService/PublishEvent", "/pharos.incidents.v1.StatusService/Nothing"]
    {
        let answer = ask(&world, path, &[], "{}").await;
        assert_eq!(
            (answer.status, &read(&answer)["message"]),
            (StatusCode::NOT_IMPLEMENTED, &json!("no such method"))
        );
    }
    let watch = ask(&world, "/pharos.incidents.v1.StatusService/WatchPage", &[], "{}").await;
    assert_eq!(watch.status, StatusCode::NOT_IMPLEMENTED);
    assert!(read(&watch)["message"].as_str().unwrap().contains("stream"));
    let packed = ask(&world, GET_PAGE, &[("content-encoding", "gzip")], "{}").await;
    assert_eq!(
        (packed.status, &read(&packed)["code"]),
        (StatusCode::NOT_IMPLEMENTED, &json!("unimplemented"))
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let form = send(&world, Method::POST, GET_PAGE, &form, "slug=demo").await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(form.header("accept-post").starts_with("application/json"));
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn a_browser_may_call_from_any_origin_and_services_that_are_away_are_unavailable() {
    let world = World::alone().await;
    let question = [
        ("origin", "https://console.example.com"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,connect-protocol-version,connect-timeout-ms,content-type",
        ),
    ];
    let answer = send(&world, Method::OPTIONS, GET_PAGE, &question, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let allowed = answer.header("access-control-allow-headers");
    assert!(
        allowed.contains("connect-protocol-version") && allowed.contains("connect-timeout-ms"),
        "{allowed}"
    );
    let answer =
        ask(&world, GET_PAGE, &[("origin", "https://console.example.com")], r#"{"slug":"demo"}"#).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin").as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "*")
    );
    assert_eq!(read(&answer)["code"], "unavailable");
}
