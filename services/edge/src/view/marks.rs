//! A state as readers see it: always in words, and with an icon and a colour beside them.

use proto::incidents::v1::{ComponentStatus, Impact, MaintenancePhase, OverallStatus, Phase};

use crate::texts::Texts;

/// How a state looks: one icon's shape and one colour each, so that nobody depends on colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A tick, green.
    Good,
    /// A spanner, violet.
    Maintenance,
    /// A wave, yellow.
    Degraded,
    /// A triangle, orange.
    Partial,
    /// A cross, red.
    Major,
    /// An i, blue.
    Notice,
    /// A question mark, grey.
    Unknown,
}

/// A state in words, with its look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Tone {
    /// Its name in the style sheet and among the icons.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Maintenance => "maintenance",
            Self::Degraded => "degraded",
            Self::Partial => "partial",
            Self::Major => "major",
            Self::Notice => "notice",
            Self::Unknown => "unknown",
        }
    }
}

impl Mark {
    fn new(tone: Tone, key: &str, texts: Texts) -> Self {
        Self { tone, text: texts.say(key) }
    }

    pub(crate) fn overall(status: OverallStatus, texts: Texts) -> Self {
        let (tone, key) = match status {
            OverallStatus::Operational => (Tone::Good, "overall-operational"),
            OverallStatus::ServiceUnderMaintenance => {
                (Tone::Maintenance, "overall-service-under-maintenance")
            }
            OverallStatus::SystemUnderMaintenance => (Tone::Maintenance, "overall-system-under-maintenance"),
            OverallStatus::PartiallyDegraded => (Tone::Degraded, "overall-partially-degraded"),
            OverallStatus::Degraded => (Tone::Degraded, "overall-degraded"),
            OverallStatus::MinorOutage => (Tone::Partial, "overall-minor-outage"),
            OverallStatus::PartialOutage => (Tone::Partial, "overall-partial-outage"),
            OverallStatus::MajorOutage => (Tone::Major, "overall-major-outage"),
            OverallStatus::Unspecified => (Tone::Unknown, "overall-unknown"),
        };
        Self::new(tone, key, texts)
    }

    pub(super) fn component(status: ComponentStatus, texts: Texts) -> Self {
        let (tone, key) = match status {
            ComponentStatus::Operational => (Tone::Good, "status-operational"),
            ComponentStatus::UnderMaintenance => (Tone::Maintenance, "status-under-maintenance"),
            ComponentStatus::DegradedPerformance => (Tone::Degraded, "status-degraded-performance"),
            ComponentStatus::PartialOutage => (Tone::Partial, "status-partial-outage"),
            ComponentStatus::MajorOutage => (Tone::Major, "status-major-outage"),
            ComponentStatus::Unspecified => (Tone::Unknown, "status-unknown"),
        };
        Self::new(tone, key, texts)
    }

    pub(super) fn impact(impact: Impact, texts: Texts) -> Self {
        let (tone, key) = match impact {
            Impact::None => (Tone::Notice, "impact-none"),
            Impact::Minor => (Tone::Degraded, "impact-minor"),
            Impact::Major => (Tone::Partial, "impact-major"),
            Impact::Critical => (Tone::Major, "impact-critical"),
            Impact::Unspecified => (Tone::Unknown, "impact-unknown"),
        };
        Self::new(tone, key, texts)
    }

    pub(crate) fn phase(phase: Phase, texts: Texts) -> Self {
        let (tone, key) = match phase {
            Phase::Investigating => (Tone::Unknown, "phase-investigating"),
            Phase::Identified => (Tone::Unknown, "phase-identified"),
            Phase::Monitoring => (Tone::Notice, "phase-monitoring"),
            Phase::Resolved => (Tone::Good, "phase-resolved"),
            Phase::Unspecified => (Tone::Unknown, "phase-unknown"),
        };
        Self::new(tone, key, texts)
    }

    /// That something is a maintenance, where it could be an incident.
    pub(super) fn of_maintenances(texts: Texts) -> Self {
        Self::new(Tone::Maintenance, "maintenance", texts)
    }

    pub(crate) fn maintenance(phase: MaintenancePhase, texts: Texts) -> Self {
        let (tone, key) = match phase {
            MaintenancePhase::Scheduled => (Tone::Notice, "maintenance-scheduled"),
            MaintenancePhase::InProgress => (Tone::Maintenance, "maintenance-in-progress"),
            MaintenancePhase::Verifying => (Tone::Maintenance, "maintenance-verifying"),
            MaintenancePhase::Completed => (Tone::Good, "maintenance-completed"),
            MaintenancePhase::Cancelled => (Tone::Unknown, "maintenance-cancelled"),
            MaintenancePhase::Unspecified => (Tone::Unknown, "maintenance-unknown"),
        };
        Self::new(tone, key, texts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kit::locale::Locale;

    use super::*;

    fn every(texts: Texts) -> Vec<Mark> {
        let mut marks = Vec::new();
        marks.extend((0..9).map(|n| Mark::overall(OverallStatus::try_from(n).unwrap(), texts)));
        marks.extend((0..6).map(|n| Mark::component(ComponentStatus::try_from(n).unwrap(), texts)));
        marks.extend((0..5).map(|n| Mark::impact(Impact::try_from(n).unwrap(), texts)));
        marks.extend((0..5).map(|n| Mark::phase(Phase::try_from(n).unwrap(), texts)));
        marks.push(Mark::of_maintenances(texts));
        marks.extend((0..6).map(|n| Mark::maintenance(MaintenancePhase::try_from(n).unwrap(), texts)));
        marks
    }

    #[test]
    fn every_state_has_its_words_in_every_language() {
        for locale in Locale::ALL {
            for mark in every(Texts::of(locale)) {
                assert!(!mark.text.contains("Unknown localization"), "{mark:?}");
            }
        }
    }

    #[test]
    fn every_look_has_an_icon_and_a_colour() {
        let icons = include_str!("../../templates/icons.html");
        let style = include_str!("../../static/pharos.css");
        let looks = every(Texts::of(Locale::En)).iter().map(|mark| mark.tone.name()).collect::<BTreeSet<_>>();
        assert_eq!(looks.len(), 7);
        for look in looks {
            assert!(icons.contains(&format!("id=\"icon-{look}\"")), "{look}");
            assert!(style.contains(&format!("--tone: var(--{look});")), "{look}");
        }
    }
}
