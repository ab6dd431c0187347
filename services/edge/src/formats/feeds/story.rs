//! Incidents and maintenances as feeds tell them.

use std::{cmp::Reverse, collections::HashSet};

use jiff::Timestamp;
use kit::{
    code::Code,
    ids::{IncidentId, InvalidId, MaintenanceId, UpdateId},
    markdown,
};
use proto::incidents::v1::{
    Component, Impact, Incident, Maintenance, MaintenancePhase, StatusServiceGetIncidentResponse,
    StatusServiceGetMaintenanceResponse,
};

use super::teller::{Teller, escape};
use crate::{
    view::{IncidentView, MaintenanceView, all_updates},
    wire::read,
};

/// An incident or a maintenance with all that was told of it, and the components off the page that it may speak of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Story<'a> {
    Incident(&'a Incident, &'a [Component]),
    Maintenance(&'a Maintenance, &'a [Component]),
}

/// A story with what it tells.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) facts: Facts,
    /// The newest first.
    pub(super) told: Vec<Told>,
}

/// What holds for a whole story. All texts are still to be escaped and cleaned.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// What its id is made of: `Incident/<code>`.
    pub(super) name: String,
    /// Its place below the page's: `incidents/inc_…`.
    pub(super) place: String,
    pub(super) title: String,
    /// The language of its texts as a BCP 47 tag, if it is not the page's.
    pub(super) language: Option<String>,
    /// When a maintenance is planned, in words.
    pub(super) planned: Option<String>,
    /// How many updates there are, in words, when not all are here.
    pub(super) all_updates: Option<String>,
    /// What it is and how bad: for programs, and in words.
    pub(super) tags: Vec<(&'static str, String)>,
}

/// One entry of a story.
#[derive(Debug)]
pub(super) struct Told {
    /// What its id is made of: `Update/<code>`.
    pub(super) name: String,
    /// Its place below the page's: `incidents/inc_…#upd_…`.
    pub(super) place: String,
    /// The phase in words, or "Update" when the entry before had the same one.
    pub(super) label: String,
    pub(super) published: Timestamp,
    /// When it was last edited, or else published.
    pub(super) updated: Timestamp,
    /// What it tells, as safe HTML, still to be cleaned.
    pub(super) html: String,
    /// The same as text.
    pub(super) text: String,
    /// To where it moved a maintenance, in words.
    pub(super) moved: Vec<String>,
    /// How the components are that it speaks of, in words.
    pub(super) affected: Vec<String>,
}

impl Story<'_> {
    /// The public id.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Incident(incident, _) => &incident.incident_id,
            Self::Maintenance(maintenance, _) => &maintenance.maintenance_id,
        }
    }

    pub(super) fn is_open_incident(&self) -> bool {
        match self {
            Self::Incident(incident, _) => incident.resolved_at.is_none(),
            Self::Maintenance(..) => false,
        }
    }

    /// When the newest of it was told; of a maintenance to come, when it is planned to begin.
    pub(super) fn published(&self) -> Timestamp {
        let told = self.times().into_iter().max();
        match self {
            Self::Incident(incident, _) => told.or_else(|| read(incident.started_at.as_ref())),
            Self::Maintenance(maintenance, _) => {
                let planned = read(maintenance.scheduled_start_at.as_ref());
                if maintenance.phase() == MaintenancePhase::Scheduled {
                    planned.or(told)
                } else {
                    told.or(planned)
                }
            }
        }
        .unwrap_or_default()
    }

    /// When anything of it was last told or edited.
    pub(super) fn updated(&self) -> Timestamp {
        let edited = match self {
            Self::Incident(incident, _) => {
                let report = incident.postmortem.iter().map(|report| report.edited_at.as_ref());
                let updates = incident.updates.iter().map(|update| update.edited_at.as_ref());
                updates.chain(report).filter_map(read).max()
            }
            Self::Maintenance(..) => None,
        };
        self.times().into_iter().chain(edited).max().unwrap_or_else(|| self.published())
    }

    /// When each of its entries was told.
    pub(super) fn times(&self) -> Vec<Timestamp> {
        match self {
            Self::Incident(incident, _) => {
                let report =
                    incident.postmortem.iter().filter_map(|report| read(report.published_at.as_ref()));
                let updates = incident
                    .updates
                    .iter()
                    .map(|update| told_at(update.displayed_at.as_ref(), update.created_at.as_ref()));
                updates.chain(report).collect()
            }
            Self::Maintenance(maintenance, _) => maintenance
                .updates
                .iter()
                .map(|update| told_at(update.displayed_at.as_ref(), update.created_at.as_ref()))
                .collect(),
        }
    }

    /// The story with at most so many of its entries, the newest.
    pub(super) fn told(self, teller: &Teller, most: usize) -> Telling {
        let mut telling = match self {
            Self::Incident(incident, former) => of_incident(teller, incident, former, most),
            Self::Maintenance(maintenance, former) => of_maintenance(teller, maintenance, former, most),
        };
        telling.told.sort_by_key(|told| Reverse(told.published));
        telling.told.truncate(most);
        telling
    }
}

impl Told {
    /// All that it tells, as safe HTML.
    pub(super) fn whole_html(&self) -> String {
        let lines = self.moved.iter().chain(&self.affected).map(|line| paragraph(line));
        std::iter::once(self.html.clone()).chain(lines).collect()
    }

    /// The same as text.
    pub(super) fn whole_text(&self) -> String {
        let parts = std::iter::once(&self.text).chain(&self.moved).chain(&self.affected);
        parts.map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
    }
}

/// An incident as its page shows it, with so many of its updates.
fn incident_view(teller: &Teller, incident: &Incident, former: &[Component], most: usize) -> IncidentView {
    let updates = incident.updates.iter().take(most).cloned().collect::<Vec<_>>();
    let affected = updates.iter().flat_map(|update| &update.affected_components);
    let components = named(teller, former, affected.map(|each| each.component_id.as_str()).collect());
    let incident = Incident {
        incident_id: incident.incident_id.clone(),
        impact: incident.impact,
        postmortem: incident.postmortem.clone(),
        language: incident.language.clone(),
        updates,
        ..Incident::default()
    };
    let component_groups = teller.source.front.component_groups.clone();
    let told = StatusServiceGetIncidentResponse { incident: Some(incident), components, component_groups };
    teller.head.incident(told).expect("the answer has an incident")
}

/// A maintenance as its page shows it, with so many of its updates.
pub(super) fn maintenance_view(
    teller: &Teller,
    maintenance: &Maintenance,
    former: &[Component],
    most: usize,
) -> MaintenanceView {
    let components = named(teller, former, maintenance.component_ids.iter().map(String::as_str).collect());
    let maintenance = Maintenance {
        updates: maintenance.updates.iter().take(most).cloned().collect(),
        maintenance_id: maintenance.maintenance_id.clone(),
        component_ids: maintenance.component_ids.clone(),
        scheduled_start_at: maintenance.scheduled_start_at,
        scheduled_end_at: maintenance.scheduled_end_at,
        language: maintenance.language.clone(),
        ..Maintenance::default()
    };
    let component_groups = teller.source.front.component_groups.clone();
    let told =
        StatusServiceGetMaintenanceResponse { maintenance: Some(maintenance), components, component_groups };
    teller.head.maintenance(told).expect("the answer has a maintenance")
}

/// The components with these ids, those on the page first.
fn named(teller: &Teller, former: &[Component], ids: HashSet<&str>) -> Vec<Component> {
    let known = teller.source.front.components.iter().chain(former);
    known.filter(|component| ids.contains(component.component_id.as_str())).cloned().collect()
}

fn of_incident(teller: &Teller, incident: &Incident, former: &[Component], most: usize) -> Telling {
    // the one before the last is looked at to see whether the phase is a new one
    let view = incident_view(teller, incident, former, most.saturating_add(1));
    let code =
        code(incident.incident_id.parse::<IncidentId>().map(|id| Code::of(id.uuid())), &incident.incident_id);
    let place = view.place;
    let told = incident.updates.iter().take(most).zip(view.updates).map(|(update, shown)| {
        let published = told_at(update.displayed_at.as_ref(), update.created_at.as_ref());
        Told {
            name: update_name(&update.update_id),
            place: format!("{place}#{}", update.update_id),
            label: shown.label.text,
            published,
            updated: read(update.edited_at.as_ref()).map_or(published, |edited| edited.max(published)),
            html: shown.html,
            text: markdown::to_text(&update.body),
            moved: Vec::new(),
            affected: shown
                .affected
                .iter()
                .map(|line| teller.labelled(&line.status.text, &line.names))
                .collect(),
        }
    });
    let report = incident.postmortem.as_ref().zip(view.postmortem).and_then(|(report, shown)| {
        let published = read(report.published_at.as_ref())?;
        Some(Told {
            name: format!("Postmortem/{code}"),
            place: format!("{place}#postmortem"),
            label: teller.texts().say("postmortem"),
            published,
            updated: read(report.edited_at.as_ref()).map_or(published, |edited| edited.max(published)),
            html: shown.html,
            text: markdown::to_text(&report.body),
            moved: Vec::new(),
            affected: Vec::new(),
        })
    });
    let told = report.into_iter().chain(told).collect();
    let facts = Facts {
        name: format!("Incident/{code}"),
        place,
        title: incident.title.clone(),
        language: Some(view.language).filter(|language| !language.is_empty()),
        planned: None,
        all_updates: left_out(teller, incident.updates.len(), incident.earlier_updates),
        tags: vec![
            ("incident", teller.texts().say("incident")),
            (impact_term(incident.impact()), view.impact.text),
        ],
    };
    Telling { facts, told }
}

/// Says that there are updates which were left out of these.
fn left_out(teller: &Teller, told: usize, left_out: i32) -> Option<String> {
    all_updates(teller.texts(), told, left_out, told)
}

fn of_maintenance(teller: &Teller, maintenance: &Maintenance, former: &[Component], most: usize) -> Telling {
    let view = maintenance_view(teller, maintenance, former, most.saturating_add(1));
    let id = &maintenance.maintenance_id;
    let told = maintenance.updates.iter().take(most).zip(view.updates).map(|(update, shown)| {
        let published = told_at(update.displayed_at.as_ref(), update.created_at.as_ref());
        Told {
            name: update_name(&update.update_id),
            place: format!("{}#{}", view.place, update.update_id),
            label: shown.label.text,
            published,
            updated: published,
            html: shown.note.as_deref().map_or(shown.html, paragraph),
            text: shown.note.unwrap_or_else(|| markdown::to_text(&update.body)),
            moved: shown.moved.into_iter().map(|moment| moment.text).collect(),
            affected: Vec::new(),
        }
    });
    let told = told.collect();
    let facts = Facts {
        name: format!("Incident/{}", code(id.parse::<MaintenanceId>().map(|id| Code::of(id.uuid())), id)),
        place: view.place,
        title: maintenance.title.clone(),
        language: Some(view.language).filter(|language| !language.is_empty()),
        planned: view.planned.map(|span| match span.to {
            Some(to) => format!("{} - {}", span.from.text, to.text),
            None => span.from.text,
        }),
        all_updates: left_out(teller, maintenance.updates.len(), maintenance.earlier_updates),
        tags: vec![("maintenance", teller.texts().say("maintenance"))],
    };
    Telling { facts, told }
}

/// What programs call an impact.
const fn impact_term(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "none",
        Impact::Minor => "minor",
        Impact::Major => "major",
        Impact::Critical => "critical",
        Impact::Unspecified => "unknown",
    }
}

fn update_name(id: &str) -> String {
    format!("Update/{}", code(id.parse::<UpdateId>().map(|id| Code::of(id.uuid())), id))
}

/// The code of an id; the id itself if it is of another kind than it should be.
fn code(code: Result<Code, InvalidId>, id: &str) -> String {
    code.map_or_else(|_| id.to_owned(), |code| code.to_string())
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

fn told_at(
    displayed_at: Option<&prost_types::Timestamp>,
    created_at: Option<&prost_types::Timestamp>,
) -> Timestamp {
    read(displayed_at).or_else(|| read(created_at)).unwrap_or_default()
}
