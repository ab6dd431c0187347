//! What a page shows, put together once from one answer of the status service.
//!
//! Templates take these types and nothing else: what is not in them cannot leak, and every representation of
//! a page says the same. All texts are in the page's language, all times in its time zone; every `String` is
//! still to be escaped but those named `html`.

mod components;
mod incidents;
mod marks;
mod moment;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use kit::locale::Locale;
use proto::incidents::v1::{
    Component, GetPageResponse, Incident, ListHistoryResponse, OverallStatus, StatusPage,
};

pub(crate) use self::{
    components::Section,
    incidents::{IncidentSummary, IncidentView, Month},
    marks::Mark,
    moment::{Moment, Zone},
};
use crate::texts::Texts;

/// Of an open incident the front shows so many updates; the incident's own page has all.
const FRONT_UPDATES: usize = 10;

/// What every representation of a page knows of it.
#[derive(Debug)]
pub(crate) struct PageHead {
    pub(crate) page_id: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) texts: Texts,
    pub(crate) zone: Zone,
    /// The names of the page's components, by id.
    component_names: HashMap<String, String>,
}

/// The front of a page.
#[derive(Debug)]
pub(crate) struct PageView {
    pub(crate) head: PageHead,
    pub(crate) overall: Mark,
    /// What stands below the overall status: how many incidents are open, how many components are affected.
    pub(crate) overall_notes: Vec<String>,
    pub(crate) open_incidents: Vec<IncidentView>,
    pub(crate) sections: Vec<Section>,
    pub(crate) recent_incidents: Vec<IncidentSummary>,
}

/// One lot of a page's history.
#[derive(Debug)]
pub(crate) struct HistoryView {
    pub(crate) months: Vec<Month>,
    /// Where older incidents begin, if there are any.
    pub(crate) older: Option<String>,
}

impl PageHead {
    fn new(page: StatusPage, components: &[Component]) -> Self {
        let locale = Locale::parse(&page.locale).unwrap_or(Locale::En);
        let time_zone = TimeZone::get(&page.time_zone).unwrap_or(TimeZone::UTC);
        let component_names =
            components.iter().map(|each| (each.component_id.clone(), each.name.clone())).collect();
        Self {
            page_id: page.page_id,
            slug: page.slug,
            name: page.name,
            texts: Texts::of(locale),
            zone: Zone { time_zone, locale },
            component_names,
        }
    }

    /// "Acme status".
    pub(crate) fn title(&self) -> String {
        self.texts.say_of("page-title", &self.name)
    }

    /// An incident with all that it tells.
    pub(crate) fn incident(&self, incident: Incident) -> IncidentView {
        IncidentView::new(self, incident, usize::MAX)
    }

    /// A lot of history.
    pub(crate) fn history(&self, lot: ListHistoryResponse) -> HistoryView {
        let older = Some(lot.next_page_token).filter(|token| !token.is_empty());
        HistoryView { months: incidents::months(self, lot.incidents), older }
    }
}

impl PageView {
    /// The front of a page; nothing if the answer lacks the page itself.
    pub(crate) fn new(answer: GetPageResponse) -> Option<Self> {
        let overall = answer.overall_status();
        let GetPageResponse { page, component_groups, components, open_incidents, recent_incidents, .. } =
            answer;
        let head = PageHead::new(page?, &components);
        let affected = components.iter().filter(|each| components::is_affected(each)).count();
        let mut notes = Vec::new();
        if !open_incidents.is_empty() {
            notes.push(head.texts.say_count("open-count", open_incidents.len()));
        }
        if affected > 0 {
            notes.push(head.texts.say_count("affected-count", affected));
        }
        if overall == OverallStatus::Operational && notes.is_empty() {
            notes.push(head.texts.say("nothing-affected"));
        }
        Some(Self {
            overall: Mark::overall(overall, head.texts),
            overall_notes: notes,
            open_incidents: open_incidents
                .into_iter()
                .map(|incident| IncidentView::new(&head, incident, FRONT_UPDATES))
                .collect(),
            sections: components::sections(head.texts, component_groups, components),
            recent_incidents: recent_incidents
                .into_iter()
                .map(|incident| IncidentSummary::new(&head, incident))
                .collect(),
            head,
        })
    }
}
