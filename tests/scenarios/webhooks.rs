//! What mail providers tell over HTTP, at the edge.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use kit::Clock;
use pharos_tests::{Cluster, PageOf, Shape};
use proto::notifications::v1::{FeedbackKind, Outcome};
use serde_json::{Value, json};

use crate::coming_back::deliveries;

const PASSWORD: &str = "correct-horse-battery";
const SIGNING_KEY: &str = "key-0123456789abcdef";

async fn cluster(shape: Shape) -> Cluster {
    let further = [
        ("PHAROS__NOTIFICATIONS__POSTMARK_PASSWORD", PASSWORD),
        ("PHAROS__NOTIFICATIONS__MAILGUN_SIGNING_KEY", SIGNING_KEY),
    ];
    Cluster::start_with(shape, &further).await
}

/// What the edge answers to a call.
async fn call(cluster: &Cluster, provider: &str, authorization: Option<&str>, body: impl Into<Bytes>) -> u16 {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = http::Request::post(format!("{}/hooks/{provider}", cluster.url()));
    request = request.header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap().status().as_u16()
}

fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(user))
}

fn postmark(kind: &str, details: &str, email: &str, headers: &str) -> String {
    let record = if kind == "SpamComplaint" { kind } else { "Bounce" };
    json!({
        "RecordType": record, "MessageStream": "broadcast", "ID": 692_560_173, "Type": kind, "TypeCode": 1,
        "Name": "Hard bounce", "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed", "Metadata": {}, "ServerID": 1234,
        "Description": "It could not be delivered.", "Details": details, "Email": email,
        "From": "status@localhost", "BouncedAt": "2026-11-21T16:33:54Z", "DumpAvailable": true, "Inactive": true,
        "CanActivate": true, "Subject": "Slow", "Content": format!("{headers}\r\nSubject: Slow\r\n\r\nText"),
    })
    .to_string()
}

fn mailgun(token: &str, event: &Value) -> String {
    let timestamp = Clock::system().now().as_second().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes());
    let mac = hmac::sign(&key, format!("{timestamp}{token}").as_bytes());
    let signature = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let signature = json!({"timestamp": timestamp, "token": token, "signature": signature});
    json!({"signature": signature, "event-data": event}).to_string()
}

/// The envelope sender and the Message-ID of the reader's mail about a new incident, and its broadcast.
async fn told(cluster: &Cluster, page: &PageOf, reader: &str) -> (String, String, String) {
    page.confirmed(cluster, reader).await;
    let before = cluster.smtp.mails_to(reader).len();
    let incident = page.incident("Slow", &[]).await;
    let broadcast = page.completed_broadcast(&incident.first.update_id).await;
    let mail = cluster.smtp.mail_to(reader, before).await;
    let id = mail.header("Message-ID").unwrap();
    (mail.envelope.sender, id, broadcast.broadcast_id)
}

async fn feedback(page: &PageOf, broadcast: &str, sender: usize) -> Vec<(FeedbackKind, String)> {
    let log = deliveries(page, broadcast).await;
    assert_eq!(log.len(), sender, "{log:?}");
    let all = log.iter().flat_map(|delivery| &delivery.feedback);
    all.map(|feedback| (feedback.kind(), feedback.diagnostic.clone())).collect()
}

#[tokio::test]
async fn what_postmark_tells_shows_in_the_log() {
    for shape in Shape::BOTH {
        let cluster = cluster(shape).await;
        let page = cluster.company("Acme").await.page("acme").await;
        let (sender, id, broadcast) = told(&cluster, &page, "ada@example.net").await;
        let pharos = basic(&format!("pharos:{PASSWORD}"));
        let gone = "smtp;550 5.1.1 no such user";
        let body = postmark("HardBounce", gone, "ada@example.net", &format!("Return-Path: <{sender}>"));

        for bad in [None, Some(basic("pharos:wrong")), Some(basic(&format!("root:{PASSWORD}")))] {
            assert_eq!(call(&cluster, "postmark", bad.as_deref(), body.clone()).await, 403, "{bad:?}");
        }
        assert_eq!(call(&cluster, "postmark", Some(&pharos), "{").await, 400);
        assert_eq!(call(&cluster, "postmark", Some(&pharos), Bytes::from_static(b"\xff")).await, 400);
        assert_eq!(call(&cluster, "postmark", Some(&pharos), vec![b' '; 256 * 1024]).await, 400);
        assert_eq!(call(&cluster, "postmark", Some(&pharos), vec![b' '; 256 * 1024 + 1]).await, 413);
        assert_eq!(call(&cluster, "ses", None, "{}").await, 404, "it is not set up");
        assert_eq!(call(&cluster, "unknown", Some(&pharos), "{}").await, 404);
        assert_eq!(cluster.get("/hooks/postmark").await.0, 405);
        assert_eq!(feedback(&page, &broadcast, 1).await, []);

        for _ in 0..2 {
            assert_eq!(call(&cluster, "postmark", Some(&pharos), body.clone()).await, 204);
        }
        let returned = (FeedbackKind::Returned, "550 5.1.1 no such user".to_owned());
        assert_eq!(feedback(&page, &broadcast, 1).await, std::slice::from_ref(&returned), "{shape:?}");
        assert_eq!(deliveries(&page, &broadcast).await[0].outcome(), Outcome::Bounced);

        // By the Message-ID, which is good only together with the address that it went to.
        let spam = |email: &str| postmark("SpamComplaint", "", email, &format!("Message-ID: {id}"));
        assert_eq!(call(&cluster, "postmark", Some(&pharos), spam("grace@example.net")).await, 204);
        assert_eq!(feedback(&page, &broadcast, 1).await.len(), 1);
        assert_eq!(call(&cluster, "postmark", Some(&pharos), spam("Ada@example.net")).await, 204);
        let complained = (FeedbackKind::Complained, "It could not be delivered.".to_owned());
        assert_eq!(feedback(&page, &broadcast, 1).await, [returned, complained], "{shape:?}");
    }
}

#[tokio::test]
async fn what_mailgun_tells_shows_in_the_log_and_is_believed_once() {
    let cluster = cluster(Shape::AllInOne).await;
    let page = cluster.company("Acme").await.page("acme").await;
    let (sender, id, broadcast) = told(&cluster, &page, "ada@example.net").await;
    let late = json!({
        "event": "failed", "severity": "temporary", "reason": "generic", "recipient": "ada@example.net",
        "delivery-status": {"code": 452, "message": "4.2.2 mailbox full", "attempt-no": 1},
        "envelope": {"sender": sender, "transport": "smtp", "targets": "ada@example.net"},
        "message": {"headers": {"message-id": "other@localhost"}},
    });
    let spam = json!({
        "event": "complained", "recipient": "ada@example.net", "tags": [],
        "message": {"headers": {"to": "ada@example.net", "message-id": id.trim_matches(['<', '>']), "subject": "Slow"}},
    });
    let forged = mailgun("token-0", &spam).replace("token-0", "token-1");
    assert_eq!(call(&cluster, "mailgun", None, forged).await, 403);
    assert_eq!(call(&cluster, "mailgun", None, late.to_string()).await, 400);
    assert_eq!(call(&cluster, "mailgun", None, mailgun("token-2", &late)).await, 204);
    let once = mailgun("token-3", &spam);
    assert_eq!(call(&cluster, "mailgun", None, once.clone()).await, 204);
    assert_eq!(call(&cluster, "mailgun", None, once).await, 403, "a token is good once");
    assert_eq!(
        feedback(&page, &broadcast, 1).await,
        [
            (FeedbackKind::Delayed, "4.2.2 mailbox full".to_owned()),
            (FeedbackKind::Complained, "Mailgun".to_owned())
        ]
    );
    let next = page.incident("Slow again", &[]).await;
    let next = page.completed_broadcast(&next.first.update_id).await.progress.unwrap();
    assert_eq!((next.sent, next.suppressed), (0, 1));
}

#[tokio::test]
async fn a_call_that_cannot_be_worked_off_is_told_again() {
    let mut cluster = cluster(Shape::OneProcessEach).await;
    cluster.process("notifications").kill();
    let pharos = basic(&format!("pharos:{PASSWORD}"));
    assert_eq!(call(&cluster, "postmark", Some(&pharos), "{}").await, 503);
}
