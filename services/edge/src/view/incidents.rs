//! Incidents with their story.

use std::ops::Range;

use kit::markdown::{self, Title};
use proto::incidents::v1::{Impact, Incident, Postmortem};

use super::{
    Mark, Moment, PageHead, Window, moment,
    names::Names,
    story::{self, StatusNames, UpdateView},
};

/// Of an open incident the front of a page has so many updates; the incident's own page has all.
const FRONT_UPDATES: usize = 100;
/// So many of those are shown at once, the others are folded.
const UNFOLDED_UPDATES: usize = 10;

/// An incident with its story.
#[derive(Debug)]
pub(crate) struct IncidentView {
    pub(crate) id: String,
    /// Its place below the page's: `incidents/inc_…`.
    pub(crate) place: String,
    pub(crate) title: String,
    /// The language of its texts if it is not the page's.
    pub(crate) language: String,
    pub(crate) impact: Mark,
    /// Whether its impact is told in words: [`says_impact`].
    pub(crate) says_impact: bool,
    pub(crate) phase: Mark,
    pub(crate) started: Option<Moment>,
    pub(crate) resolved: Option<Moment>,
    /// When customers were hurt, as people say.
    pub(crate) hurt: Option<Window>,
    pub(crate) lasted: Option<String>,
    pub(crate) next_update: Option<NextUpdate>,
    /// All components that it speaks of, by name.
    pub(crate) names: String,
    /// What it says of components now; of an incident that is over, nothing.
    pub(crate) affected: Vec<StatusNames>,
    /// When single components were hurt, as people say.
    pub(crate) component_impacts: Vec<ComponentImpactView>,
    pub(crate) postmortem: Option<PostmortemView>,
    /// The newest first.
    pub(crate) updates: Vec<UpdateView>,
    /// Those before them, folded.
    pub(crate) earlier: Vec<UpdateView>,
    /// How many updates are folded, in words.
    pub(crate) earlier_count: String,
    /// How many updates there are, in words, when not all are here.
    pub(crate) all_updates: Option<String>,
}

/// Until when the next update is promised.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NextUpdate {
    /// The moment in a sentence.
    pub(crate) by: Moment,
    pub(crate) is_overdue: bool,
}

/// When a component was how bad.
#[derive(Debug)]
pub(crate) struct ComponentImpactView {
    pub(crate) status: Mark,
    pub(crate) name: String,
    pub(crate) span: Option<Window>,
}

/// The report after an incident.
#[derive(Debug)]
pub(crate) struct PostmortemView {
    /// Safe HTML.
    pub(crate) html: String,
    /// When it was published, in words.
    pub(crate) published: Option<Moment>,
    /// When it was last published with another text, in words.
    pub(crate) edited: Option<Moment>,
}

/// What the texts of an incident stand under in the templates.
#[derive(Debug, Clone, Copy)]
struct Titles {
    updates: Title,
    postmortem: Title,
}

impl Titles {
    /// Under the incident's own title, the report under one of its own.
    const ON_FRONT: Self = Self { updates: Title::H3, postmortem: Title::H4 };
    const ALONE: Self = Self { updates: Title::H2, postmortem: Title::H2 };
}

impl IncidentView {
    /// An incident among others, on the front of a page.
    pub(super) fn on_front(head: &PageHead, names: &Names, incident: Incident) -> Self {
        let unfolded = incident.updates.len().min(UNFOLDED_UPDATES);
        let all = incident.updates.len().min(FRONT_UPDATES);
        let mut view = Self::new(head, names, &incident, Titles::ON_FRONT, 0..unfolded);
        view.earlier = updates(head, names, &incident, Titles::ON_FRONT.updates, unfolded..all);
        view.earlier_count = head.texts.say_count("earlier-updates", view.earlier.len());
        view.all_updates =
            story::all_updates(head.texts, incident.updates.len(), incident.earlier_updates, all);
        view
    }

    /// An incident by itself, with all that it tells; `ids` are the components that it speaks of.
    pub(super) fn alone<'a>(
        head: &PageHead,
        names: &Names,
        incident: &Incident,
        ids: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut view = Self::new(head, names, incident, Titles::ALONE, 0..incident.updates.len());
        view.names = names.listed(ids, usize::MAX, head.texts);
        view
    }

    fn new(head: &PageHead, names: &Names, incident: &Incident, titles: Titles, shown: Range<usize>) -> Self {
        let is_open = incident.resolved_at.is_none();
        let affected = &incident.affected_components;
        Self {
            id: incident.incident_id.clone(),
            place: place(incident),
            title: incident.title.clone(),
            language: story::foreign(head, incident.language.clone()),
            impact: Mark::impact(incident.impact(), head.texts),
            says_impact: says_impact(incident),
            phase: Mark::phase(incident.phase(), head.texts),
            started: head.zone.told(incident.started_at.as_ref()),
            resolved: head.zone.told(incident.resolved_at.as_ref()),
            hurt: hurt(head, incident),
            lasted: lasted(head, incident),
            next_update: NextUpdate::of(head, incident),
            names: names.listed(
                affected.iter().map(|each| each.component_id.as_str()),
                super::names::FEW,
                head.texts,
            ),
            affected: if is_open { story::by_status(head, names, affected) } else { Vec::new() },
            component_impacts: component_impacts(head, names, incident),
            postmortem: incident
                .postmortem
                .as_ref()
                .map(|report| PostmortemView::new(head, titles.postmortem, report)),
            updates: updates(head, names, incident, titles.updates, shown),
            earlier: Vec::new(),
            earlier_count: String::new(),
            all_updates: None,
        }
    }
}

/// Whether it is known how bad it was. Where no component was marked, "no impact" is only said if people did.
pub(super) fn says_impact(incident: &Incident) -> bool {
    incident.impact() != Impact::None || incident.impact_is_overridden
}

/// The place of an incident below its page's.
pub(super) fn place(incident: &Incident) -> String {
    format!("incidents/{}", incident.incident_id)
}

fn updates(
    head: &PageHead,
    names: &Names,
    incident: &Incident,
    title: Title,
    shown: Range<usize>,
) -> Vec<UpdateView> {
    let all = &incident.updates;
    shown.map(|n| UpdateView::of_incident(head, names, title, &all[n], all.get(n + 1))).collect()
}

/// The span in which customers were hurt, where people say so, and it is not that of the incident.
fn hurt(head: &PageHead, incident: &Incident) -> Option<Window> {
    let minute = |at: Option<&prost_types::Timestamp>| at.map(|at| at.seconds.div_euclid(60));
    let span = (minute(incident.started_at.as_ref()), minute(incident.resolved_at.as_ref()));
    if span == (minute(incident.impact_started_at.as_ref()), minute(incident.impact_ended_at.as_ref())) {
        return None;
    }
    let mut span =
        head.zone.window(incident.impact_started_at.as_ref(), incident.impact_ended_at.as_ref())?;
    if span.to.is_none() {
        span.from.text = head.texts.say_of("since", &span.from.text);
    }
    Some(span)
}

/// How long the impact lasted, where people say so; else, of an incident that is over, the incident itself.
pub(super) fn lasted(head: &PageHead, incident: &Incident) -> Option<String> {
    let impact =
        moment::lasted(head.texts, incident.impact_started_at.as_ref(), incident.impact_ended_at.as_ref());
    let span = impact.or_else(|| {
        moment::lasted(head.texts, incident.started_at.as_ref(), incident.resolved_at.as_ref())
    })?;
    Some(head.texts.say_of("lasted", &span))
}

fn component_impacts(head: &PageHead, names: &Names, incident: &Incident) -> Vec<ComponentImpactView> {
    let impacts = incident.component_impacts.iter();
    impacts
        .filter_map(|impact| {
            let name = names.listed([impact.component_id.as_str()], 1, head.texts);
            (!name.is_empty()).then(|| ComponentImpactView {
                status: Mark::component(impact.status(), head.texts),
                name,
                span: head.zone.window(impact.started_at.as_ref(), impact.ended_at.as_ref()),
            })
        })
        .collect()
}

impl NextUpdate {
    fn of(head: &PageHead, incident: &Incident) -> Option<Self> {
        let at = moment::read(incident.next_update_at.as_ref()).filter(|_| incident.resolved_at.is_none())?;
        let is_overdue = at < head.now;
        let is_today = head.zone.share_day(at, head.now);
        let key = match (is_overdue, is_today) {
            (false, false) => "next-update",
            (false, true) => "next-update-today",
            (true, false) => "next-update-overdue",
            (true, true) => "next-update-overdue-today",
        };
        let by = if is_today { head.zone.time_of_day(at) } else { head.zone.moment(at) };
        Some(Self { by: Moment { text: head.texts.say_of(key, &by.text), ..by }, is_overdue })
    }
}

impl PostmortemView {
    fn new(head: &PageHead, title: Title, report: &Postmortem) -> Self {
        let told = |key, at| moment::read(at).map(|at| story::said(head, key, at));
        Self {
            html: markdown::to_html_under(title, &report.body),
            published: told("published", report.published_at.as_ref()),
            edited: told("edited", report.edited_at.as_ref()),
        }
    }
}
