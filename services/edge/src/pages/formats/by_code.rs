//! One story by the code that programs of other makers know it by.

use axum::response::{IntoResponse as _, Response};
use kit::code::Code;
use proto::incidents::v1::{
    FindStoryRequest, StatusServiceGetIncidentRequest, StatusServiceGetMaintenanceRequest,
    find_story_response::Story,
};

use super::{
    Formats,
    document::{Document, Refusal},
    make::{json, json_of},
};
use crate::{
    formats::{Source, compat},
    pages::{heads::Slug, reader::Reader},
    peers::{Fault, ask, request},
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
pub(in crate::pages) async fn place_of(formats: &Formats, slug: Slug, code: Code) -> Result<String, Fault> {
    let source = formats.source(slug).await?;
    let slug = &source.page.slug;
    Ok(match find(formats, &source, code).await? {
        Story::IncidentId(id) => format!("/p/{slug}/incidents/{id}"),
        Story::MaintenanceId(id) => format!("/p/{slug}/maintenances/{id}"),
    })
}

/// `GET /p/{slug}/incidents/{code}.json`: what a code stands for.
pub(in crate::pages) async fn document_of(
    formats: &Formats,
    slug: Slug,
    code: Code,
    reader: &Reader,
) -> Response {
    match formats.story(slug, code).await {
        Ok(document) => document.answer(reader.has.as_ref()),
        Err(fault) => Refusal(fault).into_response(),
    }
}

pub(super) async fn made(formats: &Formats, slug: Slug, code: Code) -> Result<Document, Fault> {
    let source = formats.source(slug).await?;
    let (mut status, page_id) = (formats.peers.status(), source.page.page_id.clone());
    match find(formats, &source, code).await? {
        Story::IncidentId(incident_id) => {
            let asked = StatusServiceGetIncidentRequest { page_id, incident_id };
            let told = ask(status.get_incident(request(asked))).await?;
            json_of(formats, source, move |source| json(&compat::incident(source, &told))).await
        }
        Story::MaintenanceId(maintenance_id) => {
            let asked = StatusServiceGetMaintenanceRequest { page_id, maintenance_id };
            let told = ask(status.get_maintenance(request(asked))).await?;
            json_of(formats, source, move |source| json(&compat::maintenance(source, &told))).await
        }
    }
}

async fn find(formats: &Formats, source: &Source, code: Code) -> Result<Story, Fault> {
    let asked = FindStoryRequest { page_id: source.page.page_id.clone(), code: code.to_string() };
    ask(formats.peers.status().find_story(request(asked))).await?.story.ok_or(Fault::Away)
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
