//! Times as the format writes them.

use jiff::{Timestamp, tz::TimeZone};

/// ISO 8601 with three digits of a fraction and the offset in this zone. `Z` is for zones that call themselves UTC, as
/// others have it, and not for those that happen to agree with it.
pub(super) fn iso(at: Timestamp, zone: &TimeZone) -> String {
    let is_utc = zone.to_offset_info(at).abbreviation() == "UTC";
    let format = if is_utc { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.3f%:z" };
    at.to_zoned(zone.clone()).strftime(format).to_string()
}

/// A time, or a span, as a fragment of HTML without a year: `Sep <var data-var='date'>11</var>, …`.
pub(super) fn fragment(from: Timestamp, to: Option<Timestamp>, zone: &TimeZone) -> String {
    const DAY: &str = "%b <var data-var='date'>%-d</var>, ";
    const TIME: &str = "<var data-var='time'>%H:%M</var>";
    let begins = from.to_zoned(zone.clone());
    let Some(to) = to else { return begins.strftime(&format!("{DAY}{TIME} %Z")).to_string() };
    let ends = to.to_zoned(zone.clone());
    let (first, second) = match (begins.offset() == ends.offset(), begins.date() == ends.date()) {
        (true, true) => (format!("{DAY}{TIME}"), format!("{TIME} %Z")),
        (true, false) => (format!("{DAY}{TIME}"), format!("{DAY}{TIME} %Z")),
        (false, _) => (format!("{DAY}{TIME} %Z"), format!("{DAY}{TIME} %Z")),
    };
    format!("{} - {}", begins.strftime(&first), ends.strftime(&second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_has_three_digits_of_a_fraction_and_the_offset_of_the_page() {
        for (zone_name, time, told) in [
            ("Etc/UTC", "2020-05-01T10:00:00.1239Z", "2020-05-01T10:00:00.123Z"),
            ("UTC", "2020-05-01T10:00:00Z", "2020-05-01T10:00:00.000Z"),
            ("America/Tijuana", "2019-06-24T12:25:57.666Z", "2019-06-24T05:25:57.666-07:00"),
            ("America/Sao_Paulo", "2026-11-20T18:00:00Z", "2026-11-20T15:00:00.000-03:00"),
            ("Asia/Kathmandu", "2026-11-20T18:20:00Z", "2026-11-21T00:05:00.000+05:45"),
            ("Europe/London", "2026-11-20T18:00:00Z", "2026-11-20T18:00:00.000+00:00"),
            ("Europe/London", "2026-07-20T18:00:00Z", "2026-07-20T19:00:00.000+01:00"),
        ] {
            assert_eq!(iso(at(time), &zone(zone_name)), told, "{zone_name}");
        }
        assert_eq!(iso(at("2020-05-01T10:00:00Z"), &TimeZone::UTC), "2020-05-01T10:00:00.000Z");
    }

    #[test]
    fn a_fragment_marks_the_day_and_the_time_and_says_only_what_differs() {
        let var = |name: &str, value: &str| format!("<var data-var='{name}'>{value}</var>");
        let (day, time) = (|value: &str| var("date", value), |value: &str| var("time", value));
        let told =
            |zone_name: &str, from: &str, to: Option<&str>| fragment(at(from), to.map(at), &zone(zone_name));
        assert_eq!(
            told("Etc/UTC", "2026-09-11T07:46:00Z", None),
            "Sep <var data-var='date'>11</var>, <var data-var='time'>07:46</var> UTC"
        );
        assert_eq!(
            told("Etc/UTC", "2026-04-10T00:30:00Z", Some("2026-04-10T01:30:00Z")),
            format!("Apr {}, {} - {} UTC", day("10"), time("00:30"), time("01:30"))
        );
        assert_eq!(
            told("America/New_York", "2026-05-03T02:30:00Z", Some("2026-05-03T05:00:00Z")),
            format!("May {}, {} - May {}, {} EDT", day("2"), time("22:30"), day("3"), time("01:00"))
        );
        assert_eq!(
            told("Europe/Berlin", "2026-10-25T00:30:00Z", Some("2026-10-25T01:30:00Z")),
            format!("Oct {}, {} CEST - Oct {}, {} CET", day("25"), time("02:30"), day("25"), time("02:30"))
        );
    }
}
