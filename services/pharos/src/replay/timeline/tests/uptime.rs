//! Past uptime, and the outages that make it up.

use proto::incidents::v1::ComponentStatus;

use super::{super::Timeline, changed, example, malformed, refused};

/// The outages of a component, each as its start in the page's zone and its seconds.
fn outages(timeline: &Timeline, component: usize) -> Vec<(String, i64)> {
    let zone = jiff::tz::TimeZone::get(&timeline.page.time_zone).unwrap();
    let requests = timeline.downtime_requests(&timeline.components[component], "cmp");
    requests
        .into_iter()
        .map(|request| {
            assert_eq!(request.status(), ComponentStatus::MajorOutage);
            let (start, end) = (request.started_at.unwrap().seconds, request.ended_at.unwrap().seconds);
            let at = jiff::Timestamp::from_second(start).unwrap().to_zoned(zone.clone());
            (at.strftime("%Y-%m-%dT%H:%M:%S").to_string(), end - start)
        })
        .collect()
}

/// The example with an uptime of its first component, which the incident puts into a partial outage from
/// 2026-03-02 10:00 to 10:25, so that 450 of 2,678,400 seconds count as down.
fn checkout(uptime: &str) -> Result<Timeline, super::TimelineError> {
    changed("    description: Carts", &format!("    uptime: [{uptime}]\n    description: Carts"))
}

#[test]
fn uptime_is_a_part_of_a_hundred_and_said_once_a_month() {
    let with = |uptime: &str| format!("  - name: Mail\n    uptime: [{uptime}]");
    for percent in ["100.1", "100.01", "-1", "99.999", "99.", "1e2", "much"] {
        let entry = with(&format!("{{month: 2025-09, percent: {percent}}}"));
        malformed(
            "  - name: Mail",
            &entry,
            &[percent, "a percentage from 0 to 100 with at most two decimals"],
        );
    }
    let twice = with("{month: 2025-09, percent: 99}, {month: 2025-09, percent: 98}");
    refused("  - name: Mail", &twice, "components[1].uptime[1].month", "`2025-09-01` is there already");
    let early = with("{month: 1999-12, percent: 99}");
    let message = "must not be before 2000-01-01T00:00:00Z";
    refused("  - name: Mail", &early, "components[1].uptime[0].month", message);
}

#[test]
fn an_uptime_is_made_up_by_the_shortest_outage_that_gives_it() {
    let timeline = checkout(
        "{month: 2025-09, percent: 99.98}, {month: 2025-10, percent: 100}, {month: 2025-11, percent: 99.9}, \
         {month: 2025-12, percent: 0}",
    );
    // 2,592,000 seconds: one hundredth of a percent is 259.2 of them, and what is left counts as up no more.
    let month = 31 * 86_400;
    assert_eq!(
        outages(&timeline.unwrap(), 0),
        [
            ("2025-09-01T00:00:00".to_owned(), 260),
            ("2025-11-01T00:00:00".to_owned(), 2_333),
            ("2025-12-01T00:00:00".to_owned(), month - 267),
        ]
    );
}

#[test]
fn of_the_incidents_month_only_what_the_incident_leaves_is_recorded_and_beside_it() {
    // 450 seconds are 0.0168 %: that is 99.98 % without anything else.
    assert_eq!(outages(&checkout("{month: 2026-03, percent: 99.98}").unwrap(), 0), []);
    // 99.9 % begins with 2,411 seconds down.
    let timeline = checkout("{month: 2026-03, percent: 99.9}").unwrap();
    assert_eq!(outages(&timeline, 0), [("2026-03-01T00:00:00".to_owned(), 2_411 - 450)]);
    // Half of the month does not fit before the incident.
    let timeline = checkout("{month: 2026-03, percent: 50}").unwrap();
    let [(start, seconds)] = &outages(&timeline, 0)[..] else { panic!("one outage") };
    assert_eq!((start.as_str(), *seconds), ("2026-03-02T10:25:00", 1_338_933 - 450));
    // Nearly all of it goes around the incident.
    let timeline = checkout("{month: 2026-03, percent: 0.04}").unwrap();
    let starts: Vec<_> = outages(&timeline, 0).into_iter().map(|(start, _)| start).collect();
    assert_eq!(starts, ["2026-03-01T00:00:00", "2026-03-02T10:25:00"]);
}

#[test]
fn what_the_report_says_of_a_component_counts_instead_of_the_posts() {
    // An hour and two of which one is the same: 7,200 seconds of major outage.
    let impacts = "  component_impacts: [\
         {component: Checkout, status: major_outage, started_at: 2026-03-02T09:00:00-03:00, ended_at: 2026-03-02T10:00:00-03:00}, \
         {component: Checkout, status: major_outage, started_at: 2026-03-02T09:00:00-03:00, ended_at: 2026-03-02T11:00:00-03:00}]\n  posts:";
    let text = example().replace("  posts:", impacts);
    let with = |percent: &str| {
        let uptime = format!("    uptime: [{{month: 2026-03, percent: {percent}}}]\n    description: Carts");
        Timeline::parse(&text.replace("    description: Carts", &uptime))
    };
    assert_eq!(outages(&with("99.73").unwrap(), 0), []);
    assert_eq!(outages(&with("99.72").unwrap(), 0), [("2026-03-01T00:00:00".to_owned(), 7_232 - 7_200)]);
}

#[test]
fn an_uptime_that_the_incident_contradicts_is_refused() {
    let with = |percent: &str| {
        format!("    uptime: [{{month: 2026-03, percent: {percent}}}]\n    description: Carts")
    };
    let message = "must be from 0.03 to 99.98 with what the incident says";
    for percent in ["99.99", "0.02"] {
        refused("    description: Carts", &with(percent), "components[0].uptime[0].percent", message);
    }
}

#[test]
fn a_component_that_stays_down_is_down_to_the_months_end() {
    let text = example().replace("phase: resolved", "phase: monitoring").replace(
        "    description: Carts",
        "    uptime: [{month: 2026-03, percent: 83.4}]\n    description: Carts",
    );
    let (text, _) = text.split_once("  postmortem:").unwrap();
    // From 10:00 of the second day on, 710 of 744 hours, only 70 % count as up.
    let lines = Timeline::parse(text).unwrap_err().to_string();
    let sentence = "components[0].uptime[0].percent: must be from 66.80 to 71.37 with what the incident says";
    assert_eq!(lines, sentence);
    assert!(Timeline::parse(&text.replace("83.4", "70")).is_ok());
}

#[test]
fn kinescopes_incident_makes_all_of_its_months_downtime() {
    let kinescope = Timeline::parse(include_str!("../../../../../../timelines/kinescope.yaml")).unwrap();
    let all: Vec<_> = (0..kinescope.components.len()).map(|index| outages(&kinescope, index)).collect();
    assert_eq!(all[0], [("2025-09-01T00:00:00".to_owned(), 260)]);
    assert!(all[1..].iter().all(Vec::is_empty), "{all:?}");
}
