//! What a page tells search engines of itself, in the vocabulary of <https://schema.org> as microdata.
//!
//! All of it is in elements of the head that refer to each other: a page has no script but its own.

use jiff::Timestamp;
use kit::markdown;
use proto::incidents::v1::{Incident, IncidentUpdate, Maintenance, MaintenancePhase, MaintenanceUpdate};
use serde_json::{Value, json};

use super::{PREVIEW, plain};
use crate::{
    view::{Mark, PageHead, moment},
    wire::read,
};

/// So many updates are told, the newest ones; the page itself has all.
const MOST_UPDATES: usize = 50;
/// So much is told of each.
const MOST_CHARACTERS: usize = 2000;

/// What all of a page's documents tell.
pub(super) struct Teller<'a> {
    pub(super) head: &'a PageHead,
    /// The page's address.
    pub(super) page_url: &'a str,
    /// The document's address.
    pub(super) url: &'a str,
    pub(super) description: &'a str,
    pub(super) image: &'a str,
}

impl Teller<'_> {
    /// A page of the site.
    pub(super) fn web_page(&self, kind: &str, title: &str) -> Value {
        let mut page = self.document(kind, title);
        page["url"] = self.url.into();
        page["name"] = title.into();
        page["description"] = self.description.into();
        page["inLanguage"] = self.head.texts.tag().into();
        page["about"] = self.company();
        page["primaryImageOfPage"] = self.picture();
        known(page)
    }

    /// An incident, as news that are told while they happen.
    pub(super) fn incident(&self, incident: &Incident) -> Value {
        let (started, resolved) =
            (time(read(incident.started_at.as_ref())), read(incident.resolved_at.as_ref()));
        let newest = incident.updates.iter().filter_map(changed).max();
        let updates = incident.updates.iter().take(MOST_UPDATES).map(|update| self.update(update));
        known(json!({
            "@type": "LiveBlogPosting",
            "@id": self.url,
            "url": self.url,
            "mainEntityOfPage": self.document("WebPage", &incident.title),
            "headline": incident.title,
            "description": self.description,
            "inLanguage": self.language(&incident.language),
            "image": self.picture(),
            "author": self.company(),
            "publisher": self.company(),
            "datePublished": started,
            "dateModified": time(newest),
            "coverageStartTime": started,
            "coverageEndTime": time(resolved),
            "liveBlogUpdate": updates.collect::<Vec<_>>(),
        }))
    }

    fn update(&self, update: &IncidentUpdate) -> Value {
        let text = plain::plain(&markdown::to_html(&update.body));
        json!({
            "@type": "BlogPosting",
            "url": format!("{}#{}", self.url, update.update_id),
            "headline": Mark::phase(update.phase(), self.head.texts).text,
            "datePublished": time(read(update.displayed_at.as_ref())),
            "dateModified": time(read(update.edited_at.as_ref())),
            "articleBody": beginning(&text),
        })
    }

    /// A maintenance, as an event.
    pub(super) fn maintenance(&self, maintenance: &Maintenance) -> Value {
        let moved: Vec<_> = maintenance
            .updates
            .iter()
            .filter_map(|update| read(update.scheduled_start_at.as_ref()))
            .collect();
        let status = match maintenance.phase() {
            MaintenancePhase::Cancelled => "EventCancelled",
            MaintenancePhase::Unspecified
            | MaintenancePhase::Scheduled
            | MaintenancePhase::InProgress
            | MaintenancePhase::Verifying
            | MaintenancePhase::Completed => {
                if maintenance.updates.iter().any(is_moved) {
                    "EventRescheduled"
                } else {
                    "EventScheduled"
                }
            }
        };
        known(json!({
            "@type": "Event",
            "@id": self.url,
            "url": self.url,
            "mainEntityOfPage": self.document("WebPage", &maintenance.title),
            "name": maintenance.title,
            "description": self.description,
            "inLanguage": self.language(&maintenance.language),
            "image": self.picture(),
            "organizer": self.company(),
            "startDate": time(read(maintenance.scheduled_start_at.as_ref())),
            "endDate": time(read(maintenance.scheduled_end_at.as_ref())),
            // the newest is the one that holds
            "previousStartDate": time(moved.get(1).copied()),
            "eventStatus": format!("https://schema.org/{status}"),
            "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
            "location": { "@type": "VirtualLocation", "url": self.page_url },
        }))
    }

    fn company(&self) -> Value {
        json!({ "@type": "Organization", "name": self.head.name })
    }

    fn picture(&self) -> Value {
        json!({ "@type": "ImageObject", "url": self.image, "width": PREVIEW.0, "height": PREVIEW.1 })
    }

    /// The document itself, with the way to it from the page's front.
    fn document(&self, kind: &str, title: &str) -> Value {
        let (site, is_front) = (self.head.title(), self.url == self.page_url);
        let step = |position: u8, name: &str, url: &str| json!({ "@type": "ListItem", "position": position, "name": name, "item": url });
        let steps = [step(1, &site, self.page_url), step(2, title, self.url)];
        json!({
            "@type": kind,
            "@id": self.url,
            "isPartOf": { "@type": "WebSite", "name": site, "url": self.page_url },
            "breadcrumb": (!is_front).then(|| json!({ "@type": "BreadcrumbList", "itemListElement": steps })),
        })
    }

    fn language<'b>(&'b self, own: &'b str) -> &'b str {
        if own.is_empty() { self.head.texts.tag() } else { own }
    }
}

/// When an update came, or was last changed.
fn changed(update: &IncidentUpdate) -> Option<Timestamp> {
    read(update.edited_at.as_ref()).max(read(update.displayed_at.as_ref()))
}

fn is_moved(update: &MaintenanceUpdate) -> bool {
    update.scheduled_start_at.is_some()
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A time as ISO 8601 has it; null if there is none.
pub(super) fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(moment::iso)
}

/// What is known of something.
fn known(mut told: Value) -> Value {
    without_nothing(&mut told);
    told
}

/// A property of a thing, or a thing with properties of its own. Everything is still to be escaped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Datum {
    pub(crate) id: String,
    /// Empty of the document itself.
    pub(crate) name: String,
    /// What kind of thing it is; empty of what is a text.
    pub(crate) kind: String,
    /// The ids of its properties.
    pub(crate) parts: String,
    pub(crate) content: String,
}

/// A thing with all that it has, the parts of each before it.
pub(super) fn flat(thing: &Value) -> Vec<Datum> {
    let mut all = Vec::new();
    add("", thing, &mut all);
    all
}

/// Adds a property; the ids of what was added for it.
fn add(name: &str, value: &Value, all: &mut Vec<Datum>) -> Vec<String> {
    let (kind, parts, content) = match value {
        Value::Null => return Vec::new(),
        Value::Array(values) => return values.iter().flat_map(|each| add(name, each, all)).collect(),
        Value::Object(fields) => {
            let fields_of = fields.iter().filter(|(name, _)| !name.starts_with('@'));
            let parts = fields_of.flat_map(|(name, value)| add(name, value, all)).collect::<Vec<_>>();
            let kind = fields.get("@type").and_then(Value::as_str).unwrap_or_default();
            (kind.to_owned(), parts.join(" "), String::new())
        }
        Value::String(text) => (String::new(), String::new(), text.clone()),
        Value::Bool(_) | Value::Number(_) => (String::new(), String::new(), value.to_string()),
    };
    let id = format!("data-{}", all.len());
    all.push(Datum { id: id.clone(), name: name.to_owned(), kind, parts, content });
    vec![id]
}

/// Leaves out what is not known: null is no date.
fn without_nothing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nothing);
        }
        Value::Array(all) => all.iter_mut().for_each(without_nothing),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
