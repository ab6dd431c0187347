//! What a page shows, put together once from one answer of the status service.
//!
//! Templates take these types and nothing else: what is not in them cannot leak, and every representation of
//! a page says the same. All texts are in the page's language, all times in its time zone; every `String` is
//! still to be escaped but those named `html`.

mod brand;
mod brief;
mod components;
mod history;
mod incidents;
mod maintenances;
mod marks;
mod meta;
mod moment;
mod names;
mod story;
#[cfg(test)]
mod tests;
mod uptime;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kit::locale::Locale;
use proto::incidents::v1::{
    GetPageResponse, GetUptimeResponse, ListHistoryResponse, OverallStatus, StatusServiceGetIncidentResponse,
    StatusServiceGetMaintenanceResponse,
};

pub(crate) use self::{
    brand::{Brand, Digest},
    brief::Brief,
    components::{Offer, Section, severity},
    history::{HistoryView, Summary},
    incidents::IncidentView,
    maintenances::MaintenanceView,
    marks::{Mark, Tone},
    meta::{Meta, PREVIEW, Place},
    moment::{Moment, Window, Zone},
    story::all_updates,
    uptime::UptimeView,
};
use self::{names::Names, uptime::Bars};
use crate::texts::Texts;

/// What every representation of a page knows of it.
#[derive(Debug)]
pub(crate) struct PageHead {
    pub(crate) page_id: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) texts: Texts,
    pub(crate) zone: Zone,
    /// When the answer that this is from was put together: what is past then, is past.
    pub(crate) now: Timestamp,
    /// What a reader may choose to hear of, in the order in which the page shows it.
    pub(crate) offers: Vec<Offer>,
    pub(crate) brand: Brand,
    names: Names,
}

/// The front of a page.
#[derive(Debug)]
pub(crate) struct PageView {
    pub(crate) head: PageHead,
    pub(crate) overall: Mark,
    /// What stands below the overall status: how many incidents are open, how many components are affected.
    pub(crate) overall_notes: Vec<String>,
    pub(crate) open_incidents: Vec<IncidentView>,
    pub(crate) active_maintenances: Vec<MaintenanceView>,
    pub(crate) upcoming_maintenances: Vec<Summary>,
    pub(crate) sections: Vec<Section>,
    /// Whether the uptime of anything is shown.
    pub(crate) has_uptime: bool,
    pub(crate) recent_incidents: Vec<Summary>,
    pub(crate) recent_maintenances: Vec<Summary>,
}

impl PageHead {
    /// The head of a page; nothing if the answer lacks the page itself or its time.
    pub(crate) fn new(answer: &GetPageResponse) -> Option<Self> {
        let page = answer.page.as_ref()?;
        let locale = Locale::parse(&page.locale).unwrap_or(Locale::En);
        let time_zone = TimeZone::get(&page.time_zone).unwrap_or(TimeZone::UTC);
        Some(Self {
            page_id: page.page_id.clone(),
            slug: page.slug.clone(),
            name: page.name.clone(),
            texts: Texts::of(locale),
            zone: Zone { time_zone, locale },
            now: moment::read(answer.generated_at.as_ref())?,
            offers: components::offers(&answer.component_groups, &answer.components),
            brand: Brand::new(page.branding.as_ref()),
            names: Names::of(
                answer.components.iter().chain(&answer.former_components),
                &answer.component_groups,
            ),
        })
    }

    /// "Acme status"; the name alone where it says so itself, in the page's language or in English.
    pub(crate) fn title(&self) -> String {
        let words = [self.texts, Texts::of(Locale::En)].map(|texts| texts.say("page-title-word"));
        if words.iter().any(|word| names::has_at_an_end(&self.name, word)) {
            return self.name.clone();
        }
        self.texts.say_of("page-title", &self.name)
    }

    /// An incident with all that it tells; nothing if the answer lacks it.
    pub(crate) fn incident(&self, told: StatusServiceGetIncidentResponse) -> Option<IncidentView> {
        let names = Names::of(&told.components, &told.component_groups);
        let ids = told.components.iter().map(|each| each.component_id.as_str());
        Some(IncidentView::alone(self, &names, &told.incident?, ids))
    }

    /// A maintenance with all that it tells; nothing if the answer lacks it.
    pub(crate) fn maintenance(&self, told: StatusServiceGetMaintenanceResponse) -> Option<MaintenanceView> {
        let names = Names::of(&told.components, &told.component_groups);
        Some(MaintenanceView::alone(self, &names, told.maintenance?))
    }

    /// A lot of history.
    pub(crate) fn history(&self, lot: ListHistoryResponse) -> HistoryView {
        HistoryView::new(self, lot)
    }

    /// The uptime of months, oldest first, each by its first day.
    pub(crate) fn uptime(&self, months: &[(Date, GetUptimeResponse)]) -> UptimeView {
        UptimeView::new(self, months)
    }

    /// The overall status, and what it comes from.
    pub(crate) fn overall(&self, answer: &GetPageResponse) -> (Mark, Vec<String>) {
        let affected = answer.components.iter().filter(|each| components::is_affected(each)).count();
        let mut notes = [
            ("open-count", answer.open_incidents.len()),
            ("active-count", answer.active_maintenances.len()),
            ("affected-count", affected),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| self.texts.say_count(key, count))
        .collect::<Vec<_>>();
        if answer.overall_status() == OverallStatus::Operational && notes.is_empty() {
            notes.push(self.texts.say("nothing-affected"));
        }
        (Mark::overall(answer.overall_status(), self.texts), notes)
    }
}

impl PageView {
    /// The front of a page; nothing if the answer lacks the page itself or its time.
    pub(crate) fn new(answer: GetPageResponse) -> Option<Self> {
        let head = PageHead::new(&answer)?;
        let (overall, overall_notes) = head.overall(&answer);
        let names = &head.names;
        let mut bars = Bars::new(&head, answer.uptimes);
        let listed =
            |all: Vec<_>| all.into_iter().map(|each| Summary::of_maintenance(&head, names, each)).collect();
        Some(Self {
            overall,
            overall_notes,
            open_incidents: answer
                .open_incidents
                .into_iter()
                .map(|incident| IncidentView::on_front(&head, names, incident))
                .collect(),
            active_maintenances: answer
                .active_maintenances
                .into_iter()
                .map(|maintenance| MaintenanceView::on_front(&head, names, maintenance))
                .collect(),
            upcoming_maintenances: listed(answer.upcoming_maintenances),
            has_uptime: !bars.is_empty(),
            sections: components::sections(&head, &answer.component_groups, &answer.components, &mut bars),
            recent_incidents: answer
                .recent_incidents
                .into_iter()
                .map(|incident| Summary::of_incident(&head, names, incident))
                .collect(),
            recent_maintenances: listed(answer.recent_maintenances),
            head,
        })
    }
}
