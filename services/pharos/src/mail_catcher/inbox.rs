//! The pages at `/inbox`.
//!
//! A mail is somebody else's text, so nothing of it is trusted: templates escape, a mail's HTML is shown in a frame
//! without scripts, forms, pictures from elsewhere or an origin of its own, and no page loads anything from anywhere.
//! What a person must be able to do is follow a mail's links (confirm, unsubscribe), in a new tab.
use std::sync::Arc;

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{
    links::{self, Piece},
    mail::{CaughtMail, Mail},
    store::Store,
};

/// How many mails one page of `GET /inbox` lists.
pub const PAGE_MAILS: usize = 100;

/// How many mails one reply of `GET /inbox.json` holds at most.
pub const JSON_PAGE_MAILS: usize = 500;

const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// The frame is sandboxed by this header too, so that the mail's HTML opened by itself is as harmless. The tabs its
/// links open are ordinary ones: the pages behind them need their forms.
const MAIL_POLICY: HeaderValue = HeaderValue::from_static(
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; \
     img-src data:; frame-ancestors 'self'",
);

/// The inbox of a store.
///
/// - `GET /inbox?to=&before_id=`: the newest mails, [`PAGE_MAILS`] a page, whose recipient contains `to`.
/// - `GET /inbox/{id}`: one mail with its headers and both bodies.
/// - `GET /inbox/{id}/html`: its HTML alone; `GET /inbox/{id}/raw`: the mail as it came, as text/plain.
/// - `GET /inbox.json?to=&after_id=`: an array of [`CaughtMail`], the oldest first, at most [`JSON_PAGE_MAILS`]; only
///   mails to exactly the address `to` (letter case ignored), if given, and with an id above `after_id`, if given.
///   Ask again with the last id until the array is empty.
///
/// A mail that is unknown or forgotten is 404; an id that is no number is 400.
pub fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/inbox", get(list))
        .route("/inbox.json", get(list_json))
        .route("/inbox/{id}", get(show))
        .route("/inbox/{id}/html", get(html))
        .route("/inbox/{id}/raw", get(raw))
        .layer(map_response(with_headers))
        .with_state(store)
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(PAGE_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    to: String,
    #[serde(default, deserialize_with = "number")]
    before_id: Option<u64>,
}

#[derive(Template)]
#[template(path = "inbox/list.html")]
struct ListPage<'a> {
    to: &'a str,
    is_later_page: bool,
    kept: usize,
    mails: Vec<ListedMail>,
    /// Where the next page begins, if there is one.
    older_than: Option<u64>,
}

struct ListedMail {
    id: u64,
    received_at: String,
    to: String,
    subject: String,
}

async fn list(State(store): State<Arc<Store>>, Query(query): Query<ListQuery>) -> Response {
    let to = query.to.trim();
    // One more than a page tells whether there is another page.
    let mut found = store.list_newest(to, query.before_id, PAGE_MAILS + 1);
    let is_more = found.len() > PAGE_MAILS;
    found.truncate(PAGE_MAILS);
    let older_than = if is_more { found.last().map(|mail| mail.id) } else { None };
    page(&ListPage {
        to,
        is_later_page: query.before_id.is_some(),
        kept: store.count(),
        mails: found.iter().map(|mail| listed(mail)).collect(),
        older_than,
    })
}

fn listed(mail: &Mail) -> ListedMail {
    ListedMail {
        id: mail.id,
        received_at: shown(mail.received_at),
        to: mail.envelope.recipients.join(", "),
        subject: mail.subject(),
    }
}

#[derive(Deserialize)]
struct JsonQuery {
    #[serde(default)]
    to: String,
    #[serde(default, deserialize_with = "number")]
    after_id: Option<u64>,
}

async fn list_json(State(store): State<Arc<Store>>, Query(query): Query<JsonQuery>) -> Json<Vec<CaughtMail>> {
    let to = Some(query.to.trim()).filter(|to| !to.is_empty());
    let found = store.list_after(to, query.after_id.unwrap_or(0), JSON_PAGE_MAILS);
    Json(found.iter().map(|mail| mail.read()).collect())
}

#[derive(Template)]
#[template(path = "inbox/mail.html")]
struct MailPage<'a> {
    mail: &'a CaughtMail,
    received_at: String,
    /// The Date header, if it could be read.
    date: Option<String>,
    recipients: String,
    text: Option<Vec<Piece<'a>>>,
    headers: Vec<(&'a str, Vec<Piece<'a>>)>,
}

async fn show(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(mail) = store.find(id) else { return forgotten() };
    let mail = mail.read();
    page(&MailPage {
        received_at: shown(mail.received_at),
        date: mail.date.map(shown),
        recipients: mail.to.join(", "),
        text: mail.text.as_deref().map(links::pieces),
        headers: mail.headers.iter().map(|(name, value)| (name.as_str(), links::pieces(value))).collect(),
        mail: &mail,
    })
}

async fn html(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(html) = store.find(id).and_then(|mail| mail.read().html) else { return forgotten() };
    ([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(with_links_in_new_tabs(&html))).into_response()
}

async fn raw(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(mail) = store.find(id) else { return forgotten() };
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw.clone()).into_response()
}

/// Puts a `<base>` behind the doctype, if there is one: before it, it would switch the browser to quirks mode, and the
/// first `<base>` wins over one of the mail's own. Browsers give a `_blank` tab no opener.
fn with_links_in_new_tabs(html: &str) -> String {
    let is_doctype = |html: &str| html.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
    let html = html.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let end = if is_doctype(html) { html.find('>').map_or(0, |at| at + 1) } else { 0 };
    let (doctype, document) = html.split_at(end);
    format!("{doctype}<base target=\"_blank\">{document}")
}

fn forgotten() -> Response {
    (StatusCode::NOT_FOUND, "No such mail: it never came, or newer ones have pushed it out.\n")
        .into_response()
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an inbox page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A number, or nothing for a form field that was left empty.
fn number<'de, D: Deserializer<'de>>(field: D) -> Result<Option<u64>, D::Error> {
    let field = String::deserialize(field)?;
    if field.is_empty() { Ok(None) } else { field.parse().map(Some).map_err(serde::de::Error::custom) }
}
