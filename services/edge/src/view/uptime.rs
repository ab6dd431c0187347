//! How much of a time components and groups were up: bars of days, and tables of months.

use std::collections::HashMap;

use jiff::civil::Date;
use proto::incidents::v1::{GetUptimeResponse, Uptime, UptimeDay, UptimeWeights, uptime::Of};

use super::{Mark, PageHead, marks::Tone, moment};
use crate::texts::Texts;

/// So many days a bar chart has: today and those before it.
const DAYS: i32 = 90;
/// How wide a day of the chart is, with the gap behind it, in units of its drawing.
const DAY_WIDTH: i32 = 10;

/// The uptime of the last 90 days as a bar chart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UptimeBar {
    /// "99.98% uptime in the last 90 days".
    pub(crate) text: String,
    /// How much of the chart, from its beginning, was not counted, in units of its drawing.
    pub(crate) uncounted: i32,
    /// How much was, in those units.
    pub(crate) counted: i32,
    /// The days with an outage.
    pub(crate) days: Vec<BadDay>,
}

/// A day with an outage.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadDay {
    /// Where it stands in the drawing.
    pub(crate) x: i32,
    pub(crate) tone: Tone,
    /// The day and how long it was how bad.
    pub(crate) text: String,
}

/// The bar charts of a page, by component's or group's id.
#[derive(Debug, Default)]
pub(super) struct Bars(HashMap<String, UptimeBar>);

impl Bars {
    pub(super) fn new(head: &PageHead, uptimes: Vec<Uptime>) -> Self {
        let bars = uptimes.into_iter().filter_map(|uptime| {
            let bar = UptimeBar::new(head, &uptime)?;
            let (Of::ComponentId(id) | Of::ComponentGroupId(id)) = uptime.of?;
            Some((id, bar))
        });
        Self(bars.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, id: &str) -> Option<UptimeBar> {
        self.0.remove(id)
    }
}

impl UptimeBar {
    /// Nothing if nothing was counted yet.
    fn new(head: &PageHead, uptime: &Uptime) -> Option<Self> {
        if uptime.window_seconds <= 0 {
            return None;
        }
        let today = head.zone.day_of(head.now);
        let place = |day: Date| DAYS - 1 - today.since(day).map_or(DAYS, |span| span.get_days());
        let began = place(head.zone.day_of(moment::read(uptime.window_started_at.as_ref())?));
        let uncounted = began.clamp(0, DAYS - 1);
        let days = uptime.days.iter().filter_map(|day| {
            let date = moment::read_day(day.date.as_ref())?;
            let (n, tone) = (place(date), tone(day)?);
            (0..DAYS).contains(&n).then(|| BadDay {
                x: n * DAY_WIDTH,
                tone,
                text: head.texts.say_with(
                    "labelled",
                    [
                        ("label", head.zone.day(date).into()),
                        (
                            "text",
                            outages(head, day.partial_outage_seconds.into(), day.major_outage_seconds.into())
                                .into(),
                        ),
                    ],
                ),
            })
        });
        let text = head.texts.say_with(
            "uptime-of-days",
            [
                ("percent", percent(head.texts, uptime.hundredths_of_percent).into()),
                ("count", (DAYS - uncounted).into()),
            ],
        );
        Some(Self {
            text,
            uncounted: uncounted * DAY_WIDTH,
            counted: (DAYS - uncounted) * DAY_WIDTH,
            days: days.collect(),
        })
    }
}

/// How the worst of a day looks; nothing of a day without an outage.
fn tone(day: &UptimeDay) -> Option<Tone> {
    if day.major_outage_seconds > 0 {
        Some(Tone::Major)
    } else {
        (day.partial_outage_seconds > 0).then_some(Tone::Partial)
    }
}

/// "12 min partial outage, 1 h major outage"; empty if there was none.
fn outages(head: &PageHead, partial_seconds: i64, major_seconds: i64) -> String {
    let told = [("uptime-partial", partial_seconds), ("uptime-major", major_seconds)]
        .into_iter()
        .filter(|(_, seconds)| *seconds > 0)
        .map(|(key, seconds)| head.texts.say_of(key, &moment::span(head.texts, seconds)));
    told.collect::<Vec<_>>().join(&head.texts.say("list-comma"))
}

/// Hundredths of a percent as people write them: "99.98%", "99,90 %", "100%".
fn percent(texts: Texts, hundredths: i32) -> String {
    let hundredths = hundredths.clamp(0, 10_000);
    let point = texts.locale().decimal_mark();
    let number = match (hundredths / 100, hundredths % 100) {
        (whole @ (0 | 100), 0) => whole.to_string(),
        (whole, rest) => format!("{whole}{point}{rest:02}"),
    };
    texts.say_of("percent", &number)
}

/// The uptime of some months, as a table.
#[derive(Debug)]
pub(crate) struct UptimeView {
    /// The months, oldest first.
    pub(crate) months: Vec<String>,
    pub(crate) sections: Vec<UptimeSection>,
    /// How outages were weighted, in words.
    pub(crate) weights: Option<String>,
}

/// Components that stand together.
#[derive(Debug)]
pub(crate) struct UptimeSection {
    /// Their group, if they are in one.
    pub(crate) group: Option<UptimeRow>,
    pub(crate) rows: Vec<UptimeRow>,
}

/// The uptime of a component or a group, month by month.
#[derive(Debug)]
pub(crate) struct UptimeRow {
    pub(crate) name: String,
    /// Nothing of a month in which it was not counted.
    pub(crate) months: Vec<Option<UptimeCell>>,
}

/// The uptime of a month.
#[derive(Debug, Clone)]
pub(crate) struct UptimeCell {
    /// The percentage, with the look of the worst that was.
    pub(crate) percent: Mark,
    /// How long it was how bad, in words; may be empty.
    pub(crate) outages: String,
}

impl UptimeCell {
    fn new(head: &PageHead, uptime: &Uptime) -> Option<Self> {
        let tone = match (uptime.partial_outage_seconds, uptime.major_outage_seconds) {
            (..=0, ..=0) => Tone::Good,
            (_, ..=0) => Tone::Partial,
            (_, _) => Tone::Major,
        };
        (uptime.window_seconds > 0).then(|| Self {
            percent: Mark { tone, text: percent(head.texts, uptime.hundredths_of_percent) },
            outages: outages(head, uptime.partial_outage_seconds, uptime.major_outage_seconds),
        })
    }
}

impl UptimeView {
    /// Of months, oldest first, each by its first day and with what is known of it. Components that readers
    /// do not see now are left out, and so are groups of such alone.
    pub(super) fn new(head: &PageHead, months: &[(Date, GetUptimeResponse)]) -> Self {
        let mut cells = HashMap::<&str, Vec<Option<UptimeCell>>>::new();
        let mut order = Vec::new();
        for (n, (_, told)) in months.iter().enumerate().rev() {
            for uptime in &told.uptimes {
                let id = match &uptime.of {
                    Some(Of::ComponentId(id)) => {
                        if !cells.contains_key(id.as_str()) {
                            order.push(id.as_str());
                        }
                        id
                    }
                    Some(Of::ComponentGroupId(id)) => id,
                    None => continue,
                };
                cells.entry(id).or_insert_with(|| vec![None; months.len()])[n] =
                    UptimeCell::new(head, uptime);
            }
        }
        let mut row = |id: &str, name: &str| UptimeRow {
            name: name.to_owned(),
            months: cells.remove(id).unwrap_or_else(|| vec![None; months.len()]),
        };
        let mut sections = Vec::<(Option<&str>, UptimeSection)>::new();
        for id in order {
            let Some(known) = head.names.component(id).filter(|known| known.is_shown) else { continue };
            let (group, line) = (known.group_id.as_deref(), row(id, &known.name));
            match sections.iter_mut().find(|(other, _)| group.is_some() && *other == group) {
                Some((_, section)) => section.rows.push(line),
                None => {
                    let heading = group.and_then(|id| Some(row(id, head.names.group(id)?)));
                    sections.push((group, UptimeSection { group: heading, rows: vec![line] }));
                }
            }
        }
        Self {
            months: months.iter().map(|(first, _)| head.zone.month(*first)).collect(),
            sections: sections.into_iter().map(|(_, section)| section).collect(),
            weights: months.last().and_then(|(_, told)| Some(weights(head, told.weights.as_ref()?))),
        }
    }
}

fn weights(head: &PageHead, weights: &UptimeWeights) -> String {
    let [partial, major] = [weights.partial_outage_percent, weights.major_outage_percent]
        .map(|whole| head.texts.say_of("percent", &whole.to_string()));
    head.texts.say_with("uptime-weights", [("partial", partial.into()), ("major", major.into())])
}

#[cfg(test)]
mod tests {
    use proto::{common::v1 as common, incidents::v1::Component};

    use kit::locale::Locale;

    use super::*;
    use crate::view::{names::Names, tests::head};

    fn wire(at: &str) -> Option<prost_types::Timestamp> {
        Some(kit::time::to_wire(at.parse().unwrap()))
    }

    fn uptime(hundredths: i32, began: &str, days: Vec<UptimeDay>) -> Uptime {
        Uptime {
            of: Some(Of::ComponentId("cmp".into())),
            hundredths_of_percent: hundredths,
            window_seconds: 1,
            window_started_at: wire(began),
            days,
            ..Uptime::default()
        }
    }

    fn day(month: i32, day: i32, partial: i32, major: i32) -> UptimeDay {
        UptimeDay {
            date: Some(common::Date { year: 2026, month, day }),
            partial_outage_seconds: partial,
            major_outage_seconds: major,
        }
    }

    #[test]
    fn percentages_are_written_as_the_reader_writes_them() {
        for (hundredths, en, de) in [
            (10_000, "100%", "100\u{a0}%"),
            (9998, "99.98%", "99,98\u{a0}%"),
            (9990, "99.90%", "99,90\u{a0}%"),
            (9900, "99.00%", "99,00\u{a0}%"),
            (5, "0.05%", "0,05\u{a0}%"),
            (0, "0%", "0\u{a0}%"),
        ] {
            assert_eq!(percent(Texts::of(Locale::En), hundredths), en);
            assert_eq!(percent(Texts::of(Locale::De), hundredths), de);
        }
    }

    #[test]
    fn a_chart_has_today_at_its_end_and_its_bad_days_by_the_worst_of_them() {
        // the head's today is 2026-11-20, so that the first of the days is 2026-08-23
        let days = vec![day(8, 23, 60, 0), day(11, 19, 0, 0), day(11, 20, 720, 3900), day(8, 22, 1, 1)];
        let bar = UptimeBar::new(&head("en"), &uptime(9998, "2026-08-23T03:00:00Z", days)).unwrap();
        assert_eq!(bar.text, "99.98% uptime in the last 90 days");
        assert_eq!((bar.uncounted, bar.counted), (0, 900));
        assert_eq!(
            bar.days,
            [
                BadDay { x: 0, tone: Tone::Partial, text: "23 August 2026: 1 min partial outage".into() },
                BadDay {
                    x: 890,
                    tone: Tone::Major,
                    text: "20 November 2026: 12 min partial outage, 1 h 5 min major outage".into(),
                },
            ]
        );
    }

    #[test]
    fn days_before_a_component_was_counted_are_not_shown_as_good() {
        let bar = UptimeBar::new(&head("pt-BR"), &uptime(9998, "2026-11-10T03:00:00Z", Vec::new())).unwrap();
        assert_eq!((bar.uncounted, bar.counted), (790, 110));
        assert_eq!(bar.text, "99,98% de disponibilidade nos últimos 11 dias");
        let today = UptimeBar::new(&head("en"), &uptime(10_000, "2026-11-20T03:00:00Z", Vec::new())).unwrap();
        assert_eq!((today.uncounted, today.text.as_str()), (890, "100% uptime today"));
        let future = Uptime { window_seconds: 0, ..uptime(10_000, "2026-11-21T03:00:00Z", Vec::new()) };
        assert_eq!(UptimeBar::new(&head("en"), &future), None);
    }

    #[test]
    fn a_table_has_a_row_for_each_component_that_readers_see_under_its_group() {
        let component = |id: &str, group: Option<&str>, is_hidden: bool| Component {
            component_id: id.into(),
            name: id.to_uppercase(),
            component_group_id: group.map(str::to_owned),
            hidden_while_operational: is_hidden,
            status: 1,
            ..Component::default()
        };
        let components =
            [component("a", Some("g"), false), component("b", None, false), component("c", None, true)];
        let group = proto::incidents::v1::ComponentGroup {
            component_group_id: "g".into(),
            name: "Group".into(),
            ..Default::default()
        };
        let head = PageHead { names: Names::of(&components, &[group]), ..head("en") };
        let of = |of: Of, hundredths: i32, major: i64| Uptime {
            of: Some(of),
            hundredths_of_percent: hundredths,
            window_seconds: 100,
            major_outage_seconds: major,
            ..Uptime::default()
        };
        let told = |uptimes: Vec<Uptime>| GetUptimeResponse {
            uptimes,
            weights: Some(UptimeWeights { partial_outage_percent: 30, major_outage_percent: 100 }),
            ..GetUptimeResponse::default()
        };
        let id = |id: &str| Of::ComponentId(id.into());
        let october = told(vec![of(id("a"), 9950, 120)]);
        let november = told(vec![
            of(id("a"), 10_000, 0),
            of(id("b"), 10_000, 0),
            of(id("c"), 10_000, 0),
            of(Of::ComponentGroupId("g".into()), 10_000, 0),
        ]);
        let view = UptimeView::new(
            &head,
            &[(Date::constant(2026, 10, 1), october), (Date::constant(2026, 11, 1), november)],
        );
        assert_eq!(view.months, ["October 2026", "November 2026"]);
        assert_eq!(view.weights.unwrap().split(',').next(), Some("A partial outage counts as 30% down"));
        let lines = |row: &UptimeRow| {
            let cells = row.months.iter().map(|cell| match cell {
                Some(cell) => format!("{} {}", cell.percent.text, cell.outages),
                None => "-".to_owned(),
            });
            format!("{}: {}", row.name, cells.collect::<Vec<_>>().join(" | "))
        };
        let told = view
            .sections
            .iter()
            .flat_map(|section| section.group.iter().chain(&section.rows))
            .map(lines)
            .collect::<Vec<_>>();
        assert_eq!(told, ["Group: - | 100% ", "A: 99.50% 2 min major outage | 100% ", "B: - | 100% "]);
    }
}
