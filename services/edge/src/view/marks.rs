//! A state as readers see it: always in words, and with an icon and a colour beside them.

use proto::incidents::v1::{ComponentStatus, Impact, OverallStatus, Phase};

use crate::texts::Texts;

/// How a state looks: one icon's shape and one colour each, so that nobody depends on colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A tick, green.
    Good,
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

    pub(super) fn overall(status: OverallStatus, texts: Texts) -> Self {
        let (tone, key) = match status {
            OverallStatus::Operational => (Tone::Good, "overall-operational"),
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

    pub(super) fn phase(phase: Phase, texts: Texts) -> Self {
        let (tone, key) = match phase {
            Phase::Investigating => (Tone::Unknown, "phase-investigating"),
            Phase::Identified => (Tone::Unknown, "phase-identified"),
            Phase::Monitoring => (Tone::Notice, "phase-monitoring"),
            Phase::Resolved => (Tone::Good, "phase-resolved"),
            Phase::Unspecified => (Tone::Unknown, "phase-unknown"),
        };
        Self::new(tone, key, texts)
    }
}
