//! `/history.json`: what happened, by month.

use jiff::civil::{Date, Weekday};
use proto::incidents::v1::{HistoryEntry, HistoryMonth, ListHistoryResponse, history_entry::Entry};
use serde::Serialize;

use super::{codes, next_page, stories::Teller, time, updates::Update, words};
use crate::{
    formats::Source,
    wire::{read, read_month},
};

/// A lot of months, newest first.
#[derive(Debug, Serialize)]
pub(super) struct History<'a> {
    months: Vec<Month<'a>>,
    next_page: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Month<'a> {
    /// In English, as all words of the format: "November".
    name: String,
    year: i32,
    /// The day of the week that it begins with; Sunday is 0.
    starts_on: i8,
    /// So many days it has.
    days: i8,
    incidents: Vec<Line<'a>>,
}

/// An incident or a maintenance in a month.
#[derive(Debug, Serialize)]
struct Line<'a> {
    code: String,
    name: &'a str,
    /// What was told of it last, as text.
    message: String,
    impact: &'static str,
    /// HTML.
    timestamp: String,
}

impl<'a> History<'a> {
    pub(super) fn new(source: &'a Source, lot: &'a ListHistoryResponse) -> Self {
        let teller = Teller::new(source, &lot.former_components, &[]);
        Self {
            months: lot.months.iter().filter_map(|month| Month::new(&teller, month)).collect(),
            next_page: next_page(&lot.next_page_token),
        }
    }
}

impl<'a> Month<'a> {
    /// Nothing if the calendar has no such month.
    fn new(teller: &Teller, told: &'a HistoryMonth) -> Option<Self> {
        let first = read_month(told.month.as_ref())?;
        Some(Self {
            name: first.strftime("%B").to_string(),
            year: i32::from(first.year()),
            starts_on: first.weekday().since(Weekday::Sunday),
            days: Date::days_in_month(first),
            incidents: told.entries.iter().filter_map(|entry| Line::new(teller, entry)).collect(),
        })
    }
}

impl<'a> Line<'a> {
    fn new(teller: &Teller, entry: &'a HistoryEntry) -> Option<Self> {
        // Each stands in the month in which it begins by the first of these times.
        let (from, to, line) = match entry.entry.as_ref()? {
            Entry::Incident(incident) => {
                let code = codes::incident(&incident.incident_id);
                let line = Self {
                    message: first_text(Update::of_incident(teller, incident, &code)),
                    code,
                    name: &incident.title,
                    impact: words::impact(incident.impact()),
                    timestamp: String::new(),
                };
                (&incident.started_at, &incident.resolved_at, line)
            }
            Entry::Maintenance(maintenance) => {
                let code = codes::maintenance(&maintenance.maintenance_id);
                let line = Self {
                    message: first_text(Update::of_maintenance(teller, maintenance, &code)),
                    code,
                    name: &maintenance.title,
                    impact: words::MAINTENANCE,
                    timestamp: String::new(),
                };
                (&maintenance.scheduled_start_at, &maintenance.scheduled_end_at, line)
            }
        };
        let span =
            read(from.as_ref()).map(|from| time::fragment(from, read(to.as_ref()), &teller.source.time_zone));
        Some(Self { timestamp: span.unwrap_or_default(), ..line })
    }
}

fn first_text(updates: Vec<Update>) -> String {
    updates.into_iter().next().map(Update::into_text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proto::incidents::v1::MaintenancePhase;

    use super::*;
    use crate::formats::compat::{
        history,
        sample::{a_maintenance, acme, code, json, reported},
    };

    #[test]
    fn history_has_months_with_what_was_told_last_and_when() {
        let source = acme("America/Sao_Paulo");
        let mut short = reported();
        short.postmortem = None;
        short.updates.truncate(1);
        short.updates[0].body = "All\r\nis well.".into();
        let done = [(44, MaintenancePhase::Completed, "2026-11-22T02:30:00Z")];
        let done = a_maintenance(23, "Move", &[12], &done);
        let entry = |entry| HistoryEntry { entry: Some(entry) };
        let month = |month, entries| HistoryMonth {
            month: Some(proto::common::v1::Month { year: 2026, month }),
            entries,
        };
        let lot = ListHistoryResponse {
            months: vec![
                month(11, vec![entry(Entry::Maintenance(done)), entry(Entry::Incident(short))]),
                month(2, Vec::new()),
            ],
            next_page_token: "on".into(),
            ..ListHistoryResponse::default()
        };
        let (move_code, outage) = (code(23), code(21));
        let wanted = [
            r#"{"months":[{"name":"November","year":2026,"starts_on":0,"days":30,"incidents":["#.to_owned(),
            format!(
                r#"{{"code":"{move_code}","name":"Move","message":"The maintenance is complete.","impact":"maintenance","timestamp":"Nov <var data-var='date'>21</var>, <var data-var='time'>22:00</var> - Nov <var data-var='date'>22</var>, <var data-var='time'>00:00</var> -03"}},"#
            ),
            format!(
                r#"{{"code":"{outage}","name":"Outage","message":"All\nis well.","impact":"critical","timestamp":"Nov <var data-var='date'>21</var>, <var data-var='time'>07:00</var> - <var data-var='time'>08:00</var> -03"}}]}},"#
            ),
            r#"{"name":"February","year":2026,"starts_on":0,"days":28,"incidents":[]}],"next_page":"on"}"#
                .to_owned(),
        ];
        assert_eq!(json(&history(&source, &lot)), wanted.concat());
        let none = ListHistoryResponse::default();
        assert_eq!(json(&history(&source, &none)), r#"{"months":[],"next_page":null}"#);
    }
}
