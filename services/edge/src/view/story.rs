//! What incidents and maintenances have in common: a story told in dated entries.

use jiff::Timestamp;
use kit::markdown::{self, Title};
use proto::incidents::v1::{
    AffectedComponent, ComponentStatus, IncidentUpdate, MaintenancePhase, MaintenanceUpdate,
};

use super::{Mark, Moment, PageHead, moment, names::Names};
use crate::texts::Texts;

/// So many characters of an update stand in a summary.
const EXCERPT_CHARACTERS: usize = 320;

/// One entry of a story.
#[derive(Debug)]
pub(crate) struct UpdateView {
    pub(crate) update_id: String,
    /// The phase, or "Update" when the entry before had the same one.
    pub(crate) label: Mark,
    pub(crate) at: Option<Moment>,
    /// When it was last edited, in words.
    pub(crate) edited: Option<Moment>,
    /// Safe HTML.
    pub(crate) html: String,
    /// What happened, in the page's language, where nobody wrote it.
    pub(crate) note: Option<String>,
    /// The planned start and the planned end that it moved a maintenance to, in words.
    pub(crate) moved: Vec<Moment>,
    pub(crate) affected: Vec<StatusNames>,
    /// How much earlier the entry before it was, in words.
    pub(crate) gap: Option<String>,
}

/// Components that share a status, as one line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StatusNames {
    pub(crate) status: Mark,
    pub(crate) names: String,
}

/// "See all 101 updates", where only so many of those that were told are shown; the others are left out.
pub(crate) fn all_updates(texts: Texts, told: usize, left_out: i32, shown: usize) -> Option<String> {
    let all = told + usize::try_from(left_out).unwrap_or(0);
    (all > shown).then(|| texts.say_count("all-updates", all))
}

impl UpdateView {
    /// An update of an incident, under this title. `before` is the one that it follows by `displayed_at`.
    pub(super) fn of_incident(
        head: &PageHead,
        names: &Names,
        title: Title,
        update: &IncidentUpdate,
        before: Option<&IncidentUpdate>,
    ) -> Self {
        let mut label = Mark::phase(update.phase(), head.texts);
        if before.is_some_and(|before| before.phase == update.phase) {
            label.text = head.texts.say("phase-same");
        }
        Self {
            update_id: update.update_id.clone(),
            label,
            at: head.zone.told(update.displayed_at.as_ref()),
            edited: moment::read(update.edited_at.as_ref()).map(|at| said(head, "edited", at)),
            html: markdown::to_html_under(title, &update.body),
            note: None,
            moved: Vec::new(),
            affected: by_status(head, names, &update.affected_components),
            gap: before
                .and_then(|before| gap(head, before.displayed_at.as_ref(), update.displayed_at.as_ref())),
        }
    }

    /// An update of a maintenance, under this title.
    pub(super) fn of_maintenance(
        head: &PageHead,
        title: Title,
        update: &MaintenanceUpdate,
        before: Option<&MaintenanceUpdate>,
    ) -> Self {
        let texts = head.texts;
        let mut label = Mark::maintenance(update.phase(), texts);
        if before.is_some_and(|before| before.phase == update.phase) {
            label.text = texts.say("phase-same");
        }
        let moved = [("moved-start", &update.scheduled_start_at), ("moved-end", &update.scheduled_end_at)]
            .into_iter()
            .filter_map(|(key, at)| Some(said(head, key, moment::read(at.as_ref())?)))
            .collect::<Vec<_>>();
        let note = update.body.trim().is_empty().then(|| {
            texts.say(match update.phase() {
                MaintenancePhase::Scheduled if moved.is_empty() => "told-scheduled",
                MaintenancePhase::Scheduled => "told-moved",
                MaintenancePhase::InProgress | MaintenancePhase::Verifying
                    if before.is_some_and(|before| before.phase == update.phase) && !moved.is_empty() =>
                {
                    "told-moved"
                }
                MaintenancePhase::InProgress => "told-in-progress",
                MaintenancePhase::Verifying => "told-verifying",
                MaintenancePhase::Completed => "told-completed",
                MaintenancePhase::Cancelled => "told-cancelled",
                MaintenancePhase::Unspecified => "phase-same",
            })
        });
        Self {
            update_id: update.update_id.clone(),
            label,
            at: head.zone.told(update.displayed_at.as_ref()),
            edited: None,
            html: markdown::to_html_under(title, &update.body),
            note,
            moved,
            affected: Vec::new(),
            gap: before
                .and_then(|before| gap(head, before.displayed_at.as_ref(), update.displayed_at.as_ref())),
        }
    }
}

/// A moment in a sentence of the page's language.
pub(super) fn said(head: &PageHead, key: &str, at: Timestamp) -> Moment {
    let plain = head.zone.moment(at);
    Moment { text: head.texts.say_of(key, &plain.text), ..plain }
}

/// "1 h earlier"; nothing of less than half a minute.
fn gap(
    head: &PageHead,
    from: Option<&prost_types::Timestamp>,
    to: Option<&prost_types::Timestamp>,
) -> Option<String> {
    let seconds = moment::read(to)?.duration_since(moment::read(from)?).as_secs();
    (seconds >= 30).then(|| head.texts.say_of("earlier", &moment::span(head.texts, seconds)))
}

/// The language of a text as a BCP 47 tag, where it is not the page's; else empty.
pub(super) fn foreign(head: &PageHead, language: String) -> String {
    if language.eq_ignore_ascii_case(head.texts.tag()) { String::new() } else { language }
}

/// A line for each status, the worst first. Components that readers do not see while they are operational are not
/// said to be.
pub(super) fn by_status(head: &PageHead, names: &Names, affected: &[AffectedComponent]) -> Vec<StatusNames> {
    [
        ComponentStatus::MajorOutage,
        ComponentStatus::PartialOutage,
        ComponentStatus::DegradedPerformance,
        ComponentStatus::UnderMaintenance,
        ComponentStatus::Operational,
    ]
    .into_iter()
    .filter_map(|status| {
        let ids =
            affected.iter().filter(|each| each.status() == status).map(|each| each.component_id.as_str());
        let told = ids.filter(|id| {
            let known = names.component(id);
            status != ComponentStatus::Operational
                || known.is_none_or(|known| !known.hidden_while_operational)
        });
        let names = names.listed(told, super::names::FEW, head.texts);
        (!names.is_empty()).then(|| StatusNames { status: Mark::component(status, head.texts), names })
    })
    .collect()
}

/// The beginning of the first of these texts that says anything, as safe HTML without headings. What was done
/// automatically, or moved, is an update with an empty one.
pub(super) fn excerpt<'a>(bodies: impl IntoIterator<Item = &'a str>) -> String {
    let mut beginnings = bodies.into_iter().map(|body| markdown::opening(body, EXCERPT_CHARACTERS));
    beginnings.find(|html| !html.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proto::incidents::v1::Component;

    use super::*;
    use crate::view::tests::head;

    #[test]
    fn an_excerpt_is_of_the_newest_text_that_says_anything_cut_after_a_word() {
        assert_eq!(excerpt(["", " \n", "[ref]: x", "# Big\n\nNow.\n\nMore.", "Before."]), "<p>Now.</p>\n");
        assert_eq!(excerpt([""]), "");
        let long = "wörd ".repeat(200);
        let html = excerpt([long.as_str()]);
        assert!(html.ends_with("wörd …</p>\n"), "{html}");
        assert!(html.chars().count() < 340);
    }

    #[test]
    fn a_component_that_is_hidden_while_operational_is_not_told_to_be_operational() {
        let component = |id: &str, hidden_while_operational| Component {
            component_id: id.into(),
            name: id.to_uppercase(),
            hidden_while_operational,
            ..Component::default()
        };
        let names = Names::of(&[component("a", false), component("b", true), component("c", true)], &[]);
        let told = |statuses: [ComponentStatus; 3]| {
            let affected = ["a", "b", "c"]
                .into_iter()
                .zip(statuses)
                .map(|(id, status)| AffectedComponent { component_id: id.into(), status: status.into() });
            let lines = by_status(&head("en"), &names, &affected.collect::<Vec<_>>());
            lines.into_iter().map(|line| format!("{}: {}", line.status.text, line.names)).collect::<Vec<_>>()
        };
        let (good, bad) = (ComponentStatus::Operational, ComponentStatus::MajorOutage);
        assert_eq!(told([good, good, bad]), ["Major outage: C", "Operational: A"]);
        assert_eq!(told([bad, good, good]), ["Major outage: A"]);
    }
}
