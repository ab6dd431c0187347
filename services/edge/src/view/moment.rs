//! Times as readers see them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use kit::locale::{self, Locale};

use crate::texts::Texts;
pub(super) use crate::wire::{read, read_day, read_month};

/// Where and in which language times are told.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) time_zone: TimeZone,
    pub(crate) locale: Locale,
}

/// A moment, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// As HTML's `datetime`, in UTC, to the second: HTML allows no more than three digits of a fraction.
    pub(crate) iso: String,
    /// In the page's language and time zone.
    pub(crate) text: String,
}

/// A time with a beginning and perhaps an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Without the zone where the end has it for both.
    pub(crate) from: Moment,
    /// Without the day where it is that of the beginning.
    pub(crate) to: Option<Moment>,
}

impl Window {
    /// "20 November 2026 at 20:00 – 22:30 GMT−3"
    pub(super) fn in_words(&self) -> String {
        match &self.to {
            None => self.from.text.clone(),
            Some(to) => format!("{} – {}", self.from.text, to.text),
        }
    }
}

impl Zone {
    /// The name of the time zone, as people write it: `America/Sao Paulo`.
    pub(crate) fn name(&self) -> String {
        self.time_zone.iana_name().unwrap_or("UTC").replace('_', " ")
    }

    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment { iso: iso(at), text: locale::date_time(at, &self.time_zone, self.locale) }
    }

    /// A moment from the wire; nothing if it is none.
    pub(super) fn told(&self, at: Option<&prost_types::Timestamp>) -> Option<Moment> {
        read(at).map(|at| self.moment(at))
    }

    /// Only its time of day: for a place where the day and the zone are told.
    pub(super) fn time_of_day(&self, at: Timestamp) -> Moment {
        Moment { iso: iso(at), text: locale::time(at, &self.time_zone, self.locale) }
    }

    /// Whether two moments are told by the same day and the same offset of the zone.
    pub(super) fn share_day(&self, one: Timestamp, other: Timestamp) -> bool {
        let (this, that) = (one.to_zoned(self.time_zone.clone()), other.to_zoned(self.time_zone.clone()));
        this.date() == that.date() && this.offset() == that.offset()
    }

    /// From one time on the wire to another; nothing if there is no beginning.
    pub(super) fn window(
        &self,
        from: Option<&prost_types::Timestamp>,
        to: Option<&prost_types::Timestamp>,
    ) -> Option<Window> {
        let (begin, end) = (read(from)?, read(to));
        let from = self.moment(begin);
        let Some(end) = end.filter(|end| self.share_day(begin, *end)) else {
            return Some(Window { from, to: end.map(|end| self.moment(end)) });
        };
        let mut to = self.time_of_day(end);
        // the zone comes last in every language, after a space
        let Some((when, zone)) = from.text.rsplit_once(' ') else {
            return Some(Window { from, to: Some(to) });
        };
        to.text = format!("{} {zone}", to.text);
        Some(Window { from: Moment { text: when.to_owned(), ..from }, to: Some(to) })
    }

    /// The day of a moment.
    pub(crate) fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone.clone()).date()
    }

    /// A day of the calendar: "20 November 2026".
    pub(super) fn day(&self, day: Date) -> String {
        noon(day).map(|at| locale::date(at, &TimeZone::UTC, self.locale)).unwrap_or_default()
    }

    /// The month of a day of the calendar: "November 2026".
    pub(super) fn month(&self, day: Date) -> String {
        noon(day).map(|at| locale::month(at, &TimeZone::UTC, self.locale)).unwrap_or_default()
    }
}

/// As HTML's `datetime`, in UTC, to the second.
pub(super) fn iso(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// A moment of a day of the calendar; nothing after the year 9999.
fn noon(day: Date) -> Option<Timestamp> {
    day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// How long something took, as [`span`]; nothing if either end is missing.
pub(super) fn lasted(
    texts: Texts,
    from: Option<&prost_types::Timestamp>,
    to: Option<&prost_types::Timestamp>,
) -> Option<String> {
    Some(span(texts, read(to)?.duration_since(read(from)?).as_secs()))
}

/// So many seconds, in the two largest units that say something: "3 days 4 h", "1 h 5 min", "1 min".
pub(super) fn span(texts: Texts, seconds: i64) -> String {
    let of = |key: &str, count: i64| texts.say_with(key, [("count", count.into())]);
    let two = |first: String, second: String| {
        texts.say_with("span", [("first", first.into()), ("second", second.into())])
    };
    let minutes = seconds.max(0).saturating_add(30) / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => of("span-minutes", rest.max(1)),
        (0, hours, 0) => of("span-hours", hours),
        (0, hours, rest) => two(of("span-hours", hours), of("span-minutes", rest)),
        (days, 0, _) => of("span-days", days),
        (days, hours, _) => two(of("span-days", days), of("span-hours", hours)),
    }
}

#[cfg(test)]
mod tests {
    use proto::common::v1 as common;

    use super::*;

    fn zone(name: &str, locale: Locale) -> Zone {
        Zone { time_zone: TimeZone::get(name).unwrap(), locale }
    }

    fn wire(at: &str) -> prost_types::Timestamp {
        kit::time::to_wire(at.parse().unwrap())
    }

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        for (seconds, text) in [
            (-5, "1 min"),
            (0, "1 min"),
            (89, "1 min"),
            (90, "2 min"),
            (3600, "1 h"),
            (3900, "1 h 5 min"),
            (5700, "1 h 35 min"),
            (86_399, "1 day"),
            (86_400 * 3 + 4 * 3600 + 300, "3 days 4 h"),
            (i64::MAX, "106751991167300 days 15 h"),
        ] {
            assert_eq!(span(Texts::of(Locale::En), seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_span_is_told_as_each_language_writes_it() {
        for (locale, long, short) in [
            (Locale::En, "1 day 4 h", "2 h 5 min"),
            (Locale::PtBr, "1 dia 4 h", "2 h 5 min"),
            (Locale::Es, "1 día 4 h", "2 h 5 min"),
            (Locale::De, "1 Tag 4 Std.", "2 Std. 5 Min."),
            (Locale::Fr, "1 jour 4 h", "2 h 5 min"),
            (Locale::Ja, "1日4時間", "2時間5分"),
        ] {
            let texts = Texts::of(locale);
            assert_eq!(span(texts, 86_400 + 4 * 3600), long);
            assert_eq!(span(texts, 2 * 3600 + 300), short);
        }
    }

    #[test]
    fn a_moment_for_machines_has_whole_seconds() {
        let zone = zone("America/Sao_Paulo", Locale::PtBr);
        let moment = zone.moment("2026-11-20T23:05:59.123456Z".parse().unwrap());
        assert_eq!(moment.iso, "2026-11-20T23:05:59Z");
        assert_eq!(moment.text, "20 de novembro de 2026 às 20:05 GMT−3");
    }

    #[test]
    fn a_window_says_its_day_and_its_zone_once_where_they_are_the_same() {
        let zone = zone("Europe/Berlin", Locale::En);
        for (from, to, text) in [
            ("2026-11-20T20:00:00Z", "2026-11-20T22:30:00Z", "20 November 2026 at 21:00 – 23:30 GMT+1"),
            (
                "2026-11-20T20:00:00Z",
                "2026-11-20T23:30:00Z",
                "20 November 2026 at 21:00 GMT+1 – 21 November 2026 at 00:30 GMT+1",
            ),
            (
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:30:00Z",
                "25 October 2026 at 02:30 GMT+2 – 25 October 2026 at 02:30 GMT+1",
            ),
        ] {
            let window = zone.window(Some(&wire(from)), Some(&wire(to))).unwrap();
            assert_eq!(window.in_words(), text, "{from} {to}");
        }
        let open = zone.window(Some(&wire("2026-11-20T20:00:00Z")), None).unwrap();
        assert_eq!((open.from.text.as_str(), open.to), ("20 November 2026 at 21:00 GMT+1", None));
        assert_eq!(zone.window(None, Some(&wire("2026-11-20T20:00:00Z"))), None);
    }

    #[test]
    fn days_of_the_calendar_belong_to_no_time_zone() {
        let zone = zone("Pacific/Kiritimati", Locale::PtBr);
        let day = read_day(Some(&common::Date { year: 2026, month: 3, day: 1 })).unwrap();
        assert_eq!(zone.day(day), "1 de março de 2026");
        assert_eq!(zone.month(day), "março de 2026");
        assert_eq!(read_day(Some(&common::Date { year: 2026, month: 2, day: 29 })), None);
        assert_eq!(read_month(Some(&common::Month { year: 2026, month: 13 })), None);
        assert_eq!(read_month(Some(&common::Month { year: 2026, month: 3 })), Some(day));
    }
}
