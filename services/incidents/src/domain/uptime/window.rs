//! The days that an uptime is counted over.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A day, cut at the moment of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Whole days of a zone, cut at the moment of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Oldest first; each begins where the one before it ends.
    days: Vec<Day>,
    started_at: Timestamp,
    ended_at: Timestamp,
}

impl Window {
    /// The days from the first to the last, both of them too, as far as they have passed.
    ///
    /// It ends in a whole second, so that a window that is down all the time is down for all of its seconds.
    pub(crate) fn new(first: Date, last: Date, zone: &TimeZone, now: Timestamp) -> Self {
        let now = Timestamp::constant(now.as_second(), 0);
        let midnight = |date: Date| start_of(date, zone).min(now);
        let dates = first.series(jiff::ToSpan::day(1)).take_while(|date| *date <= last);
        let days = dates.map(|date| Day { date, from: midnight(date), to: midnight(after(date)) });
        Self { days: days.collect(), started_at: midnight(first), ended_at: midnight(after(last)) }
    }

    pub(crate) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    pub(crate) fn ended_at(&self) -> Timestamp {
        self.ended_at
    }

    /// Its days from this one on.
    pub(super) fn since(&self, start_date: Option<Date>) -> &[Day] {
        let first = start_date.map_or(0, |start| self.days.partition_point(|day| day.date < start));
        &self.days[first..]
    }
}

fn after(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// A day begins at its first moment, which is not midnight where the clock is put forward over it.
fn start_of(date: Date, zone: &TimeZone) -> Timestamp {
    let midnight = date.to_zoned(zone.clone()).and_then(|midnight| midnight.start_of_day());
    midnight.map_or(Timestamp::MAX, |start| start.timestamp())
}
