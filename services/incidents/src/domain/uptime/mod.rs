//! Uptime: how much of some days a component or a group was up.
//!
//! The arithmetic is that of the most widely used status pages, in whole numbers only, so that everybody who has the
//! seconds and the weights comes to the same hundredth of a percent.

mod window;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

pub(crate) use window::Window;

use self::window::Day;
use super::{ComponentStatus, Spell};

/// Hundredths of a percent that are all.
const ALL: i128 = 10_000;

/// How much of an outage counts as down, in percent: 0 to 100, and of a partial one not more than of a major one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Weights {
    pub(crate) partial_outage_percent: i16,
    pub(crate) major_outage_percent: i16,
}

impl Weights {
    /// Those of a page that never set any, from the contract.
    pub(crate) const UNSET: Self = Self { partial_outage_percent: 30, major_outage_percent: 100 };
}

/// Seconds with an outage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outage {
    /// With a partial outage and nothing worse.
    pub(crate) partial: i64,
    pub(crate) major: i64,
}

impl Outage {
    fn plus(self, other: Self) -> Self {
        Self { partial: self.partial + other.partial, major: self.major + other.major }
    }
}

/// The outages of a window, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uptime {
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    /// The days with at least a second of an outage, oldest first.
    pub(crate) days: Vec<(Date, Outage)>,
}

impl Uptime {
    /// A component's, from the first day on that it is counted from. At each moment the worst of its spells counts,
    /// and only outages do; what is less than a second a day is left out.
    pub(crate) fn of_component(window: &Window, start_date: Option<Date>, spells: &[Spell]) -> Self {
        let days = window.since(start_date);
        let outage = |spell: &&Spell| match spell.status {
            ComponentStatus::Operational
            | ComponentStatus::UnderMaintenance
            | ComponentStatus::DegradedPerformance => false,
            ComponentStatus::PartialOutage | ComponentStatus::MajorOutage => true,
        };
        let any = covered(days, spells.iter().filter(outage));
        let major = covered(days, spells.iter().filter(|spell| spell.status == ComponentStatus::MajorOutage));
        let outages = days.iter().zip(any).zip(major).map(|((day, any), major)| {
            let seconds = |microseconds: i64| microseconds / 1_000_000;
            (day.date, Outage { partial: seconds(any - major), major: seconds(major) })
        });
        Self {
            started_at: days.first().map_or(window.ended_at(), |day| day.from),
            ended_at: window.ended_at(),
            days: with_outage(outages),
        }
    }

    /// A group's: its seconds of a day are the mean of those components' that are counted on that day, rounded down. It
    /// begins with the first of them to be counted.
    pub(crate) fn of_group(window: &Window, components: &[&Self]) -> Self {
        let mut days = BTreeMap::<_, Outage>::new();
        for (date, outage) in components.iter().flat_map(|component| &component.days) {
            let sum = days.entry(*date).or_default();
            *sum = sum.plus(*outage);
        }
        let means = window.since(None).iter().filter_map(|day| {
            let sum = days.get(&day.date)?;
            // One that was not there yet was not up either.
            let counted = components.iter().filter(|component| component.started_at <= day.from).count();
            let count = i64::try_from(counted).unwrap_or(i64::MAX);
            Some((day.date, Outage { partial: sum.partial / count, major: sum.major / count }))
        });
        let begins = components.iter().map(|component| component.started_at).min();
        Self {
            started_at: begins.unwrap_or(window.started_at()),
            ended_at: window.ended_at(),
            days: with_outage(means),
        }
    }

    /// Seconds of the window.
    pub(crate) fn window_seconds(&self) -> i64 {
        self.ended_at.as_second() - self.started_at.as_second()
    }

    /// Seconds with an outage, of all days.
    pub(crate) fn outage(&self) -> Outage {
        self.days.iter().fold(Outage::default(), |sum, (_, outage)| sum.plus(*outage))
    }

    /// The uptime in hundredths of a percent, rounded down; all of it if the window has not begun.
    pub(crate) fn hundredths_of_percent(&self, weights: Weights) -> i32 {
        let window = i128::from(self.window_seconds());
        let outage = self.outage();
        let down = i128::from(weights.partial_outage_percent) * i128::from(outage.partial)
            + i128::from(weights.major_outage_percent) * i128::from(outage.major);
        // A percent has a hundred hundredths.
        let up = (ALL * window - 100 * down).checked_div_euclid(window).unwrap_or(ALL);
        i32::try_from(up).unwrap_or(0)
    }
}

fn with_outage(days: impl Iterator<Item = (Date, Outage)>) -> Vec<(Date, Outage)> {
    days.filter(|(_, outage)| *outage != Outage::default()).collect()
}

/// Of each day the microseconds that any of the spells covers.
fn covered<'a>(days: &[Day], spells: impl Iterator<Item = &'a Spell>) -> Vec<i64> {
    let mut spans =
        spells.map(|spell| (spell.started_at, spell.ended_at.unwrap_or(Timestamp::MAX))).collect::<Vec<_>>();
    spans.sort_unstable();
    let mut covered = vec![0; days.len()];
    // All spans begin in order, so that what is before the latest end is counted already.
    let mut counted_to = Timestamp::MIN;
    for (from, to) in spans {
        let from = from.max(counted_to);
        if from >= to {
            continue;
        }
        counted_to = to;
        let first = days.partition_point(|day| day.to <= from);
        for (day, covered) in days.iter().zip(&mut covered).skip(first).take_while(|(day, _)| day.from < to) {
            *covered += day.to.min(to).as_microsecond() - day.from.max(from).as_microsecond();
        }
    }
    covered
}

#[cfg(test)]
mod tests;
