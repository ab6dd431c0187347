//! The pages, over HTTP.
use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use smtp::server::Envelope;
use tokio::net::TcpListener;

use super::store;
use crate::mail_catcher::{CaughtMail, PAGE_MAILS, Store, router};

const MAIL: &str = "From: =?utf-8?q?Caf=C3=A9?= <status@pharos.example>\r\n\
    To: <ada@example.com>\r\n\
    Subject: <script>alert(1)</script> & =?utf-8?q?caf=C3=A9?=\r\n\
    Date: Sun, 1 Mar 2026 13:34:56 +0100\r\n\
    List-Unsubscribe: <https://pharos.example/u/tok-en_>,\r\n <mailto:u@pharos.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=x\r\n\r\n\
    --x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Caf=C3=A9 <b>down</b>. Stop: https://pharos.example/u/tok=\r\nen.\r\n\
    --x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <!doctype html><html><body><a href=\"https://pharos.example/c\">confirm</a></body></html>\r\n\
    --x--\r\n";

struct Inbox {
    store: Arc<Store>,
    address: SocketAddr,
}

struct Answer {
    status: u16,
    content_type: String,
    policy: String,
    body: String,
}

impl Inbox {
    async fn open(capacity: usize) -> Self {
        let store = store(capacity);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router(store.clone())).into_future());
        Self { store, address }
    }

    fn given_mail(&self, to: &str, raw: &str) -> u64 {
        let envelope = Envelope { sender: "b+1@pharos.example".into(), recipients: vec![to.into()] };
        self.store.keep(envelope, Bytes::copy_from_slice(raw.as_bytes()))
    }

    async fn get(&self, path: &str) -> Answer {
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let response = client.get(format!("http://{}{path}", self.address).parse().unwrap()).await.unwrap();
        let header =
            |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (status, content_type) = (response.status().as_u16(), header("content-type"));
        let policy = header("content-security-policy");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, content_type, policy, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn json(&self, query: &str) -> Vec<CaughtMail> {
        serde_json::from_str(&self.get(&format!("/inbox.json{query}")).await.body).unwrap()
    }
}

fn ids(mails: &[CaughtMail]) -> Vec<u64> {
    mails.iter().map(|mail| mail.id).collect()
}

#[tokio::test]
async fn the_pages_escape_what_the_mail_says() {
    let inbox = Inbox::open(10).await;
    let id = inbox.given_mail("ada@example.com", MAIL);

    let list = inbox.get("/inbox?to=%3Cscript%3E").await.body;
    assert!(!list.contains("<script"), "{list}");
    for path in ["/inbox".to_owned(), format!("/inbox/{id}")] {
        let answer = inbox.get(&path).await;
        assert!(!answer.body.contains("<script"), "{}", answer.body);
        assert!(answer.body.contains("alert(1)") && answer.body.contains("café"), "{}", answer.body);
        assert!(answer.policy.starts_with("default-src 'none'"));
    }
}

#[tokio::test]
async fn a_mail_is_shown_with_its_text_its_html_and_its_headers() {
    let inbox = Inbox::open(10).await;
    let id = inbox.given_mail("ada@example.com", MAIL);

    let page = inbox.get(&format!("/inbox/{id}")).await.body;

    assert!(page.contains("Café &#60;b&#62;down&#60;/b&#62;. Stop: "), "{page}");
    assert!(page.contains(r#"src="/inbox/1/html" title="The mail’s HTML" sandbox="allow-popups"#), "{page}");
    let link = r#"<a href="https://pharos.example/u/token" target="_blank" rel="noopener noreferrer">"#;
    assert!(page.contains(link), "{page}");
    assert!(
        page.contains(r#"<dt>List-Unsubscribe</dt><dd>&#60;<a href="https://pharos.example/u/tok-en_""#),
        "{page}"
    );
    assert!(page.contains("b+1@pharos.example") && page.contains("2026-03-01 12:34:56 UTC"), "{page}");
}

#[tokio::test]
async fn a_mails_html_is_sandboxed_and_its_links_open_in_new_tabs() {
    let inbox = Inbox::open(10).await;
    let id = inbox.given_mail("ada@example.com", MAIL);

    let html = inbox.get(&format!("/inbox/{id}/html")).await;

    assert!(
        html.policy.starts_with("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    );
    assert!(
        html.body.starts_with("<!doctype html><base target=\"_blank\"><html><body><a href="),
        "{}",
        html.body
    );
}

#[tokio::test]
async fn a_mail_can_be_read_as_it_came() {
    let inbox = Inbox::open(10).await;
    let id = inbox.given_mail("ada@example.com", MAIL);

    let raw = inbox.get(&format!("/inbox/{id}/raw")).await;

    assert_eq!(raw.body, MAIL);
    assert_eq!(raw.content_type, "text/plain; charset=utf-8");
}

#[tokio::test]
async fn a_mail_without_html_or_headers_is_shown_as_well() {
    let inbox = Inbox::open(10).await;
    inbox.given_mail("ada@example.com", "Subject: only text\r\n\r\nHello\r\n");
    inbox.given_mail("ada@example.com", "");

    let page = inbox.get("/inbox/1").await.body;
    assert!(page.contains("Hello") && !page.contains("<iframe"), "{page}");
    assert_eq!(inbox.get("/inbox/1/html").await.status, 404);
    assert!(inbox.get("/inbox/2").await.body.contains("(no subject)"));
    assert!(inbox.get("/inbox").await.body.contains("(no subject)"));
}

#[tokio::test]
async fn the_list_shows_the_newest_first_a_page_at_a_time() {
    let inbox = Inbox::open(1_000).await;
    for mail in 1..=PAGE_MAILS + 5 {
        inbox.given_mail(&format!("s{mail}@example.com"), &format!("Subject: number {mail}.\r\n\r\n"));
    }

    let first = inbox.get("/inbox?to=Example.com").await.body;
    let newest = first.find("number 105.").unwrap();
    assert!(newest < first.find("number 104.").unwrap());
    assert!(first.contains("number 6.") && !first.contains("number 5."));
    assert!(first.contains("/inbox?to=Example.com&amp;before_id=6"), "{first}");

    let second = inbox.get("/inbox?to=Example.com&before_id=6").await.body;
    assert!(second.contains("number 5.") && second.contains("number 1.") && !second.contains("number 6."));
    assert!(!second.contains("Older"));
    assert!(inbox.get("/inbox?to=s105%40").await.body.contains("number 105."));
    assert!(inbox.get("/inbox?to=nobody").await.body.contains("No mail to “nobody”"));
}

#[tokio::test]
async fn the_json_list_filters_by_recipient_and_id_and_begins_with_the_oldest() {
    let inbox = Inbox::open(10).await;
    for to in ["ada@example.com", "bob@example.com", "Ada@Example.com", "nada@example.com"] {
        inbox.given_mail(to, MAIL);
    }

    assert_eq!(ids(&inbox.json("").await), [1, 2, 3, 4]);
    assert_eq!(ids(&inbox.json("?to=ada%40example.com").await), [1, 3]);
    assert_eq!(ids(&inbox.json("?to=ada%40example.com&after_id=1").await), [3]);
    assert_eq!(ids(&inbox.json("?to=&after_id=").await), [1, 2, 3, 4]);
    assert!(inbox.json("?after_id=4").await.is_empty());
    assert_eq!(inbox.get("/inbox.json?after_id=x").await.status, 400);
}

#[tokio::test]
async fn the_json_list_holds_the_decoded_mail() {
    let inbox = Inbox::open(10).await;
    inbox.given_mail("ada@example.com", MAIL);

    let mail = inbox.json("").await.remove(0);

    assert_eq!(mail.sender, "b+1@pharos.example");
    assert_eq!(mail.to, ["ada@example.com"]);
    assert_eq!(mail.from, "Café <status@pharos.example>");
    assert_eq!(mail.subject, "<script>alert(1)</script> & café");
    assert_eq!(mail.date, Some(mail.received_at));
    assert_eq!(mail.text.unwrap().trim_end(), "Café <b>down</b>. Stop: https://pharos.example/u/token.");
    assert!(mail.html.unwrap().contains("confirm"));
    let unsubscribe = "<https://pharos.example/u/tok-en_>, <mailto:u@pharos.example>".to_owned();
    assert!(mail.headers.contains(&("List-Unsubscribe".to_owned(), unsubscribe)));
    assert_eq!(mail.headers[0].0, "From");
}

#[tokio::test]
async fn the_oldest_mails_are_forgotten_first() {
    let inbox = Inbox::open(3).await;
    for to in ["a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com"] {
        inbox.given_mail(to, MAIL);
    }

    assert_eq!(ids(&inbox.json("").await), [3, 4, 5]);
    assert_eq!(inbox.get("/inbox/2").await.status, 404);
    assert_eq!(inbox.get("/inbox/3").await.status, 200);
    assert_eq!(inbox.get("/inbox/x").await.status, 400);
}
