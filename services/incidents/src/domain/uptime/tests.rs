use jiff::{SignedDuration, ToSpan as _, civil::date, tz::TimeZone};
use kit::ids::ComponentId;
use proptest::prelude::*;
use uuid::Uuid;

use super::{super::component::tests::any_status, *};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn spell(status: ComponentStatus, started_at: Timestamp, ended_at: Option<Timestamp>) -> Spell {
    Spell { component_id: ComponentId::from_uuid(Uuid::nil()), status, started_at, ended_at }
}

fn major(from: &str, to: &str) -> Spell {
    spell(ComponentStatus::MajorOutage, at(from), Some(at(to)))
}

fn partial(from: &str, to: &str) -> Spell {
    spell(ComponentStatus::PartialOutage, at(from), Some(at(to)))
}

/// 2026-08-24 to 2026-11-21, all passed.
fn ninety_days() -> Window {
    let window =
        Window::new(date(2026, 8, 24), date(2026, 11, 21), &TimeZone::UTC, at("2026-12-01T00:00:00Z"));
    assert_eq!(window.since(None).len(), 90);
    window
}

fn percent(window: &Window, spells: &[Spell]) -> i32 {
    Uptime::of_component(window, None, spells).hundredths_of_percent(Weights::UNSET)
}

#[test]
fn ninety_days_with_an_outage_are_rounded_down() {
    let window = ninety_days();
    assert_eq!(percent(&window, &[]), 10_000);
    // a hundredth of a percent of 90 days is 777.6 seconds
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:00:01Z")]), 9_999);
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:12:57Z")]), 9_999);
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:12:58Z")]), 9_998);
    // 864 seconds
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:14:24Z")]), 9_998);
    // 1,555 and 1,556 seconds: two hundredths are 1,555.2
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:25:55Z")]), 9_998);
    assert_eq!(percent(&window, &[major("2026-09-01T00:00:00Z", "2026-09-01T00:25:56Z")]), 9_997);
    // of a partial outage 30 % count: 5,184 seconds are as good as 1,555.2, and no more than two hundredths
    assert_eq!(percent(&window, &[partial("2026-09-01T00:00:00Z", "2026-09-01T01:26:24Z")]), 9_998);
    assert_eq!(percent(&window, &[partial("2026-09-01T00:00:00Z", "2026-09-01T01:26:25Z")]), 9_997);
    assert_eq!(percent(&window, &[major("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]), 0);
    assert_eq!(percent(&window, &[partial("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]), 7_000);
}

#[test]
fn ninety_five_minutes_of_a_month_of_thirty_days_are_99_78_percent() {
    let zone = zone("Europe/Amsterdam");
    let window = Window::new(date(2025, 11, 1), date(2025, 11, 30), &zone, at("2026-11-21T00:00:00Z"));
    let uptime =
        Uptime::of_component(&window, None, &[major("2025-11-18T11:20:00Z", "2025-11-18T12:55:00Z")]);
    assert_eq!(uptime.window_seconds(), 2_592_000);
    assert_eq!(uptime.days, [(date(2025, 11, 18), Outage { partial: 0, major: 5_700 })]);
    assert_eq!(uptime.hundredths_of_percent(Weights::UNSET), 9_978);
}

#[test]
fn of_overlapping_spells_the_worst_counts_once() {
    let window = ninety_days();
    let spells = [
        partial("2026-09-01T10:00:00Z", "2026-09-01T12:00:00Z"),
        partial("2026-09-01T10:30:00Z", "2026-09-01T12:30:00Z"),
        major("2026-09-01T11:00:00Z", "2026-09-01T11:30:00Z"),
        major("2026-09-01T11:15:00Z", "2026-09-01T11:45:00Z"),
        spell(ComponentStatus::DegradedPerformance, at("2026-09-01T00:00:00Z"), None),
        spell(ComponentStatus::UnderMaintenance, at("2026-09-01T11:00:00Z"), None),
    ];
    let uptime = Uptime::of_component(&window, None, &spells);
    assert_eq!(uptime.days, [(date(2026, 9, 1), Outage { partial: 6_300, major: 2_700 })]);
}

#[test]
fn parts_of_a_second_are_added_up_before_they_are_left_out() {
    let window = ninety_days();
    let spells = [
        major("2026-09-01T10:00:00.4Z", "2026-09-01T10:00:01.1Z"),
        major("2026-09-01T11:00:00.4Z", "2026-09-01T11:00:01.1Z"),
        // alone on its day
        major("2026-09-02T10:00:00Z", "2026-09-02T10:00:00.999999Z"),
    ];
    let uptime = Uptime::of_component(&window, None, &spells);
    assert_eq!(uptime.days, [(date(2026, 9, 1), Outage { partial: 0, major: 1 })]);
}

#[test]
fn a_day_has_as_many_seconds_as_the_clocks_of_its_zone_give_it() {
    for (name, day, hours) in [
        // there is no midnight: it becomes one o'clock
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        // at its end the clock goes back to 23:00
        ("America/Sao_Paulo", date(2018, 2, 17), 25),
        // midnight comes twice
        ("America/Havana", date(2026, 11, 1), 25),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 10, 26), 24),
    ] {
        let window = Window::new(day, day, &zone(name), at("2026-12-01T00:00:00Z"));
        let always = [major("2018-01-01T00:00:00Z", "2027-01-01T00:00:00Z")];
        let uptime = Uptime::of_component(&window, None, &always);
        assert_eq!(uptime.window_seconds(), hours * 3_600, "{name} {day}");
        assert_eq!(uptime.days, [(day, Outage { partial: 0, major: hours * 3_600 })], "{name} {day}");
    }
}

#[test]
fn today_ends_now_and_what_lasts_has_lasted_until_now() {
    let now = at("2026-11-21T06:00:00.75Z");
    let window = Window::new(date(2026, 11, 20), date(2026, 11, 21), &TimeZone::UTC, now);
    let open = spell(ComponentStatus::MajorOutage, at("2026-11-20T23:00:00Z"), None);
    let uptime = Uptime::of_component(&window, None, &[open]);
    assert_eq!(uptime.ended_at, at("2026-11-21T06:00:00Z"));
    assert_eq!(uptime.window_seconds(), 30 * 3_600);
    let outages = uptime.days.iter().map(|(_, outage)| outage.major).collect::<Vec<_>>();
    assert_eq!(outages, [3_600, 6 * 3_600]);
}

#[test]
fn a_component_is_counted_from_its_start_date_on() {
    let window = ninety_days();
    let spells = [
        major("2026-08-30T00:00:00Z", "2026-09-02T00:00:00Z"),
        major("2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z"),
    ];
    let uptime = Uptime::of_component(&window, Some(date(2026, 9, 1)), &spells);
    assert_eq!(uptime.started_at, at("2026-09-01T00:00:00Z"));
    assert_eq!(uptime.window_seconds(), 82 * 86_400);
    assert_eq!(uptime.outage(), Outage { partial: 0, major: 86_400 + 3_600 });
    for (start, seconds) in
        [(date(2000, 1, 1), 90 * 86_400), (date(2026, 11, 22), 0), (date(9999, 12, 31), 0)]
    {
        let uptime = Uptime::of_component(&window, Some(start), &[]);
        assert_eq!(
            (uptime.window_seconds(), uptime.hundredths_of_percent(Weights::UNSET)),
            (seconds, 10_000)
        );
    }
}

#[test]
fn a_group_has_the_mean_of_each_day_rounded_down() {
    let window = ninety_days();
    let seconds = |count: i64, day: i8| {
        let from = date(2026, 9, day).to_zoned(TimeZone::UTC).unwrap().timestamp();
        let to = from + SignedDuration::from_secs(count);
        Uptime::of_component(&window, None, &[spell(ComponentStatus::MajorOutage, from, Some(to))])
    };
    // 5 / 3 and 5 / 3 are 1 and 1: not 10 / 3
    let children = [seconds(5, 1), seconds(5, 2), Uptime::of_component(&window, None, &[])];
    let group = Uptime::of_group(&window, &children.iter().collect::<Vec<_>>());
    assert_eq!(group.outage(), Outage { partial: 0, major: 2 });
    // less than a second in the mean is no outage
    let group = Uptime::of_group(&window, &[&seconds(1, 1), &seconds(0, 1)]);
    assert!(group.days.is_empty());
    // a group without such components was never down
    let group = Uptime::of_group(&window, &[]);
    assert_eq!((group.started_at, group.outage()), (window.started_at(), Outage::default()));
}

#[test]
fn a_group_begins_with_the_first_of_its_components() {
    let window = ninety_days();
    let since = |day| Uptime::of_component(&window, Some(day), &[]);
    let group = Uptime::of_group(&window, &[&since(date(2026, 10, 1)), &since(date(2026, 9, 1))]);
    assert_eq!(group.started_at, at("2026-09-01T00:00:00Z"));
}

#[test]
fn a_component_does_not_count_as_up_before_its_start_date() {
    let window = ninety_days();
    let old = Uptime::of_component(
        &window,
        None,
        &[
            major("2026-09-01T00:00:00Z", "2026-09-01T01:00:00Z"),
            major("2026-10-01T00:00:00Z", "2026-10-01T01:00:00Z"),
        ],
    );
    let young = Uptime::of_component(&window, Some(date(2026, 10, 1)), &[]);
    let unborn = Uptime::of_component(&window, Some(date(2099, 1, 1)), &[]);
    let group = Uptime::of_group(&window, &[&old, &young, &unborn]);
    let seconds = group.days.iter().map(|(day, outage)| (*day, outage.major)).collect::<Vec<_>>();
    assert_eq!(seconds, [(date(2026, 9, 1), 3_600), (date(2026, 10, 1), 1_800)]);
}

/// Spells of whole seconds in the hours around a midnight at which the clock changes.
fn any_spells(start: Timestamp) -> impl Strategy<Value = Vec<Spell>> {
    let one = (any_status(), 0_i64..5_400, prop::option::of(1_i64..3_600)).prop_map(
        move |(status, from, length)| {
            let from = start + SignedDuration::from_secs(from);
            spell(status, from, length.map(|seconds| from + SignedDuration::from_secs(seconds)))
        },
    );
    prop::collection::vec(one, 0..6)
}

/// Looks at every second on its own.
fn second_by_second(
    spells: &[Spell],
    start: Timestamp,
    end: Timestamp,
    zone: &TimeZone,
) -> Vec<(Date, Outage)> {
    let mut days = BTreeMap::<_, Outage>::new();
    for second in start.as_second()..end.as_second() {
        let second = Timestamp::constant(second, 0);
        let holds = |spell: &&Spell| {
            spell.started_at <= second && spell.ended_at.is_none_or(|ended_at| second < ended_at)
        };
        let worst = spells.iter().filter(holds).map(|spell| spell.status).max();
        let day = days.entry(second.to_zoned(zone.clone()).date()).or_default();
        match worst {
            Some(ComponentStatus::MajorOutage) => day.major += 1,
            Some(ComponentStatus::PartialOutage) => day.partial += 1,
            _ => {}
        }
    }
    days.retain(|_, outage| outage.partial + outage.major > 0);
    days.into_iter().collect()
}

/// Both zones' midnights, an hour and a half before: one is left out, the other has an hour twice before it.
const NIGHTS: [(&str, &str, (i16, i8, i8)); 2] = [
    ("America/Sao_Paulo", "2018-11-04T01:30:00Z", (2018, 11, 3)),
    ("America/Sao_Paulo", "2018-02-18T01:30:00Z", (2018, 2, 17)),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_seconds_of_a_component_are_those_that_are_seen_second_by_second(
        night in 0_usize..2,
        passed in 1_i64..10_800,
        children in prop::collection::vec(
            // Counted always, or from the first, second or third day on.
            (any_spells(Timestamp::constant(0, 0)), prop::option::of(0_i64..3)),
            1..4,
        ),
        partial_outage_percent in 0_i16..=100,
        more in 0_i16..=100,
    ) {
        let (name, start, (year, month, day)) = NIGHTS[night];
        let (zone, start, first) = (zone(name), at(start), date(year, month, day));
        let now = start + SignedDuration::from_secs(passed);
        let window = Window::new(first, first.tomorrow().unwrap(), &zone, now);
        let moved = |spell: &Spell| Spell {
            started_at: start + spell.started_at.duration_since(Timestamp::UNIX_EPOCH),
            ended_at: spell.ended_at.map(|at| start + at.duration_since(Timestamp::UNIX_EPOCH)),
            ..*spell
        };
        let mut uptimes = Vec::new();
        let mut sums = BTreeMap::<Date, Outage>::new();
        let mut counts = BTreeMap::<Date, i64>::new();
        for (spells, start_day) in &children {
            let spells = spells.iter().map(moved).collect::<Vec<_>>();
            let start_date = start_day.map(|day| first + day.days());
            let is_counted = |date: Date| start_date.is_none_or(|start_date| start_date <= date);
            let uptime = Uptime::of_component(&window, start_date, &spells);
            let mut expected = second_by_second(&spells, start, now, &zone);
            expected.retain(|(date, _)| is_counted(*date));
            prop_assert_eq!(&uptime.days, &expected);
            for date in [first, first.tomorrow().unwrap()].into_iter().filter(|date| is_counted(*date)) {
                *counts.entry(date).or_default() += 1;
            }
            for (date, outage) in expected {
                let sum = sums.entry(date).or_default();
                sum.partial += outage.partial;
                sum.major += outage.major;
            }
            uptimes.push(uptime);
        }
        let group = Uptime::of_group(&window, &uptimes.iter().collect::<Vec<_>>());
        let mean = |(date, sum): (Date, Outage)| {
            (date, Outage { partial: sum.partial / counts[&date], major: sum.major / counts[&date] })
        };
        let expected = sums
            .into_iter()
            .map(mean)
            .filter(|(_, outage)| outage.partial + outage.major > 0)
            .collect::<Vec<_>>();
        prop_assert_eq!(&group.days, &expected);

        // rounded down: a hundredth more would be too much
        let major_outage_percent = (partial_outage_percent + more).min(100);
        let weights = Weights { partial_outage_percent, major_outage_percent };
        for uptime in uptimes.iter().chain([&group]).filter(|uptime| uptime.window_seconds() > 0) {
            let (window, outage) = (uptime.window_seconds(), uptime.outage());
            let down = i64::from(weights.partial_outage_percent) * outage.partial
                + i64::from(weights.major_outage_percent) * outage.major;
            let hundredths = i64::from(uptime.hundredths_of_percent(weights));
            prop_assert!((0..=10_000).contains(&hundredths));
            prop_assert!(hundredths * window + 100 * down <= 10_000 * window);
            prop_assert!((hundredths + 1) * window + 100 * down > 10_000 * window);
        }
    }
}
