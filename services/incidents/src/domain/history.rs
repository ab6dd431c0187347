//! What happened, by month: which months an answer holds, and which of what happened stands in each.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use uuid::Uuid;

/// When something that stands in the history began, and its id: latest first, the larger id first of two.
pub(crate) type Moment = (Timestamp, Uuid);

/// A lot of months.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    /// The first day of each month, latest first, with how many of the moments stand in it.
    pub(crate) months: Vec<(Date, usize)>,
    /// How many of the moments stand in these months; the others are for later lots.
    pub(crate) taken: usize,
    /// What the next lot comes before; none at the end.
    pub(crate) next: Option<Moment>,
}

/// The lot that comes before this moment: so many months at most, and so many of the moments.
///
/// `moments` are those before it, latest first; one more than `most` of them if there are so many. Months go back to
/// that of the first thing that ever happened, but the lot has at least one.
pub(crate) fn lot(before: Moment, moments: &[Moment], months: i32, most: usize, zone: &TimeZone) -> Lot {
    let first = month_of(last_instant_before(before), zone);
    let lowest = first.saturating_sub((months - 1).max(0).months());
    let start = start_of(lowest, zone);
    let in_reach = moments.iter().take_while(|(at, _)| *at >= start).count();
    let taken = in_reach.min(most);
    let next = if taken < in_reach {
        moments.get(taken.saturating_sub(1)).copied()
    } else if taken < moments.len() {
        // Everything before the lowest month's beginning.
        Some((start, Uuid::nil()))
    } else {
        None
    };
    let end = match (next, moments.get(..taken).and_then(<[_]>::last)) {
        // It ends in the middle of a month, or at the first thing that ever happened.
        (Some((_, id)), Some((at, _))) if !id.is_nil() => month_of(*at, zone),
        (None, Some((at, _))) => month_of(*at, zone),
        (None, None) => first,
        (Some(_), _) => lowest,
    };
    let mut counted = Vec::new();
    let mut month = first;
    while month >= end {
        let from = start_of(month, zone);
        let passed = counted.iter().map(|(_, count)| count).sum::<usize>();
        let count = moments[..taken][passed..].iter().take_while(|(at, _)| *at >= from).count();
        counted.push((month, count));
        match month.checked_sub(1.month()) {
            Ok(earlier) => month = earlier,
            Err(_) => break,
        }
    }
    Lot { months: counted, taken, next }
}

/// A moment with the smallest id is the beginning of a month, and what is before it is in the month before.
fn last_instant_before((at, id): Moment) -> Timestamp {
    if id.is_nil() { at.checked_sub(1.microsecond()).unwrap_or(at) } else { at }
}

fn month_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date().first_of_month()
}

fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    let midnight = day.to_zoned(zone.clone()).and_then(|at| at.start_of_day());
    midnight.map_or(Timestamp::MIN, |at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn zone() -> TimeZone {
        TimeZone::get("America/Sao_Paulo").unwrap()
    }

    fn moments(days_ago: &[i64]) -> Vec<Moment> {
        let mut moments = (1..)
            .zip(days_ago)
            .map(|(number, days)| {
                (NOW - jiff::SignedDuration::from_hours(24 * days), Uuid::from_u128(number))
            })
            .collect::<Vec<_>>();
        moments.sort_unstable_by(|one, other| other.cmp(one));
        moments
    }

    #[test]
    fn a_page_on_which_nothing_happened_has_an_empty_current_month() {
        let lot = lot((NOW, Uuid::max()), &[], 3, 100, &zone());
        assert_eq!(lot.months, [(date(2026, 9, 1), 0)]);
        assert_eq!(lot.next, None);
    }

    #[test]
    fn months_without_anything_are_there_back_to_the_first_thing_that_happened() {
        let lot = lot((NOW, Uuid::max()), &moments(&[70]), 12, 100, &zone());
        let months = [(date(2026, 9, 1), 0), (date(2026, 8, 1), 0), (date(2026, 7, 1), 1)];
        assert_eq!(lot.months, months);
        assert_eq!(lot.next, None);
    }

    #[test]
    fn a_day_belongs_to_the_month_of_the_pages_zone() {
        // 1 September, 02:00 UTC, is still August in São Paulo
        let at = "2026-09-01T02:00:00Z".parse().unwrap();
        let lot = lot((NOW, Uuid::max()), &[(at, Uuid::from_u128(1))], 3, 100, &zone());
        assert_eq!(lot.months, [(date(2026, 9, 1), 0), (date(2026, 8, 1), 1)]);
    }

    proptest! {
        #[test]
        fn lots_put_together_hold_every_moment_once_and_every_month_in_order(
            days in prop::collection::vec(0_i64..400, 0..40),
            months in 1_i32..5,
            most in 1_usize..6,
        ) {
            let (all, zone) = (moments(&days), zone());
            let (mut before, mut seen, mut listed) = ((NOW, Uuid::max()), Vec::new(), Vec::<Date>::new());
            for _ in 0..500 {
                let mut rest = all.iter().copied().filter(|moment| *moment < before).collect::<Vec<_>>();
                rest.truncate(most + 1);
                let lot = lot(before, &rest, months, most, &zone);
                prop_assert!(lot.months.len() <= usize::try_from(months).unwrap() && lot.taken <= most);
                prop_assert_eq!(lot.months.iter().map(|(_, count)| count).sum::<usize>(), lot.taken);
                let mut passed = 0;
                for (month, count) in &lot.months {
                    for (at, _) in &rest[passed..passed + count] {
                        prop_assert_eq!(month_of(*at, &zone), *month);
                    }
                    passed += count;
                    // the first may go on with the last of the lot before
                    if listed.last() != Some(month) {
                        listed.push(*month);
                    }
                }
                seen.extend_from_slice(&rest[..lot.taken]);
                match lot.next {
                    Some(next) => before = next,
                    None => break,
                }
            }
            prop_assert_eq!(&seen, &all);
            let mut expected = vec![month_of(NOW, &zone)];
            let oldest = all.last().map_or(NOW, |(at, _)| *at);
            while *expected.last().unwrap() > month_of(oldest, &zone) {
                expected.push(expected.last().unwrap().checked_sub(1.month()).unwrap());
            }
            prop_assert_eq!(listed, expected);
        }
    }
}
