//! What happened: a page's history, an incident, a maintenance.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Redirect, Response},
};
use proto::incidents::v1::{
    ListHistoryRequest, StatusServiceGetIncidentRequest, StatusServiceGetMaintenanceRequest,
};
use serde::Deserialize;

use super::{
    answer::{self, Frame, Refused},
    formats::{CodeOr, Formats, document_of, place_of},
    heads::{Heads, Slug},
    press::Press,
    reader::{Reader, Segments},
};
use crate::{
    peers::{Fault, Peers, ask, request},
    view::{HistoryView, IncidentView, MaintenanceView, PageHead},
};

#[derive(Template)]
#[template(path = "history.html")]
struct History {
    frame: Frame,
    head: Arc<PageHead>,
    history: HistoryView,
    /// Whether these are the newest.
    is_first: bool,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentStory {
    frame: Frame,
    head: Arc<PageHead>,
    incident: IncidentView,
}

#[derive(Template)]
#[template(path = "maintenance.html")]
struct MaintenanceStory {
    frame: Frame,
    head: Arc<PageHead>,
    maintenance: MaintenanceView,
}

/// Where in the history to begin.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    page_token: String,
}

/// `GET /p/{slug}/history?page_token=`
pub(super) async fn history(
    State(peers): State<Peers>,
    State(heads): State<Heads>,
    State(press): State<Press>,
    Segments(slug): Segments<Slug>,
    place: Result<Query<Place>, QueryRejection>,
    reader: Reader,
) -> Result<Response, Refused> {
    let Query(Place { page_token }) = place.map_err(|_| reader.refuse(Fault::NotFound))?;
    let is_first = page_token.is_empty();
    let lot = async {
        let head = heads.find(slug).await?;
        let asked = ListHistoryRequest { page_id: head.page_id.clone(), page_size: 0, page_token };
        let lot = ask(peers.status().list_history(request(asked))).await?;
        Ok::<_, Fault>((head, lot))
    };
    let (head, lot) = lot.await.map_err(|fault| reader.refuse(fault))?;
    press
        .make(&reader, move |has| {
            let texts = head.texts;
            let history = head.history(lot);
            let template = History { frame: Frame::new(texts), head, history, is_first };
            Some(answer::public(&template, texts, has))
        })
        .await
}

/// `GET /p/{slug}/incidents/{incident_id}`, or by a code that other makers' programs know.
pub(super) async fn incident(
    State(peers): State<Peers>,
    State(heads): State<Heads>,
    State(press): State<Press>,
    State(formats): State<Formats>,
    Segments((slug, name)): Segments<(Slug, String)>,
    reader: Reader,
) -> Result<Response, Refused> {
    let incident_id = match CodeOr::from(name) {
        CodeOr::Document(code) => return Ok(document_of(&formats, slug, code, &reader).await),
        CodeOr::Page(code) => {
            let place = place_of(&formats, slug, code).await;
            return place
                .map(|place| Redirect::permanent(&place).into_response())
                .map_err(|fault| reader.refuse(fault));
        }
        CodeOr::Other(incident_id) => incident_id,
    };
    let story = async {
        let head = heads.find(slug).await?;
        let asked = StatusServiceGetIncidentRequest { page_id: head.page_id.clone(), incident_id };
        let told = ask(peers.status().get_incident(request(asked))).await?;
        Ok::<_, Fault>((head, told))
    };
    let (head, told) = story.await.map_err(|fault| reader.refuse(fault))?;
    press
        .make(&reader, move |has| {
            let texts = head.texts;
            let incident = head.incident(told)?;
            Some(answer::public(&IncidentStory { frame: Frame::new(texts), head, incident }, texts, has))
        })
        .await
}

/// `GET /p/{slug}/maintenances/{maintenance_id}`
pub(super) async fn maintenance(
    State(peers): State<Peers>,
    State(heads): State<Heads>,
    State(press): State<Press>,
    Segments((slug, maintenance_id)): Segments<(Slug, String)>,
    reader: Reader,
) -> Result<Response, Refused> {
    let story = async {
        let head = heads.find(slug).await?;
        let asked = StatusServiceGetMaintenanceRequest { page_id: head.page_id.clone(), maintenance_id };
        let told = ask(peers.status().get_maintenance(request(asked))).await?;
        Ok::<_, Fault>((head, told))
    };
    let (head, told) = story.await.map_err(|fault| reader.refuse(fault))?;
    press
        .make(&reader, move |has| {
            let texts = head.texts;
            let maintenance = head.maintenance(told)?;
            Some(answer::public(
                &MaintenanceStory { frame: Frame::new(texts), head, maintenance },
                texts,
                has,
            ))
        })
        .await
}
