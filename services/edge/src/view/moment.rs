//! Times as readers see them.

use jiff::{Timestamp, tz::TimeZone};
use kit::locale::{self, Locale};

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

impl Zone {
    /// The name of the time zone, as people write it: `America/Sao Paulo`.
    pub(crate) fn name(&self) -> String {
        self.time_zone.iana_name().unwrap_or("UTC").replace('_', " ")
    }

    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        let second = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Moment { iso: second.to_string(), text: locale::date_time(at, &self.time_zone, self.locale) }
    }

    pub(super) fn month(&self, at: Timestamp) -> String {
        locale::month(at, &self.time_zone, self.locale)
    }
}

/// A time from the wire; nothing if it is none.
pub(super) fn read(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// How long something took, in the two largest units that say something: "3 d 4 h", "1 h 5 min", "1 min".
/// The units are the same in every language that we speak (symbols of the SI brochure, table 8).
pub(super) fn lasted(from: Timestamp, to: Timestamp) -> String {
    let minutes = (to.duration_since(from).as_secs().max(0) + 30) / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{} min", rest.max(1)),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let from: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let told = |seconds| lasted(from, Timestamp::from_second(from.as_second() + seconds).unwrap());
        for (seconds, text) in [
            (-5, "1 min"),
            (0, "1 min"),
            (89, "1 min"),
            (90, "2 min"),
            (3600, "1 h"),
            (3900, "1 h 5 min"),
            (86_399, "1 d"),
            (86_400 * 3 + 4 * 3600 + 300, "3 d 4 h"),
        ] {
            assert_eq!(told(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_moment_for_machines_has_whole_seconds() {
        let zone = Zone { time_zone: TimeZone::get("America/Sao_Paulo").unwrap(), locale: Locale::PtBr };
        let moment = zone.moment("2026-11-20T23:05:59.123456Z".parse().unwrap());
        assert_eq!(moment.iso, "2026-11-20T23:05:59Z");
        assert_eq!(moment.text, "20 de novembro de 2026 às 20:05 GMT-3");
    }
}
