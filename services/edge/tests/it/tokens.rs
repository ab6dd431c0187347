//! The links in mails.

use http::{Method, StatusCode};

use crate::{
    given,
    services::GOOD_TOKEN,
    web::{get, post, send},
    world::World,
};

const UNSUBSCRIBE: &str = "/pharos.subscriptions.v1.SubscriptionService/Unsubscribe";
const CONFIRM: &str = "/pharos.subscriptions.v1.SubscriptionService/Confirm";

fn confirming() -> String {
    format!("/c/{GOOD_TOKEN}")
}

fn leaving() -> String {
    format!("/u/{GOOD_TOKEN}")
}

#[tokio::test]
async fn opening_a_link_from_a_mail_calls_nobody() {
    let world = World::showing(given::page("en")).await;
    for (path, heading) in [(confirming(), "Confirm your subscription"), (leaving(), "Unsubscribe")] {
        for method in [Method::GET, Method::HEAD] {
            let answer = send(&world, method, &path, &[], "").await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("cache-control"), "no-store");
        }
        let page = get(&world, &path).await;
        assert!(page.text().contains(&format!("<h1>{heading}</h1>")));
        assert_eq!(page.text().matches("<button").count(), 1);
        assert!(!page.text().contains(GOOD_TOKEN), "the form posts to its own address");
    }
    let portuguese = send(&world, Method::GET, &leaving(), &[("accept-language", "pt")], "").await;
    assert!(portuguese.text().contains("<h1>Cancelar inscrição</h1>"));
    assert_eq!(world.called(), Vec::<String>::new());
}

#[tokio::test]
async fn pressing_the_button_confirms() {
    let world = World::showing(given::page("en")).await;
    let done = post(&world, &confirming(), "").await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text().contains("<h1>You are subscribed</h1>"));
    assert_eq!(done.header("cache-control"), "no-store");
    assert_eq!(world.called(), [CONFIRM]);
}

#[tokio::test]
async fn a_link_that_is_no_longer_good_says_so() {
    let world = World::showing(given::page("en")).await;
    for path in ["/c/bad", "/u/bad"] {
        let answer = post(&world, path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.text().contains("<h1>This link no longer works</h1>"));
    }
    let alone = World::alone().await;
    assert_eq!(post(&alone, &confirming(), "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn one_click_unsubscribes_in_every_encoding_as_often_as_it_is_sent() {
    let world = World::showing(given::page("en")).await;
    let multipart =
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", multipart),
        ("text/plain", ""),
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
    ] {
        let done = send(&world, Method::POST, &leaving(), &[("content-type", kind)], body).await;
        assert_eq!(done.status, StatusCode::OK, "{kind}");
        assert!(done.text().contains("<h1>You are unsubscribed</h1>"), "{kind}");
        assert!(done.headers.get("location").is_none() && done.headers.get("set-cookie").is_none(), "{kind}");
    }
    let untyped = send(&world, Method::POST, &leaving(), &[], "").await;
    assert_eq!(untyped.status, StatusCode::OK);
    assert_eq!(world.called(), [UNSUBSCRIBE; 5]);
}

#[tokio::test]
async fn what_cannot_be_a_token_is_not_kept_while_nobody_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::alone_with(Some(folder.path())).await;
    assert_eq!(post(&world, &leaving(), "").await.status, StatusCode::ACCEPTED);
    for bad in ["t0ken", &GOOD_TOKEN[1..], &format!("{GOOD_TOKEN}A"), &GOOD_TOKEN.replace('E', ".")] {
        let answer = post(&world, &format!("/u/{bad}"), "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
    }
    let kept = std::fs::read_dir(folder.path().join("unsubscriptions")).unwrap().count();
    assert_eq!(kept, 1);
}
