//! What is at the root, and the front of a page.

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    answer::{self, Frame, Refused},
    heads::{self, Slug},
    press::Press,
    reader::{Reader, Segments},
};
use crate::{
    peers::Peers,
    view::{PageView, Section},
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
    page: PageView,
}

/// `GET /`
pub(super) async fn landing(reader: Reader) -> Response {
    let landing = Landing { frame: Frame::new(reader.texts) };
    answer::by_language(answer::public(&landing, reader.texts, reader.has.as_ref()))
}

/// `GET /p/{slug}`
pub(super) async fn page(
    State(peers): State<Peers>,
    State(press): State<Press>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    let told = heads::page(&peers, slug).await.map_err(|fault| reader.refuse(fault))?;
    press
        .make(&reader, |has| {
            let page = PageView::new(told)?;
            let texts = page.head.texts;
            Some(answer::public(&Front { frame: Frame::new(texts), page }, texts, has))
        })
        .await
}
