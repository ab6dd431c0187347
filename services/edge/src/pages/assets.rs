//! What pages are made with, compiled in. The name of each carries a hash of its content, so that it can be kept for ever.

use std::sync::{LazyLock, OnceLock};

use axum::{
    body::Bytes,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use kit::lane::{Asked, Prepared};

use super::{
    answer::hash_of,
    forms::{self, Encoding, Forms},
    guards::Guards,
    reader::{Reader, Segments},
    wire,
};
use crate::peers::Fault;

/// How long everybody may keep what has its hash in its name, and what does not.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// A file with its place.
struct Asset {
    path: String,
    content_type: &'static str,
    forms: Forms,
    /// The heads of its answers, by encoding, once they were asked for.
    heads: [OnceLock<Bytes>; 3],
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = &hash_of(content.as_bytes())[..16];
        Self {
            path: format!("/static/{name}-{hash}.{extension}"),
            content_type,
            forms: Forms::new(content.as_bytes().to_vec()),
            heads: Default::default(),
        }
    }

    fn head(&self, encoding: Encoding, caching: HeaderValue) -> http::Response<()> {
        let mut response = Response::new(());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(CACHE_CONTROL, caching);
        encoding.describe(headers);
        response
    }

    fn answer(&self, reader: &Reader, caching: HeaderValue) -> Response {
        let encoding = self.forms.encoding(forms::lists(&reader.headers));
        self.head(encoding, caching).map(|()| self.forms.body(encoding).into())
    }

    fn prepared(&self, asked: &Asked<'_>, guards: Guards) -> Prepared {
        let encoding = self.forms.encoding(std::iter::once(asked.encodings));
        let body = self.forms.body(encoding);
        let head = self.heads[encoding as usize].get_or_init(|| {
            let mut head = self.head(encoding, FOR_EVER);
            guards.put_on(head.headers_mut());
            wire::head(&head, body.len())
        });
        Prepared { head: head.clone(), body }
    }
}

/// The file that is at a place for ever, as it goes over a connection.
pub(crate) fn prepared(asked: &Asked<'_>, guards: Guards) -> Option<Prepared> {
    let is_asked = |asset: &&Asset| asset.path == asked.path;
    all().into_iter().find(is_asked).map(|asset| asset.prepared(asked, guards))
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("pharos", "css", "text/css; charset=utf-8", include_str!("../../static/pharos.css"))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("../../static/live.js"))
});

static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../static/icon.svg")));

fn all() -> [&'static Asset; 3] {
    [&STYLE, &SCRIPT, &ICON]
}

/// Where the icon of pages is.
pub(super) fn icon_path() -> &'static str {
    &ICON.path
}

/// Where the style sheet is.
pub(super) fn style_path() -> &'static str {
    &STYLE.path
}

/// Where the script is that keeps pages up to date.
pub(super) fn script_path() -> &'static str {
    &SCRIPT.path
}

/// `GET /static/{file}`
pub(super) async fn show(reader: Reader, Segments(file): Segments<String>) -> Response {
    let is_asked = |asset: &&Asset| asset.path.strip_prefix("/static/") == Some(file.as_str());
    let Some(asset) = all().into_iter().find(is_asked) else {
        return reader.refuse(Fault::NotFound).into_response();
    };
    asset.answer(&reader, FOR_EVER)
}

/// `GET /favicon.ico`: where browsers look for the icon of what is no page.
pub(super) async fn icon(reader: Reader) -> Response {
    ICON.answer(&reader, FOR_A_DAY)
}
