//! What happened: a page's history, an incident, a maintenance.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Redirect, Response},
};
use proto::incidents::v1::{
    ListHistoryRequest, StatusServiceGetIncidentRequest, StatusServiceGetIncidentResponse,
    StatusServiceGetMaintenanceRequest, StatusServiceGetMaintenanceResponse,
};
use serde::Deserialize;

use super::{
    answer::{Frame, Refused},
    document::{Document, StoryId},
    formats::{CodeOr, place_of, show_story},
    maker::Maker,
    reader::{Reader, Segments},
    slug::Slug,
    snapshots::{Made, Snapshots},
};
use crate::{
    formats::Source,
    peers::{Fault, Peers, ask, request},
    view::{HistoryView, IncidentView, MaintenanceView, Meta, PageHead},
};

#[derive(Template)]
#[template(path = "history.html")]
struct History {
    frame: Frame,
    meta: Meta,
    head: Arc<PageHead>,
    history: HistoryView,
    /// Whether these are the newest.
    is_first: bool,
}

#[derive(Template)]
#[template(path = "incident.html")]
struct IncidentStory {
    frame: Frame,
    meta: Meta,
    head: Arc<PageHead>,
    incident: IncidentView,
}

#[derive(Template)]
#[template(path = "maintenance.html")]
struct MaintenanceStory {
    frame: Frame,
    meta: Meta,
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
pub(super) async fn show_history(
    State(snapshots): State<Snapshots>,
    Segments(slug): Segments<Slug>,
    place: Result<Query<Place>, QueryRejection>,
    reader: Reader,
) -> Result<Response, Refused> {
    let Query(Place { page_token }) = place.map_err(|_| reader.refuse(Fault::NotFound))?;
    reader.show(&snapshots, &slug, &Document::History { page_token }).await
}

/// `GET /p/{slug}/incidents/{incident_id}`, or by a code that other makers' programs know.
pub(super) async fn show_incident(
    State(snapshots): State<Snapshots>,
    State(peers): State<Peers>,
    Segments((slug, name)): Segments<(Slug, String)>,
    reader: Reader,
) -> Result<Response, Refused> {
    match CodeOr::from(name) {
        CodeOr::Document(code) => Ok(show_story(&snapshots, &slug, code, &reader).await),
        CodeOr::Page(code) => {
            let place = place_of(&snapshots, &peers, &slug, code).await;
            let place = place.map_err(|fault| reader.refuse(fault))?;
            Ok(Redirect::permanent(&place).into_response())
        }
        CodeOr::Other(name) => {
            let StoryId(id) = StoryId::try_from(name).map_err(|_| reader.refuse(Fault::NotFound))?;
            reader.show(&snapshots, &slug, &Document::Incident(id)).await
        }
    }
}

/// `GET /p/{slug}/maintenances/{maintenance_id}`
pub(super) async fn show_maintenance(
    State(snapshots): State<Snapshots>,
    Segments((slug, StoryId(id))): Segments<(Slug, StoryId)>,
    reader: Reader,
) -> Result<Response, Refused> {
    reader.show(&snapshots, &slug, &Document::Maintenance(id)).await
}

pub(super) async fn history(maker: &Maker, source: Arc<Source>, page_token: String) -> Result<Made, Fault> {
    let is_first = page_token.is_empty();
    let asked = ListHistoryRequest { page_id: source.page.page_id.clone(), page_size: 0, page_token };
    let lot = ask(maker.peers.status().list_history(request(asked))).await?;
    maker
        .page(source, move |frame, source| {
            let head = Arc::clone(&source.head);
            let meta = source.place().history(is_first);
            Some(History { frame, meta, history: head.history(lot), head, is_first })
        })
        .await
}

pub(super) async fn incident(maker: &Maker, source: Arc<Source>, incident_id: String) -> Result<Made, Fault> {
    let told = told_incident(maker, &source, incident_id).await?;
    maker
        .page(source, move |frame, source| {
            let head = Arc::clone(&source.head);
            let meta = source.place().incident(told.incident.as_ref()?);
            Some(IncidentStory { frame, meta, incident: head.incident(told)?, head })
        })
        .await
}

/// An incident with all that it tells.
pub(super) async fn told_incident(
    maker: &Maker,
    source: &Source,
    incident_id: String,
) -> Result<StatusServiceGetIncidentResponse, Fault> {
    let asked = StatusServiceGetIncidentRequest { page_id: source.page.page_id.clone(), incident_id };
    Ok(ask(maker.peers.status().get_incident(request(asked))).await?)
}

pub(super) async fn maintenance(
    maker: &Maker,
    source: Arc<Source>,
    maintenance_id: String,
) -> Result<Made, Fault> {
    let told = told_maintenance(maker, &source, maintenance_id).await?;
    maker
        .page(source, move |frame, source| {
            let head = Arc::clone(&source.head);
            let meta = source.place().maintenance(told.maintenance.as_ref()?);
            Some(MaintenanceStory { frame, meta, maintenance: head.maintenance(told)?, head })
        })
        .await
}

/// A maintenance with all that it tells.
pub(super) async fn told_maintenance(
    maker: &Maker,
    source: &Source,
    maintenance_id: String,
) -> Result<StatusServiceGetMaintenanceResponse, Fault> {
    let asked = StatusServiceGetMaintenanceRequest { page_id: source.page.page_id.clone(), maintenance_id };
    Ok(ask(maker.peers.status().get_maintenance(request(asked))).await?)
}
