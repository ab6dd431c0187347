//! A document as a small picture: what is shown beside a link to it in chats and social networks.

mod letters;
mod picture;

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderValue;

use self::picture::Picture;
use super::{
    answer::Refused,
    document::{Document, StoryId, Subject},
    maker::Maker,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::{Kind, Made, Snapshots},
    stories,
};
use crate::{formats::Source, peers::Fault};

/// The type of the pictures, which are packed already.
pub(super) const PNG: HeaderValue = HeaderValue::from_static("image/png");

/// `GET /p/{slug}/preview.png`
pub(super) async fn of_page(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Preview(Subject::Page)).await
}

/// `GET /p/{slug}/incidents/{incident_id}/preview.png`
pub(super) async fn of_incident(
    State(snapshots): State<Snapshots>,
    Segments((slug, StoryId(id))): Segments<(Slug, StoryId)>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Preview(Subject::Incident(id))).await
}

/// `GET /p/{slug}/maintenances/{maintenance_id}/preview.png`
pub(super) async fn of_maintenance(
    State(snapshots): State<Snapshots>,
    Segments((slug, StoryId(id))): Segments<(Slug, StoryId)>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Preview(Subject::Maintenance(id))).await
}

pub(super) async fn made(maker: &Maker, source: Arc<Source>, subject: Subject) -> Result<Made, Fault> {
    let (incident, maintenance) = match subject {
        Subject::Page => (None, None),
        Subject::Incident(id) => {
            (Some(stories::told_incident(maker, &source, id).await?.incident.ok_or(Fault::Away)?), None)
        }
        Subject::Maintenance(id) => {
            let told = stories::told_maintenance(maker, &source, id).await?;
            (None, Some(told.maintenance.ok_or(Fault::Away)?))
        }
    };
    let press = maker.press(&source.head.slug);
    let drawn = press.run(move || {
        let picture = match (&incident, &maintenance) {
            (Some(incident), _) => Picture::of_incident(&source, incident),
            (None, Some(maintenance)) => Picture::of_maintenance(&source, maintenance),
            (None, None) => Picture::of_page(&source),
        };
        picture.drawn()
    });
    let bytes = drawn.await?.ok_or(Fault::Away)?;
    Ok(Made { kind: Kind::Format { content_type: PNG }, bytes, notice: String::new() })
}
