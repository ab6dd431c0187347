//! Templates as answers, with what caches may do with them.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{Html, IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LANGUAGE, ETAG, RETRY_AFTER, VARY},
};

use super::{assets, formats::Refusal};
use crate::{formats::Source, peers::Fault, texts::Texts, view::PageHead};

/// How long anybody may keep a page: a flood of readers is one request in five seconds for a shared cache.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=5");
/// What is missing may be there in a moment.
const MISSING: HeaderValue = HeaderValue::from_static("public, max-age=1");
const PRIVATE: HeaderValue = HeaderValue::from_static("no-store");
/// When to come back if something behind the edge is away, in seconds.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// What every template is given: its texts, and where what it is made with is.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) texts: Texts,
    pub(super) icon: &'static str,
    pub(super) style: &'static str,
    /// Where the colours of the page's company are, if it has some.
    pub(super) brand: Option<String>,
    /// What its script follows; nothing on pages that do not change.
    pub(super) live: Option<Live>,
}

/// A page that changes before its reader's eyes.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) script: &'static str,
    pub(super) page_id: String,
    /// What is shown.
    pub(super) version: i64,
}

impl Frame {
    pub(super) fn new(texts: Texts) -> Self {
        Self { texts, icon: assets::icon_path(), style: assets::style_path(), brand: None, live: None }
    }

    /// For what belongs to a page.
    pub(super) fn of(head: &PageHead) -> Self {
        let brand = head.brand.palette.map(|_| format!("/p/{}/brand.css", head.slug));
        Self { brand, ..Self::new(head.texts) }
    }

    /// For a page as it was read.
    pub(super) fn live(source: &Source) -> Self {
        let (page_id, version) = (source.page.page_id.clone(), source.front.version);
        let live = Live { script: assets::script_path(), page_id, version };
        Self { live: Some(live), ..Self::of(&source.head) }
    }
}

/// A few words on an otherwise empty page.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message {
    pub(super) frame: Frame,
    pub(super) look: &'static str,
    pub(super) heading: String,
    pub(super) text: String,
    /// A way on: an address and what it is called.
    pub(super) link: Option<(String, String)>,
}

fn rendered(template: &impl Template, texts: Texts) -> Response {
    match template.render() {
        Ok(html) => ([(CONTENT_LANGUAGE, texts.tag())], Html(html)).into_response(),
        // our templates call nothing that fails, and a `String` takes every write
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page for everybody. A browser that has it already (by hash) is told so and gets nothing.
pub(super) fn public(template: &impl Template, texts: Texts, has: Option<&HeaderValue>) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(_) => return rendered(template, texts),
    };
    let tag = tag_of(html.as_bytes());
    let known = has.and_then(|has| has.to_str().ok()).is_some_and(|has| is_known(&tag, has));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_LANGUAGE, texts.tag())], Html(html)).into_response()
    };
    response.headers_mut().insert(ETAG, tag);
    response.headers_mut().insert(CACHE_CONTROL, PUBLIC);
    response
}

/// The tag of a document: weak, because it is the same for every encoding.
pub(super) fn tag_of(bytes: &[u8]) -> HeaderValue {
    HeaderValue::try_from(format!("W/\"{}\"", hash_of(bytes))).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Whether a reader who has these versions has the one with this tag.
pub(super) fn is_known(tag: &HeaderValue, has: &str) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    // as browsers say it
    has == tag || matches(has, tag.trim_start_matches("W/").trim_matches('"'))
}

/// Whether a list of entity tags has this hash, weak or strong (RFC 9110, section 13.1.2).
fn matches(list: &str, hash: &str) -> bool {
    list.split(',').map(str::trim).any(|tag| {
        tag == "*"
            || tag.trim_start_matches("W/").strip_prefix('"').and_then(|tag| tag.strip_suffix('"'))
                == Some(hash)
    })
}

/// A page that depends on the browser's language.
pub(super) fn by_language(mut response: Response) -> Response {
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-language"));
    response
}

/// A page for one reader, which nobody may keep.
pub(super) fn private(status: StatusCode, template: &impl Template, texts: Texts) -> Response {
    let mut response = rendered(template, texts);
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().insert(CACHE_CONTROL, PRIVATE);
    response
}

/// What cannot be shown, as a page; at the addresses of programs, as those read it.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) fault: Fault,
    pub(super) texts: Texts,
    pub(super) is_for_program: bool,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if self.is_for_program {
            return Refusal::from(self.fault).into_response();
        }
        let (status, look, heading, text) = match self.fault {
            Fault::NotFound => (StatusCode::NOT_FOUND, "unknown", "missing", "missing-text"),
            Fault::Away => (StatusCode::SERVICE_UNAVAILABLE, "partial", "away", "away-text"),
        };
        let message = Message {
            frame: Frame::new(self.texts),
            look,
            heading: self.texts.say(heading),
            text: self.texts.say(text),
            link: None,
        };
        let mut response = by_language(private(status, &message, self.texts));
        match self.fault {
            Fault::NotFound => response.headers_mut().insert(CACHE_CONTROL, MISSING),
            Fault::Away => response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS),
        };
        response
    }
}

/// What bytes are told apart by: half of their SHA-256, in 32 digits.
pub(super) fn hash_of(bytes: &[u8]) -> String {
    hex(&digest(&SHA256, bytes).as_ref()[..16])
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_tag_is_found_in_every_form_of_list() {
        for list in ["\"ab\"", "W/\"ab\"", "\"x\", W/\"ab\"", "*"] {
            assert!(matches(list, "ab"), "{list}");
        }
        for list in ["", "ab", "\"abc\"", "\"a\", \"b\""] {
            assert!(!matches(list, "ab"), "{list}");
        }
    }

    #[test]
    fn bytes_are_told_in_two_digits_each() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
    }
}
