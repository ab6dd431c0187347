//! Between the wire and the domain.

mod components;
mod incidents;
mod maintenances;
mod templates;
mod vendors;

use std::str::FromStr;

use jiff::civil::Date;
use kit::ids::InvalidId;
use proto::{common::v1 as wire_common, incidents::v1 as wire};

pub(crate) use components::{
    component_status, overall_status, parse_component_status, public_component, public_component_group,
    uptime,
};
pub(crate) use incidents::{
    affected, draft, parse_affected, parse_coming, parse_component_impacts, parse_impact, parse_past,
    parse_phase, parse_promise, phase, postmortem_draft, public_incident,
};
pub(crate) use maintenances::{
    maintenance_phase, parse_maintenance_phase, parse_planned, parse_reminders, parse_worked_on,
    public_maintenance,
};
pub(crate) use templates::{parse_suggested, parse_suggested_phase, parse_template_kind, parse_text};
pub(crate) use vendors::parse_vendor_format;

use crate::{domain::is_blank, error::Error, pages::Page};

/// The id in this field.
pub(super) fn id<T: FromStr<Err = InvalidId>>(field: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|bad: InvalidId| Error::invalid(field, bad.to_string()))
}

/// The line in this field, trimmed; not blank.
pub(super) fn line(field: &str, text: &str) -> Result<String, Error> {
    self::text(field, text.trim().to_owned())
}

/// The text in this field; not blank.
pub(super) fn text(field: &str, text: String) -> Result<String, Error> {
    if is_blank(&text) { Err(Error::invalid(field, "must not be blank")) } else { Ok(text) }
}

/// The day in this field: one that the calendar has.
pub(super) fn parse_date(field: &str, date: wire_common::Date) -> Result<Date, Error> {
    let part = |number: i32| i8::try_from(number).unwrap_or(0);
    Date::new(i16::try_from(date.year).unwrap_or(i16::MAX), part(date.month), part(date.day))
        .map_err(|_| Error::invalid(field, "must be a day that the calendar has"))
}

/// A day on the wire.
pub(super) fn date(date: Date) -> wire_common::Date {
    wire_common::Date { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

impl From<Page> for wire::StatusPage {
    fn from(page: Page) -> Self {
        Self {
            page_id: page.page_id.to_string(),
            slug: page.slug,
            name: page.name,
            locale: page.locale,
            time_zone: page.time_zone,
            branding: page.branding,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit::{Clock, ids::ComponentId};

    use super::*;
    use crate::error::fields;

    /// A component of an id of its own with this status.
    pub(super) fn affected_as(status: wire::ComponentStatus) -> wire::AffectedComponent {
        let component_id = ComponentId::new(&Clock::system()).to_string();
        wire::AffectedComponent { component_id, status: status.into() }
    }

    #[test]
    fn a_line_is_trimmed_and_must_not_be_blank() {
        assert_eq!(line("title", " API is slow\u{a0}").unwrap(), "API is slow");
        assert_eq!(fields(line("title", " \u{a0}\u{3000}").unwrap_err()), ["title"]);
        assert_eq!(fields(line("title", " \u{200b}").unwrap_err()), ["title"]);
    }

    #[test]
    fn a_text_stays_as_it_is_and_must_not_be_blank() {
        assert_eq!(text("body", " Slow.\n".to_owned()).unwrap(), " Slow.\n");
        assert_eq!(fields(text("body", "\n\u{feff}\n".to_owned()).unwrap_err()), ["body"]);
    }

    #[test]
    fn a_day_is_one_that_the_calendar_has() {
        let day = |year, month, day| parse_date("start_date", wire_common::Date { year, month, day });
        assert_eq!(date(day(2028, 2, 29).unwrap()), wire_common::Date { year: 2028, month: 2, day: 29 });
        for (year, month, number) in [(2027, 2, 29), (2026, 4, 31), (2026, 300, 1), (70_000, 1, 1)] {
            assert_eq!(fields(day(year, month, number).unwrap_err()), ["start_date"]);
        }
    }
}
