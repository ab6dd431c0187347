//! Where a story stands, as shortly as a picture can tell it.

use proto::incidents::v1::{Incident, Maintenance};

use super::{Mark, PageHead, incidents, maintenances};
use crate::wire::read;

/// A story in two lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) mark: Mark,
    /// As of when, or for when; empty if that is not known.
    pub(crate) when: String,
}

impl Brief {
    /// An incident: its phase and, while it is open, its impact, as of its newest update.
    pub(crate) fn of_incident(head: &PageHead, incident: &Incident) -> Self {
        let phase = Mark::phase(incident.phase(), head.texts);
        let impact = Mark::impact(incident.impact(), head.texts);
        let mark = if incident.resolved_at.is_some() {
            phase
        } else if !incidents::says_impact(incident) {
            Mark { tone: impact.tone, ..phase }
        } else {
            Mark { tone: impact.tone, text: format!("{} · {}", phase.text, impact.text) }
        };
        let newest = incident.updates.iter().filter_map(|update| read(update.displayed_at.as_ref())).max();
        let at = newest.or_else(|| read(incident.started_at.as_ref()));
        Self { mark, when: at.map(|at| head.zone.moment(at).text).unwrap_or_default() }
    }

    /// A maintenance: its phase, and when it is planned.
    pub(crate) fn of_maintenance(head: &PageHead, maintenance: &Maintenance) -> Self {
        let phase = Mark::maintenance(maintenance.phase(), head.texts);
        let text = head.texts.say_with(
            "labelled",
            [("label", head.texts.say("maintenance").into()), ("text", phase.text.as_str().into())],
        );
        let when = maintenances::planned(head, maintenance).map(|window| window.in_words());
        Self { mark: Mark { text, ..phase }, when: when.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use proto::incidents::v1::{Impact, MaintenancePhase, Phase};

    use super::*;
    use crate::view::{Tone, tests::head};

    fn wire(at: &str) -> Option<prost_types::Timestamp> {
        Some(kit::time::to_wire(at.parse().unwrap()))
    }

    #[test]
    fn an_open_incident_is_told_with_its_impact_and_one_that_is_over_is_good() {
        let open = Incident {
            phase: Phase::Identified.into(),
            impact: Impact::Major.into(),
            started_at: wire("2026-11-20T13:00:00Z"),
            ..Incident::default()
        };
        let brief = Brief::of_incident(&head("en"), &open);
        assert_eq!((brief.mark.tone, brief.mark.text.as_str()), (Tone::Partial, "Identified · Major impact"));
        assert_eq!(brief.when, "20 November 2026 at 10:00 GMT−3");
        let over =
            Incident { phase: Phase::Resolved.into(), resolved_at: wire("2026-11-20T14:00:00Z"), ..open };
        let brief = Brief::of_incident(&head("en"), &over);
        assert_eq!((brief.mark.tone, brief.mark.text.as_str()), (Tone::Good, "Resolved"));
    }

    #[test]
    fn a_maintenance_is_told_with_when_it_is_planned() {
        let maintenance = Maintenance {
            phase: MaintenancePhase::Scheduled.into(),
            scheduled_start_at: wire("2026-11-20T20:00:00Z"),
            scheduled_end_at: wire("2026-11-20T22:30:00Z"),
            ..Maintenance::default()
        };
        let brief = Brief::of_maintenance(&head("de"), &maintenance);
        assert!(brief.when.ends_with("– 19:30 GMT−3"), "{brief:?}");
        assert!(brief.mark.text.starts_with("Wartung: "), "{brief:?}");
    }
}
