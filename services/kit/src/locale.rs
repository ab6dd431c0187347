//! The languages that readers are spoken to in, and how each writes a moment.
//!
//! Days come before months and clocks have 24 hours in every language, so that a
//! reader who knows another country's habit cannot mistake one for the other.

use std::cell::OnceCell;

use icu_calendar::{Date, Gregorian};
use icu_datetime::fieldsets as fields;
use icu_datetime::preferences::HourCycle;
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_locale_core::locale;
use icu_time::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use jiff_icu::ConvertInto as _;

/// A language that pages and mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Locale {
    /// English, with the day before the month.
    En,
    /// Portuguese as written in Brazil.
    PtBr,
    /// Spanish.
    Es,
    /// German.
    De,
    /// French.
    Fr,
    /// Japanese.
    Ja,
}

impl Locale {
    /// Every language, in the order in which a choice offers them.
    pub const ALL: [Self; 6] = [Self::En, Self::PtBr, Self::Es, Self::De, Self::Fr, Self::Ja];

    /// The language for a BCP 47 tag, `None` for one we do not speak.
    ///
    /// Case does not matter, and of region and script nothing is asked: a reader
    /// of `pt-PT` is better served by Brazilian Portuguese than by English.
    pub fn parse(tag: &str) -> Option<Self> {
        let language = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let asked = language(tag);
        Self::ALL.into_iter().find(|locale| language(locale.tag()) == asked)
    }

    /// The BCP 47 tag, for `lang`, `Content-Language` and storage.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::PtBr => "pt-BR",
            Self::Es => "es",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Ja => "ja",
        }
    }

    /// What its speakers call it, for a choice of languages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::PtBr => "Português (Brasil)",
            Self::Es => "Español",
            Self::De => "Deutsch",
            Self::Fr => "Français",
            Self::Ja => "日本語",
        }
    }

    /// What stands between the whole and the tenths of a number.
    pub const fn decimal_mark(self) -> char {
        match self {
            Self::En | Self::Ja => '.',
            Self::PtBr | Self::Es | Self::De | Self::Fr => ',',
        }
    }

    fn preferences(self) -> DateTimeFormatterPreferences {
        let mut preferences: DateTimeFormatterPreferences = match self {
            // plain `en` means the United States' order to CLDR
            Self::En => locale!("en-GB").into(),
            Self::PtBr => locale!("pt-BR").into(),
            Self::Es => locale!("es").into(),
            Self::De => locale!("de").into(),
            Self::Fr => locale!("fr").into(),
            Self::Ja => locale!("ja").into(),
        };
        preferences.hour_cycle = Some(HourCycle::H23);
        preferences
    }
}

/// The formatters of one language. Loading them costs more than using them, and
/// their data is not `Sync`: so each thread keeps its own.
struct Formatters {
    date: FixedCalendarDateTimeFormatter<Gregorian, fields::YMD>,
    month: FixedCalendarDateTimeFormatter<Gregorian, fields::M>,
    time: NoCalendarFormatter<fields::T>,
    date_time: FixedCalendarDateTimeFormatter<Gregorian, fields::YMDT>,
}

impl Formatters {
    fn load(locale: Locale) -> Self {
        let asked = locale.preferences();
        let known = "the data of every language is compiled in";
        Self {
            date: FixedCalendarDateTimeFormatter::try_new(asked, fields::YMD::long()).expect(known),
            month: FixedCalendarDateTimeFormatter::try_new(asked, fields::M::long()).expect(known),
            time: NoCalendarFormatter::try_new(asked, fields::T::hm()).expect(known),
            date_time: FixedCalendarDateTimeFormatter::try_new(asked, fields::YMD::long().with_time_hm())
                .expect(known),
        }
    }
}

thread_local! {
    static FORMATTERS: [OnceCell<Formatters>; Locale::ALL.len()] =
        const { [const { OnceCell::new() }; Locale::ALL.len()] };
}

fn with<T>(locale: Locale, format: impl FnOnce(&Formatters) -> T) -> T {
    FORMATTERS.with(|loaded| format(loaded[locale as usize].get_or_init(|| Formatters::load(locale))))
}

fn day(at: &Zoned) -> Date<Gregorian> {
    let iso: Date<icu_calendar::Iso> = at.date().convert_into();
    iso.to_calendar(Gregorian)
}

fn clock(at: &Zoned) -> Time {
    at.time().convert_into()
}

/// The day on which `at` falls in `zone`: "20 November 2026", "20 de novembro de 2026".
pub fn date(at: Timestamp, zone: &TimeZone, locale: Locale) -> String {
    let at = at.to_zoned(zone.clone());
    with(locale, |formatters| formatters.date.format(&day(&at)).to_string())
}

/// The month in which `at` falls in `zone`: "November 2026", "novembro de 2026".
pub fn month(at: Timestamp, zone: &TimeZone, locale: Locale) -> String {
    let at = at.to_zoned(zone.clone());
    let name = with(locale, |formatters| formatters.month.format(&day(&at)).to_string());
    // joined by hand: the Portuguese year-and-month pattern of CLDR 48 has a slip (a
    // literal Y where the year belongs) over which icu_datetime 2.4 stumbles
    match locale {
        Locale::En | Locale::De | Locale::Fr => format!("{name} {}", at.year()),
        Locale::PtBr | Locale::Es => format!("{name} de {}", at.year()),
        Locale::Ja => format!("{}年{name}", at.year()),
    }
}

/// The time of day of `at` in `zone`, in hours and minutes, without the zone: "20:05".
///
/// Only for a place where the day and the zone are said beside it.
pub fn time(at: Timestamp, zone: &TimeZone, locale: Locale) -> String {
    let at = at.to_zoned(zone.clone());
    with(locale, |formatters| formatters.time.format(&clock(&at)).to_string())
}

/// The moment `at` in `zone`, to the minute, in words that mean one moment only:
/// "20 November 2026 at 20:05 GMT−3".
///
/// The zone is told as its offset at that moment, "UTC" where that is zero: names
/// of zones are ambiguous (CST is three of them).
pub fn date_time(at: Timestamp, zone: &TimeZone, locale: Locale) -> String {
    let at = at.to_zoned(zone.clone());
    let local = DateTime { date: day(&at), time: clock(&at) };
    let date_time = with(locale, |formatters| formatters.date_time.format(&local).to_string());
    format!("{date_time} {}", offset(at.offset()))
}

/// "UTC", "GMT−3", "GMT+5:30". Seconds are left out: no zone has had any since 1972.
fn offset(offset: Offset) -> String {
    let minutes = offset.seconds().abs() / 60;
    // a minus sign, behind which no line is broken
    let sign = if offset.is_negative() { '−' } else { '+' };
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("GMT{sign}{hours}"),
        (hours, minutes) => format!("GMT{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestamp: &str) -> Timestamp {
        timestamp.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn a_tag_is_read_in_any_case_and_region() {
        for tag in ["en", "EN", "en-US", "en_GB"] {
            assert_eq!(Locale::parse(tag), Some(Locale::En), "{tag}");
        }
        for tag in ["pt", "pt-BR", "PT-br", "pt-PT"] {
            assert_eq!(Locale::parse(tag), Some(Locale::PtBr), "{tag}");
        }
        for (tag, locale) in
            [("es-419", Locale::Es), ("DE-at", Locale::De), ("fr_CA", Locale::Fr), ("ja-Hrkt-JP", Locale::Ja)]
        {
            assert_eq!(Locale::parse(tag), Some(locale), "{tag}");
        }
        for tag in ["", "it", "english", "-", "p", "dex"] {
            assert_eq!(Locale::parse(tag), None, "{tag}");
        }
        for locale in Locale::ALL {
            assert_eq!(Locale::parse(locale.tag()), Some(locale));
        }
    }

    #[test]
    fn a_moment_is_told_as_each_language_writes_it() {
        let (at, zone) = (at("2026-11-20T23:05:59Z"), zone("America/Sao_Paulo"));
        for (locale, day, in_month, moment) in [
            (Locale::En, "20 November 2026", "November 2026", "20 November 2026 at 20:05 GMT−3"),
            (
                Locale::PtBr,
                "20 de novembro de 2026",
                "novembro de 2026",
                "20 de novembro de 2026 às 20:05 GMT−3",
            ),
            (
                Locale::Es,
                "20 de noviembre de 2026",
                "noviembre de 2026",
                "20 de noviembre de 2026 a las 20:05 GMT−3",
            ),
            (Locale::De, "20. November 2026", "November 2026", "20. November 2026 um 20:05 GMT−3"),
            (Locale::Fr, "20 novembre 2026", "novembre 2026", "20 novembre 2026 à 20:05 GMT−3"),
            (Locale::Ja, "2026年11月20日", "2026年11月", "2026年11月20日 20:05 GMT−3"),
        ] {
            assert_eq!(date(at, &zone, locale), day);
            assert_eq!(month(at, &zone, locale), in_month);
            assert_eq!(time(at, &zone, locale), "20:05");
            assert_eq!(date_time(at, &zone, locale), moment);
        }
    }

    #[test]
    fn small_hours_have_no_half_of_the_day_in_any_language() {
        let at = at("2026-03-01T00:05:00Z");
        for locale in Locale::ALL {
            let shown = time(at, &TimeZone::UTC, locale);
            assert!(["00:05", "0:05"].contains(&shown.as_str()), "{locale:?}: {shown}");
            assert!(date_time(at, &TimeZone::UTC, locale).ends_with(&format!(" {shown} UTC")), "{locale:?}");
        }
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(date_time(at, &tokyo, Locale::Ja), "2026年3月1日 9:05 GMT+9");
        assert_eq!(date(at, &tokyo, Locale::Fr), "1 mars 2026");
        assert_eq!(month(at, &tokyo, Locale::De), "März 2026");
    }

    #[test]
    fn an_offset_of_zero_is_called_utc() {
        let winter = at("2026-01-05T00:00:00Z");
        for zone in [TimeZone::UTC, zone("Europe/London"), zone("Etc/UTC")] {
            assert_eq!(date_time(winter, &zone, Locale::En), "5 January 2026 at 00:00 UTC");
        }
        assert_eq!(date_time(winter, &TimeZone::UTC, Locale::PtBr), "5 de janeiro de 2026 às 00:00 UTC");
    }

    #[test]
    fn the_hour_that_a_clock_shows_twice_is_told_apart() {
        let berlin = zone("Europe/Berlin");
        let (summer, winter) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        assert_eq!(date_time(summer, &berlin, Locale::En), "25 October 2026 at 02:30 GMT+2");
        assert_eq!(date_time(winter, &berlin, Locale::En), "25 October 2026 at 02:30 GMT+1");
        assert_eq!(date_time(winter, &berlin, Locale::PtBr), "25 de outubro de 2026 às 02:30 GMT+1");
    }

    #[test]
    fn a_zone_decides_the_day_and_the_month() {
        let at = at("2026-12-31T23:00:00Z");
        assert_eq!(date(at, &zone("Asia/Kolkata"), Locale::En), "1 January 2027");
        assert_eq!(month(at, &zone("Asia/Kolkata"), Locale::En), "January 2027");
        assert_eq!(date_time(at, &zone("Asia/Kolkata"), Locale::En), "1 January 2027 at 04:30 GMT+5:30");
        assert_eq!(date(at, &zone("America/New_York"), Locale::PtBr), "31 de dezembro de 2026");
    }
}
