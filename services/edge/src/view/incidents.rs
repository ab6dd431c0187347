//! Incidents and their updates.

use jiff::Timestamp;
use kit::markdown;
use proto::incidents::v1::{AffectedComponent, ComponentStatus, Incident, IncidentUpdate};

use super::{Mark, Moment, PageHead, moment};
use crate::texts::Texts;

/// So many components are named in one line; the rest is a number.
const NAMED_COMPONENTS: usize = 20;
/// So many characters of an update stand in a summary.
const EXCERPT_CHARACTERS: usize = 320;

/// An incident with its story.
#[derive(Debug)]
pub(crate) struct IncidentView {
    pub(crate) incident_id: String,
    pub(crate) title: String,
    pub(crate) impact: Mark,
    pub(crate) phase: Mark,
    pub(crate) started: Option<Moment>,
    pub(crate) resolved: Option<Moment>,
    pub(crate) lasted: Option<String>,
    /// What it says of components now; of an incident that is over, nothing.
    pub(crate) affected: Vec<StatusNames>,
    /// The newest first.
    pub(crate) updates: Vec<UpdateView>,
    /// How many updates there are, in words, when not all are here.
    pub(crate) all_updates: Option<String>,
}

/// One entry of an incident's story.
#[derive(Debug)]
pub(crate) struct UpdateView {
    pub(crate) update_id: String,
    /// The phase, or "Update" when the entry before had the same one.
    pub(crate) label: Mark,
    pub(crate) at: Option<Moment>,
    /// Safe HTML.
    pub(crate) html: String,
    pub(crate) affected: Vec<StatusNames>,
}

/// Components that share a status, as one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatusNames {
    pub(crate) status: Mark,
    pub(crate) names: String,
}

/// An incident in a list.
#[derive(Debug)]
pub(crate) struct IncidentSummary {
    pub(crate) incident_id: String,
    pub(crate) title: String,
    pub(crate) impact: Mark,
    pub(crate) phase: Mark,
    pub(crate) is_open: bool,
    pub(crate) started: Option<Moment>,
    pub(crate) lasted: Option<String>,
    /// The beginning of its last update, as safe HTML.
    pub(crate) html: String,
}

/// The incidents that began in one month.
#[derive(Debug)]
pub(crate) struct Month {
    pub(crate) name: String,
    pub(crate) incidents: Vec<IncidentSummary>,
}

struct Span {
    started: Option<Moment>,
    resolved: Option<Moment>,
    lasted: Option<String>,
}

impl Span {
    fn of(head: &PageHead, incident: &Incident) -> Self {
        let started = moment::read(incident.started_at.as_ref());
        let resolved = moment::read(incident.resolved_at.as_ref());
        let told = |at: Timestamp| head.zone.moment(at);
        Self {
            started: started.map(told),
            resolved: resolved.map(told),
            lasted: started.zip(resolved).map(|(from, to)| moment::lasted(from, to)),
        }
    }
}

impl IncidentView {
    pub(super) fn new(head: &PageHead, incident: Incident, most_updates: usize) -> Self {
        let span = Span::of(head, &incident);
        let is_open = incident.resolved_at.is_none();
        let (impact, phase) = (incident.impact(), incident.phase());
        let total = incident.updates.len();
        let updates = (0..total.min(most_updates))
            .map(|n| UpdateView::new(head, &incident.updates[n], incident.updates.get(n + 1)))
            .collect();
        Self {
            impact: Mark::impact(impact, head.texts),
            phase: Mark::phase(phase, head.texts),
            started: span.started,
            resolved: span.resolved,
            lasted: span.lasted,
            affected: if is_open { by_status(head, &incident.affected_components) } else { Vec::new() },
            updates,
            all_updates: (total > most_updates).then(|| head.texts.say_count("all-updates", total)),
            incident_id: incident.incident_id,
            title: incident.title,
        }
    }
}

impl UpdateView {
    fn new(head: &PageHead, update: &IncidentUpdate, before: Option<&IncidentUpdate>) -> Self {
        let mut label = Mark::phase(update.phase(), head.texts);
        if before.is_some_and(|before| before.phase == update.phase) {
            label.text = head.texts.say("phase-same");
        }
        Self {
            update_id: update.update_id.clone(),
            label,
            at: moment::read(update.displayed_at.as_ref()).map(|at| head.zone.moment(at)),
            html: markdown::to_html(&update.body),
            affected: by_status(head, &update.affected_components),
        }
    }
}

impl IncidentSummary {
    pub(super) fn new(head: &PageHead, incident: Incident) -> Self {
        let span = Span::of(head, &incident);
        let html = incident.updates.first().map(|last| excerpt(&last.body)).unwrap_or_default();
        Self {
            impact: Mark::impact(incident.impact(), head.texts),
            phase: Mark::phase(incident.phase(), head.texts),
            is_open: incident.resolved_at.is_none(),
            started: span.started,
            lasted: span.lasted,
            html,
            incident_id: incident.incident_id,
            title: incident.title,
        }
    }
}

/// Incidents under the months in which they began, in the order given.
pub(super) fn months(head: &PageHead, incidents: Vec<Incident>) -> Vec<Month> {
    let mut months = Vec::<Month>::new();
    for incident in incidents {
        let name =
            moment::read(incident.started_at.as_ref()).map(|at| head.zone.month(at)).unwrap_or_default();
        let summary = IncidentSummary::new(head, incident);
        match months.last_mut() {
            Some(month) if month.name == name => month.incidents.push(summary),
            Some(_) | None => months.push(Month { name, incidents: vec![summary] }),
        }
    }
    months
}

/// A line for each status, the worst first. Components that are no longer on the page have no name to tell.
fn by_status(head: &PageHead, affected: &[AffectedComponent]) -> Vec<StatusNames> {
    [
        ComponentStatus::MajorOutage,
        ComponentStatus::PartialOutage,
        ComponentStatus::DegradedPerformance,
        ComponentStatus::Operational,
    ]
    .into_iter()
    .filter_map(|status| {
        let names = affected
            .iter()
            .filter(|each| each.status() == status)
            .filter_map(|each| head.component_names.get(&each.component_id))
            .map(String::as_str)
            .collect::<Vec<_>>();
        let status = Mark::component(status, head.texts);
        (!names.is_empty()).then(|| StatusNames { status, names: listed(&names, head.texts) })
    })
    .collect()
}

fn listed(names: &[&str], texts: Texts) -> String {
    let mut line = names.iter().take(NAMED_COMPONENTS).copied().collect::<Vec<_>>().join(", ");
    if let Some(more) = names.len().checked_sub(NAMED_COMPONENTS).filter(|more| *more > 0) {
        line.push(' ');
        line.push_str(&texts.say_count("and-more", more));
    }
    line
}

/// The first paragraph, cut after a word if it is long.
fn excerpt(body: &str) -> String {
    let text = markdown::to_text(body);
    let paragraph = text.split("\n\n").map(str::trim).find(|part| !part.is_empty()).unwrap_or_default();
    match paragraph.char_indices().nth(EXCERPT_CHARACTERS) {
        None => markdown::to_html(paragraph),
        Some((end, _)) => {
            let cut = &paragraph[..end];
            let whole_words = cut.rsplit_once(char::is_whitespace).map_or(cut, |(words, _)| words);
            markdown::to_html(&format!("{whole_words} …"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_the_first_paragraph_cut_after_a_word() {
        assert_eq!(excerpt("\n\nIt is **over**.\r\n\r\nMore."), "<p>It is <strong>over</strong>.</p>\n");
        assert_eq!(excerpt(""), "");
        let long = "wörd ".repeat(200);
        let html = excerpt(&long);
        assert!(html.ends_with("wörd …</p>\n"), "{html}");
        assert!(html.chars().count() < 340);
        assert!(excerpt(&"x".repeat(25_000)).chars().count() < 340);
    }
}
