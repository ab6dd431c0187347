//! Incidents and maintenances in lists, and under their months.

use proto::incidents::v1::{
    HistoryEntry, HistoryMonth, Incident, ListHistoryResponse, Maintenance, MaintenancePhase, history_entry,
};

use super::{Mark, PageHead, Window, incidents, maintenances, moment, names::FEW, names::Names, story};

/// One lot of a page's history.
#[derive(Debug)]
pub(crate) struct HistoryView {
    pub(crate) months: Vec<Month>,
    /// Where older entries begin, if there are any.
    pub(crate) older: Option<String>,
}

/// What began in one month.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) name: String,
    pub(crate) entries: Vec<Summary>,
}

/// An incident or a maintenance in a list.
#[derive(Debug)]
pub(crate) struct Summary {
    /// Its place below the page's: `incidents/inc_…`.
    pub(crate) place: String,
    pub(crate) title: String,
    /// The language of its texts if it is not the page's.
    pub(crate) language: String,
    /// The impact of an incident if there was any, else that it is over; the phase of a maintenance.
    pub(crate) mark: Option<Mark>,
    /// The phase of an incident that is open; among incidents, that this is a maintenance.
    pub(crate) chip: Option<Mark>,
    /// When an incident began, or when a maintenance is planned.
    pub(crate) when: Option<Window>,
    pub(crate) lasted: Option<String>,
    /// The components it speaks of, by name.
    pub(crate) names: String,
    pub(crate) has_postmortem: bool,
    /// The beginning of its last update that says anything, as safe HTML without headings.
    pub(crate) html: String,
}

impl HistoryView {
    pub(super) fn new(head: &PageHead, lot: ListHistoryResponse) -> Self {
        let names = head.names.with(&lot.former_components);
        Self {
            months: lot.months.into_iter().map(|month| Month::new(head, &names, month)).collect(),
            older: Some(lot.next_page_token).filter(|token| !token.is_empty()),
        }
    }
}

impl Month {
    fn new(head: &PageHead, names: &Names, month: HistoryMonth) -> Self {
        let first = moment::read_month(month.month.as_ref());
        let entries = month.entries.into_iter().filter_map(|HistoryEntry { entry }| {
            Some(match entry? {
                history_entry::Entry::Incident(incident) => Summary::of_incident(head, names, incident),
                history_entry::Entry::Maintenance(maintenance) => Summary {
                    chip: Some(Mark::of_maintenances(head.texts)),
                    ..Summary::of_maintenance(head, names, maintenance)
                },
            })
        });
        Self { name: first.map(|day| head.zone.month(day)).unwrap_or_default(), entries: entries.collect() }
    }
}

impl Summary {
    pub(super) fn of_incident(head: &PageHead, names: &Names, incident: Incident) -> Self {
        let ids = incident.affected_components.iter().map(|each| each.component_id.as_str());
        let is_open = incident.resolved_at.is_none();
        Self {
            place: incidents::place(&incident),
            mark: incidents::says_impact(&incident)
                .then(|| Mark::impact(incident.impact(), head.texts))
                .or_else(|| (!is_open).then(|| Mark::phase(incident.phase(), head.texts))),
            chip: is_open.then(|| Mark::phase(incident.phase(), head.texts)),
            when: head.zone.window(incident.started_at.as_ref(), None),
            lasted: incidents::lasted(head, &incident),
            names: names.listed(ids, FEW, head.texts),
            has_postmortem: incident.has_postmortem,
            html: story::excerpt(incident.updates.iter().map(|update| update.body.as_str())),
            language: story::foreign(head, incident.language),
            title: incident.title,
        }
    }

    pub(super) fn of_maintenance(head: &PageHead, names: &Names, maintenance: Maintenance) -> Self {
        let ids = maintenance.component_ids.iter().map(String::as_str);
        let lasted = match maintenance.phase() {
            MaintenancePhase::Completed => {
                moment::lasted(head.texts, maintenance.started_at.as_ref(), maintenance.ended_at.as_ref())
            }
            MaintenancePhase::Scheduled
            | MaintenancePhase::InProgress
            | MaintenancePhase::Verifying
            | MaintenancePhase::Cancelled
            | MaintenancePhase::Unspecified => None,
        };
        Self {
            place: maintenances::place(&maintenance),
            mark: Some(Mark::maintenance(maintenance.phase(), head.texts)),
            chip: None,
            when: maintenances::planned(head, &maintenance),
            lasted: lasted.map(|span| head.texts.say_of("lasted", &span)),
            names: names.listed(ids, FEW, head.texts),
            has_postmortem: false,
            html: story::excerpt(maintenance.updates.iter().map(|update| update.body.as_str())),
            language: story::foreign(head, maintenance.language),
            title: maintenance.title,
        }
    }
}
