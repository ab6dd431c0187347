//! What incidents and maintenances have in common: a story told in dated entries.

use jiff::Timestamp;
use kit::markdown;
use proto::incidents::v1::{
    AffectedComponent, ComponentStatus, IncidentUpdate, MaintenancePhase, MaintenanceUpdate,
};

use super::{Mark, Moment, PageHead, moment, names::Names};

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

impl UpdateView {
    /// An update of an incident. `before` is the one that it follows by `displayed_at`.
    pub(super) fn of_incident(
        head: &PageHead,
        names: &Names,
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
            html: markdown::to_html(&update.body),
            note: None,
            moved: Vec::new(),
            affected: by_status(head, names, &update.affected_components),
            gap: before
                .and_then(|before| gap(head, before.displayed_at.as_ref(), update.displayed_at.as_ref())),
        }
    }

    /// An update of a maintenance.
    pub(super) fn of_maintenance(
        head: &PageHead,
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
            html: markdown::to_html(&update.body),
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
    (seconds >= 30).then(|| head.texts.say_of("earlier", &moment::span(seconds)))
}

/// The language of a text as a BCP 47 tag, where it is not the page's; else empty.
pub(super) fn foreign(head: &PageHead, language: String) -> String {
    if language.eq_ignore_ascii_case(head.texts.tag()) { String::new() } else { language }
}

/// A line for each status, the worst first.
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
        let ids = affected.iter().filter(|each| each.status() == status);
        let names = names.listed(ids.map(|each| each.component_id.as_str()), super::names::FEW, head.texts);
        (!names.is_empty()).then(|| StatusNames { status: Mark::component(status, head.texts), names })
    })
    .collect()
}

/// The first paragraph, as safe HTML, cut after a word if it is long.
pub(super) fn excerpt(body: &str) -> String {
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
