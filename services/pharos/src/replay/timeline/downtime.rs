//! What a component was down in past months besides the incident, so that its uptime is the one that the file
//! tells.

use std::ops::Range;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use proto::incidents::v1::{ComponentStatus, Phase, RecordStatusIntervalRequest};

use super::{Component, Timeline, Uptime};

/// Seconds since 1970.
type Seconds = Range<i64>;

/// The uptime that a month cannot have, because the incident says otherwise.
pub(super) struct OutOfReach {
    /// The least and the most it can have, in hundredths of a percent.
    pub(super) reach: (i64, i64),
}

impl Timeline {
    /// Enters the major outages that make up a component's past uptime, together with what the incident does to
    /// it; `component_id` is the component's.
    #[must_use]
    pub fn downtime_requests(
        &self,
        component: &Component,
        component_id: &str,
    ) -> Vec<RecordStatusIntervalRequest> {
        let wire = |second| Timestamp::from_second(second).ok().map(kit::time::to_wire);
        component
            .uptime
            .iter()
            // A timeline that was parsed has none that is out of reach.
            .filter_map(|uptime| missing(self, component, uptime).ok())
            .flatten()
            .map(|outage| RecordStatusIntervalRequest {
                component_id: component_id.to_owned(),
                status: ComponentStatus::MajorOutage.into(),
                started_at: wire(outage.start),
                ended_at: wire(outage.end),
                ..Default::default()
            })
            .collect()
    }
}

/// When the month begins and ends in the page's time zone; none if the zone or the calendar has no such moment.
pub(super) fn span(timeline: &Timeline, uptime: &Uptime) -> Option<Seconds> {
    let zone = TimeZone::get(&timeline.page.time_zone).ok()?;
    let midnight =
        |date: jiff::civil::Date| date.to_zoned(zone.clone()).ok().map(|at| at.timestamp().as_second());
    Some(midnight(uptime.month)?..midnight(uptime.month.checked_add(1.month()).ok()?)?)
}

/// The outages that a month lacks: as short as they can be, in one piece where the incident leaves room for it.
pub(super) fn missing(
    timeline: &Timeline,
    component: &Component,
    uptime: &Uptime,
) -> Result<Vec<Seconds>, OutOfReach> {
    let Some(month) = span(timeline, uptime) else { return Ok(Vec::new()) };
    let length = month.end - month.start;
    let spells = spells(timeline, &component.name);
    let mut borders: Vec<i64> = spells.iter().flat_map(|(spell, _)| [spell.start, spell.end]).collect();
    borders.extend([month.start, month.end]);
    borders.retain(|border| (month.start..=month.end).contains(border));
    borders.sort_unstable();

    // In seconds of which each counts a hundredth.
    let mut down = 0;
    let mut free: Vec<Seconds> = Vec::new();
    for (start, end) in borders.iter().copied().zip(borders.iter().copied().skip(1)) {
        let here = spells.iter().filter(|(spell, _)| spell.start <= start && end <= spell.end);
        match here.map(|(_, status)| weight(*status)).max() {
            Some(worst) => down += worst * (end - start),
            None => free.push(start..end),
        }
    }
    // As the contract says: rounded down, so what is down is rounded up.
    let hundredths = |down: i64| 10_000 - (100 * down + length - 1).div_euclid(length);
    let wanted = uptime.hundredths_of_percent;
    let room: i64 = free.iter().map(|gap| gap.end - gap.start).sum();
    let (least, most) = (hundredths(down + 100 * room), hundredths(down));
    if !(least..=most).contains(&wanted) {
        return Err(OutOfReach { reach: (least, most) });
    }
    if wanted == most {
        return Ok(Vec::new());
    }
    // The least x with `100 * (down + 100 * x)` above what still counts as a hundredth more.
    let mut left = ((9_999 - wanted) * length - 100 * down).div_euclid(10_000) + 1;
    let whole = free.iter().find(|gap| gap.end - gap.start >= left).cloned();
    let mut pieces = Vec::new();
    for gap in whole.map_or(free, |gap| Vec::from([gap])) {
        let piece = left.min(gap.end - gap.start);
        pieces.extend((piece > 0).then(|| gap.start..gap.start + piece));
        left -= piece;
    }
    Ok(pieces)
}

/// How much of a time counts as down, in percent: what `UptimeSettingsService` says of a page where it was never
/// set.
fn weight(status: ComponentStatus) -> i64 {
    match status {
        ComponentStatus::MajorOutage => 100,
        ComponentStatus::PartialOutage => 30,
        ComponentStatus::DegradedPerformance
        | ComponentStatus::UnderMaintenance
        | ComponentStatus::Operational
        | ComponentStatus::Unspecified => 0,
    }
}

/// When the incident gave the component which status: what the report says of it, or else what the posts do.
fn spells(timeline: &Timeline, component: &str) -> Vec<(Seconds, ComponentStatus)> {
    let incident = &timeline.incident;
    let second = |at: super::Moment| at.timestamp().as_second();
    let told = incident.component_impacts.iter().filter(|it| it.component == component);
    let mut spells: Vec<_> = told.map(|it| (second(it.started_at)..second(it.ended_at), it.status)).collect();
    if !spells.is_empty() {
        return spells;
    }
    let mut since: Option<(i64, ComponentStatus)> = None;
    for post in &incident.posts {
        let status = match post.affected.get(component) {
            Some(status) => *status,
            None if post.phase == Phase::Resolved => ComponentStatus::Operational,
            None => continue,
        };
        spells.extend(since.take().map(|(start, was)| (start..second(post.at), was)));
        since = (status != ComponentStatus::Operational).then_some((second(post.at), status));
    }
    spells.extend(since.map(|(start, status)| (start..i64::MAX, status)));
    spells
}
