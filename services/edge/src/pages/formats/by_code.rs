//! One story by the code that programs of other makers know it by.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use kit::code::Code;
use proto::incidents::v1::{
    FindStoryRequest, StatusServiceGetIncidentRequest, StatusServiceGetMaintenanceRequest,
    find_story_response::Story as Found,
};

use super::{
    make::{json, json_of},
    refusal::Refusal,
};
use crate::{
    formats::{Source, compat},
    pages::{
        document::Document,
        maker::Maker,
        reader::Reader,
        slug::Slug,
        snapshots::{Made, Snapshots},
    },
    peers::{Fault, Peers, ask, request},
};

/// What the last segment of a story's address names.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pages) enum CodeOr {
    /// `<code>`: the story's page.
    Page(Code),
    /// `<code>.json`: the story for programs.
    Document(Code),
    /// Something else.
    Other(String),
}

impl From<String> for CodeOr {
    fn from(segment: String) -> Self {
        let (name, is_document) = match segment.strip_suffix(".json") {
            Some(name) => (name, true),
            None => (segment.as_str(), false),
        };
        match (name.parse(), is_document) {
            (Ok(code), true) => Self::Document(code),
            (Ok(code), false) => Self::Page(code),
            (Err(_), _) => Self::Other(segment),
        }
    }
}

/// Where the page of what a code stands for is.
pub(in crate::pages) async fn place_of(
    snapshots: &Snapshots,
    peers: &Peers,
    slug: &Slug,
    code: Code,
) -> Result<String, Fault> {
    let source = snapshots.source(slug).await?;
    Ok(match find(peers, &source, code).await? {
        Found::IncidentId(id) => format!("/p/{slug}/incidents/{id}"),
        Found::MaintenanceId(id) => format!("/p/{slug}/maintenances/{id}"),
    })
}

/// `GET /p/{slug}/incidents/{code}.json`: what a code stands for.
pub(in crate::pages) async fn show_story(
    snapshots: &Snapshots,
    slug: &Slug,
    code: Code,
    reader: &Reader,
) -> Response {
    let shown = snapshots.show(slug, &Document::Story(code), &reader.headers).await;
    shown.unwrap_or_else(|fault| Refusal(fault).into_response())
}

pub(in crate::pages) async fn story(maker: &Maker, source: Arc<Source>, code: Code) -> Result<Made, Fault> {
    let (mut status, page_id) = (maker.peers.status(), source.page.page_id.clone());
    match find(&maker.peers, &source, code).await? {
        Found::IncidentId(incident_id) => {
            let asked = StatusServiceGetIncidentRequest { page_id, incident_id };
            let told = ask(status.get_incident(request(asked))).await?;
            json_of(maker, source, move |source| json(&compat::incident(source, &told))).await
        }
        Found::MaintenanceId(maintenance_id) => {
            let asked = StatusServiceGetMaintenanceRequest { page_id, maintenance_id };
            let told = ask(status.get_maintenance(request(asked))).await?;
            json_of(maker, source, move |source| json(&compat::maintenance(source, &told))).await
        }
    }
}

async fn find(peers: &Peers, source: &Source, code: Code) -> Result<Found, Fault> {
    let asked = FindStoryRequest { page_id: source.page.page_id.clone(), code: code.to_string() };
    ask(peers.status().find_story(request(asked))).await?.story.ok_or(Fault::Away)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_from_an_id_and_from_anything_else() {
        let code: Code = "0123456789ab".parse().unwrap();
        assert_eq!(CodeOr::from("0123456789ab".to_owned()), CodeOr::Page(code));
        assert_eq!(CodeOr::from("0123456789ab.json".to_owned()), CodeOr::Document(code));
        for other in ["inc_01jd0000000000000000000000", "0123456789ab.xml", "zzzzzzzzzzzz", ".json", ""] {
            assert_eq!(CodeOr::from(other.to_owned()), CodeOr::Other(other.to_owned()));
        }
    }
}
