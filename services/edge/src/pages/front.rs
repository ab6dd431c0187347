//! What is at the root, and the front of a page.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    answer::{self, Frame, Refused},
    document::Document,
    maker::Maker,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::{Made, Snapshots},
};
use crate::{
    formats::Source,
    peers::Fault,
    view::{Meta, PageView, Section},
};

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Front {
    frame: Frame,
    meta: Meta,
    page: PageView,
}

/// `GET /`
pub(super) async fn landing(reader: Reader) -> Response {
    let landing = Landing { frame: Frame::new(reader.texts) };
    answer::by_language(answer::public(&landing, reader.texts, reader.has()))
}

/// `GET /p/{slug}`
pub(super) async fn page(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Front).await
}

pub(super) async fn made(maker: &Maker, source: Arc<Source>) -> Result<Made, Fault> {
    maker
        .page(source, |frame, source| {
            let page = PageView::new(source.front.clone())?;
            Some(Front { frame, meta: source.place().front(&page), page })
        })
        .await
}
