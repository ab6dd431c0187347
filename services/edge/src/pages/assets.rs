//! What pages are made with, compiled in. The name of each carries a hash of its content, so that it can be kept for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::{
    answer::hex,
    forms::Forms,
    reader::{Reader, Segments},
};
use crate::peers::Fault;

/// A file with its place.
struct Asset {
    path: String,
    content_type: &'static str,
    forms: Forms,
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = hex(&digest(&SHA256, content.as_bytes()).as_ref()[..8]);
        Self {
            path: format!("/static/{name}-{hash}.{extension}"),
            content_type,
            forms: Forms::new(content.as_bytes().to_vec()),
        }
    }

    fn answer(&self, reader: &Reader, caching: &'static str) -> Response {
        let (encoding, body) = self.forms.for_reader(&reader.headers);
        let headers = [(CONTENT_TYPE, self.content_type), (CACHE_CONTROL, caching)];
        let mut response = (headers, body).into_response();
        encoding.describe(response.headers_mut());
        response
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("pharos", "css", "text/css; charset=utf-8", include_str!("../../static/pharos.css"))
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("../../static/live.js"))
});

static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../static/icon.svg")));

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
    let Some(asset) = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(is_asked) else {
        return reader.refuse(Fault::NotFound).into_response();
    };
    asset.answer(&reader, "public, max-age=31536000, immutable")
}

/// `GET /favicon.ico`: where browsers look for the icon of what is no page.
pub(super) async fn icon(reader: Reader) -> Response {
    ICON.answer(&reader, "public, max-age=86400")
}
