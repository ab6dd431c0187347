//! The colours of a page's company, as a style sheet: pages hold no styles of their own.

use axum::{extract::State, response::Response};
use http::HeaderValue;

use super::{
    answer::Refused,
    document::Document,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::{Kind, Made, Snapshots},
};
use crate::{formats::Source, peers::Fault};

/// `GET /p/{slug}/brand.css`
pub(super) async fn show(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Brand).await
}

/// The style sheet of a page that has a colour.
pub(super) fn made(source: &Source) -> Result<Made, Fault> {
    let palette = source.head.brand.palette.ok_or(Fault::NotFound)?;
    Ok(Made {
        kind: Kind::Format { content_type: HeaderValue::from_static("text/css; charset=utf-8") },
        bytes: palette.style_sheet().into_bytes(),
        notice: String::new(),
    })
}
