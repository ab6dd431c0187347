//! The style sheet, compiled in. Its name carries a hash of its content, so that it can be kept for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::{
    answer::hex,
    reader::{Reader, Segments},
};
use crate::peers::Fault;

const STYLE: &str = include_str!("../../static/pharos.css");

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| {
    let hash = hex(&digest(&SHA256, STYLE.as_bytes()).as_ref()[..8]);
    format!("/static/pharos-{hash}.css")
});

/// Where the style sheet is.
pub(super) fn style_path() -> &'static str {
    &STYLE_PATH
}

/// `GET /static/{file}`
pub(super) async fn show(reader: Reader, Segments(file): Segments<String>) -> Response {
    if style_path().strip_prefix("/static/") != Some(file.as_str()) {
        return reader.refuse(Fault::NotFound).into_response();
    }
    let headers =
        [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, STYLE).into_response()
}
