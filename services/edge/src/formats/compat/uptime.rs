//! The uptime of a page's components and groups, day by day.

use std::collections::HashMap;

use jiff::{Span, civil::Date};
use proto::incidents::v1::{self as wire, uptime::Of};
use serde::{Serialize, Serializer};

use super::inventory::Inventory;
use crate::{
    formats::Source,
    wire::{read, read_day},
};

/// So many days: today and those before it.
const DAYS: i64 = 90;

/// Uptimes by the codes of what they are of, in the order of the answer; which a map of JSON values would lose.
#[derive(Debug)]
pub(super) struct Uptimes(Vec<Uptime>);

impl Serialize for Uptimes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|uptime| (&uptime.component.code, uptime)))
    }
}

#[derive(Debug, Serialize)]
struct Uptime {
    component: Counted,
    /// The oldest first, without a gap.
    days: Vec<Day>,
}

/// What it is the uptime of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    code: String,
    name: String,
    /// From when on it is counted: what comes before was not good, but is not known.
    start_date: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_group: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Day {
    date: String,
    outages: Outages,
    /// Always empty: what hurt a component on a day of the last 90 a page's front does not say.
    related_events: [(); 0],
}

/// Seconds of a day.
#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Outages {
    /// In partial outage, and nothing worse.
    p: i32,
    /// In major outage.
    m: i32,
}

impl Uptimes {
    pub(super) fn new(source: &Source) -> Self {
        let inventory = Inventory::new(source, &[], &[]);
        let today = source.now.to_zoned(source.time_zone.clone()).date();
        let dates = (0..DAYS).rev().filter_map(|ago| today.checked_sub(Span::new().days(ago)).ok());
        let dates = dates.collect::<Vec<_>>();
        let uptimes = source.front.uptimes.iter();
        Self(uptimes.filter_map(|uptime| Uptime::new(source, &inventory, &dates, uptime)).collect())
    }
}

impl Uptime {
    /// Nothing of what is off the page.
    fn new(source: &Source, inventory: &Inventory, dates: &[Date], uptime: &wire::Uptime) -> Option<Self> {
        let (Of::ComponentId(id) | Of::ComponentGroupId(id)) = uptime.of.as_ref()?;
        let row = inventory.get(id)?;
        let began = read(uptime.window_started_at.as_ref())
            .map(|at| at.to_zoned(source.time_zone.clone()).date())
            .filter(|day| dates.first().is_some_and(|first| day > first));
        let outages = uptime.days.iter().filter_map(|day| {
            let seconds = Outages { p: day.partial_outage_seconds, m: day.major_outage_seconds };
            Some((read_day(day.date.as_ref())?, seconds))
        });
        let outages = outages.collect::<HashMap<_, _>>();
        let days = dates.iter().map(|date| Day {
            date: date.to_string(),
            outages: outages.get(date).copied().unwrap_or_default(),
            related_events: [],
        });
        Some(Self {
            component: Counted {
                code: row.id.clone(),
                name: row.name.to_owned(),
                start_date: row.start_date.clone().or(began.map(|day| day.to_string())),
                is_group: row.components.is_some(),
                group: row.components.clone(),
            },
            days: days.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proto::{common::v1 as common, incidents::v1::UptimeDay};
    use serde_json::json as value;

    use super::*;
    use crate::formats::compat::{
        sample::{acme, code, component_id, group_id, json, wire},
        uptime,
    };

    #[test]
    fn uptime_has_each_of_ninety_days_once_and_the_clock_going_back_adds_none() {
        // in New York clocks went back on 2026-11-01; there it is still the 20th
        let mut source = acme("America/New_York");
        source.now = "2026-11-21T04:00:00Z".parse().unwrap();
        let day = |month, day, p, m| UptimeDay {
            date: Some(common::Date { year: 2026, month, day }),
            partial_outage_seconds: p,
            major_outage_seconds: m,
        };
        let of = |of, began: &str, days| wire::Uptime {
            of: Some(of),
            window_started_at: wire(began),
            days,
            ..wire::Uptime::default()
        };
        source.front.uptimes = vec![
            of(Of::ComponentId(component_id(12)), "2026-10-31T04:00:00Z", Vec::new()),
            of(Of::ComponentId(component_id(11)), "2026-08-23T04:00:00Z", vec![day(11, 1, 120, 60)]),
            of(Of::ComponentId(component_id(77)), "2026-08-23T04:00:00Z", Vec::new()),
            of(Of::ComponentGroupId(group_id(10)), "2026-08-23T04:00:00Z", vec![day(11, 20, 7, 0)]),
        ];
        let text = json(&uptime(&source));
        let (mail, deposit, group) = (code(12), code(11), code(10));
        let head = format!(
            r#"{{"{mail}":{{"component":{{"code":"{mail}","name":"Mail","startDate":"2026-10-31"}},"days":[{{"date":"2026-08-23","outages":{{"p":0,"m":0}},"related_events":[]}},{{"date":"2026-08-24","#
        );
        assert!(text.starts_with(&head), "{text}");
        let last = format!(
            r#""{group}":{{"component":{{"code":"{group}","name":"Deposit And Withdraw","startDate":null,"isGroup":true,"group":["{deposit}"]}},"days":[{{"#
        );
        assert!(text.contains(&last), "{text}");
        assert!(
            text.ends_with(r#"{"date":"2026-11-20","outages":{"p":7,"m":0},"related_events":[]}]}}"#),
            "{text}"
        );
        let told = serde_json::to_value(uptime(&source)).unwrap();
        assert_eq!(told.as_object().unwrap().len(), 3, "what is off the page is left out");
        let days = told[&deposit]["days"].as_array().unwrap();
        let dates =
            days.iter().map(|day| day["date"].as_str().unwrap()).collect::<std::collections::BTreeSet<_>>();
        assert_eq!((days.len(), dates.len()), (90, 90));
        assert_eq!(
            days[70],
            value!({ "date": "2026-11-01", "outages": { "p": 120, "m": 60 }, "related_events": [] })
        );
        assert_eq!(told[&deposit]["component"]["startDate"], "2026-01-07");
    }
}
