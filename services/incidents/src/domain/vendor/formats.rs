//! The answers that vendors' pages give, by product.
//!
//! A component with a status that is not known is left out, never guessed; an answer without the lists that the
//! product always sends is no answer at all, since nothing in it would otherwise read as "all is well".

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{COMPONENTS_PER_VENDOR, Listed, Listing, Named, VendorFormat};
use crate::domain::{ComponentStatus, line};

/// So many characters of a vendor's ids and names are kept.
const LONGEST: usize = 200;

/// Why an answer was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("The page's answer is not JSON.")]
    NotJson,
    #[error("The page's answer has no list `{0}`, which pages of its kind have.")]
    Lacks(&'static str),
    #[error("The page's answer names an affected component without its id.")]
    Nameless,
}

/// Reads an answer.
pub(super) fn read(format: VendorFormat, answer: &[u8]) -> Result<Listing, Unreadable> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Unreadable::NotJson)?;
    match format {
        VendorFormat::Statuspage => statuspage(&answer),
        VendorFormat::IncidentIo => incident_io(&answer),
        VendorFormat::Instatus => instatus(&answer),
    }
}

/// Atlassian Statuspage, `/api/v2/components.json`: groups and components in one flat list; a component names its
/// group by id (<https://confluence.status.atlassian.com/api>).
fn statuspage(answer: &Value) -> Result<Listing, Unreadable> {
    let rows = list(answer, "components")?;
    let is_group = |row: &Map<String, Value>| row.get("group") == Some(&Value::Bool(true));
    let groups = rows
        .iter()
        .filter_map(Value::as_object)
        .filter(|row| is_group(row))
        .filter_map(|row| Some((text(row, "id")?, text(row, "name")?)))
        .collect::<HashMap<_, _>>();
    let mut listing = Builder::new(VendorFormat::Statuspage.names());
    for row in rows.iter().filter_map(Value::as_object).filter(|row| !is_group(row)) {
        let group = text(row, "group_id").and_then(|group| groups.get(group).copied());
        let status = text(row, "status").and_then(|status| match status {
            "operational" => Some(ComponentStatus::Operational),
            "under_maintenance" => Some(ComponentStatus::UnderMaintenance),
            "degraded_performance" => Some(ComponentStatus::DegradedPerformance),
            "partial_outage" => Some(ComponentStatus::PartialOutage),
            "major_outage" => Some(ComponentStatus::MajorOutage),
            _ => None,
        });
        listing.add(text(row, "id"), text(row, "name"), group, status);
    }
    Ok(listing.finish())
}

/// incident.io's widget, `/api/v1/summary`: only what is affected is named, by incident and by maintenance; several of
/// them may name the same component.
fn incident_io(answer: &Value) -> Result<Listing, Unreadable> {
    let incidents = list(answer, "ongoing_incidents")?.iter().map(|incident| (incident, None));
    let running = list(answer, "in_progress_maintenances")?.iter();
    let running = running.map(|maintenance| (maintenance, Some(ComponentStatus::UnderMaintenance)));
    let mut listing = Builder::new(VendorFormat::IncidentIo.names());
    for (cause, unless_said) in incidents.chain(running) {
        for affected in list(cause, "affected_components")? {
            let row = affected.as_object().ok_or(Unreadable::Nameless)?;
            // Left out, it would count as operational.
            let id = text(row, "id").and_then(good_id).ok_or(Unreadable::Nameless)?;
            let status = match row.get("current_status") {
                None | Some(Value::Null) => unless_said,
                Some(Value::String(status)) => match status.as_str() {
                    "operational" => Some(ComponentStatus::Operational),
                    "under_maintenance" => Some(ComponentStatus::UnderMaintenance),
                    "degraded_performance" => Some(ComponentStatus::DegradedPerformance),
                    "partial_outage" => Some(ComponentStatus::PartialOutage),
                    "full_outage" => Some(ComponentStatus::MajorOutage),
                    _ => None,
                },
                Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => None,
            };
            listing.add(Some(id), text(row, "name"), text(row, "group_name"), status);
        }
    }
    Ok(listing.finish())
}

/// Instatus, `/v2/components.json`: a component carries its group.
fn instatus(answer: &Value) -> Result<Listing, Unreadable> {
    let mut listing = Builder::new(VendorFormat::Instatus.names());
    for row in list(answer, "components")?.iter().filter_map(Value::as_object) {
        let group = row.get("group").and_then(Value::as_object).and_then(|group| text(group, "name"));
        let status = text(row, "status").and_then(|status| match status {
            "OPERATIONAL" => Some(ComponentStatus::Operational),
            "UNDERMAINTENANCE" => Some(ComponentStatus::UnderMaintenance),
            "DEGRADEDPERFORMANCE" => Some(ComponentStatus::DegradedPerformance),
            "PARTIALOUTAGE" | "MINOROUTAGE" => Some(ComponentStatus::PartialOutage),
            "MAJOROUTAGE" => Some(ComponentStatus::MajorOutage),
            _ => None,
        });
        listing.add(text(row, "id"), text(row, "name"), group, status);
    }
    Ok(listing.finish())
}

fn list<'a>(value: &'a Value, name: &'static str) -> Result<&'a [Value], Unreadable> {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).ok_or(Unreadable::Lacks(name))
}

fn text<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str)
}

/// An id is never changed: one that cannot be kept as it is names nothing.
fn good_id(id: &str) -> Option<&str> {
    let is_good = !id.is_empty() && id.chars().count() <= LONGEST && !id.chars().any(line::breaks_line);
    is_good.then_some(id)
}

/// Puts a listing together from rows as they come.
#[derive(Debug)]
struct Builder {
    listing: Listing,
    /// Where each id stands in the list.
    places: HashMap<String, usize>,
}

impl Builder {
    fn new(names: Named) -> Self {
        let listing = Listing { components: Vec::new(), unreadable: BTreeSet::new(), names };
        Self { listing, places: HashMap::new() }
    }

    /// A row; the worst counts of what is said several times of one component.
    fn add(
        &mut self,
        id: Option<&str>,
        name: Option<&str>,
        group: Option<&str>,
        status: Option<ComponentStatus>,
    ) {
        let Some(id) = id.and_then(good_id) else { return };
        let Some(status) = status else {
            self.listing.unreadable.insert(id.to_owned());
            return;
        };
        if let Some(place) = self.places.get(id) {
            let known = &mut self.listing.components[*place];
            known.status = known.status.max(status);
            return;
        }
        let clean = |text: Option<&str>| line::as_line(text.unwrap_or_default(), LONGEST);
        let name = Some(clean(name)).filter(|name| !name.is_empty());
        self.places.insert(id.to_owned(), self.listing.components.len());
        self.listing.components.push(Listed {
            vendor_component_id: id.to_owned(),
            name: name.unwrap_or_else(|| id.to_owned()),
            group_name: clean(group),
            status,
        });
    }

    /// What is said in an unknown word might be the worst: then nothing is known of that component. Nor is of those
    /// that are too many.
    fn finish(self) -> Listing {
        let Listing { mut components, mut unreadable, names } = self.listing;
        components.retain(|it| !unreadable.contains(&it.vendor_component_id));
        let too_many = components.split_off(components.len().min(COMPONENTS_PER_VENDOR));
        unreadable.extend(too_many.into_iter().map(|it| it.vendor_component_id));
        Listing { components, unreadable, names }
    }
}
