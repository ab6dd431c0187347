//! Times as messages carry them.

use jiff::{Timestamp, civil::Date};
use proto::common::v1 as common;

/// A time; nothing if it is none.
pub(crate) fn read(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// A day; nothing if the calendar has none such.
pub(crate) fn read_day(day: Option<&common::Date>) -> Option<Date> {
    let day = day?;
    let part = |number: i32| i8::try_from(number).ok();
    Date::new(i16::try_from(day.year).ok()?, part(day.month)?, part(day.day)?).ok()
}

/// The first day of a month.
pub(crate) fn read_month(month: Option<&common::Month>) -> Option<Date> {
    let month = month?;
    read_day(Some(&common::Date { year: month.year, month: month.month, day: 1 }))
}
