//! A page's maintenances as a calendar to subscribe to.

use jiff::Timestamp;
use kit::markdown;
use proto::incidents::v1::{Component, Maintenance, MaintenancePhase, StatusServiceListMaintenancesResponse};

use super::{
    story::maintenance_view,
    teller::{Teller, calendar_time, clean},
};
use crate::{formats::Source, wire::read};

/// A line has no more octets than this, its end not counted (RFC 5545, section 3.1).
const LINE_OCTETS: usize = 75;

/// How often programs are asked to look again.
const REFRESH: &str = "PT15M";

/// The document of `/maintenances.ics` (RFC 5545 and 7986).
pub(crate) fn calendar(source: &Source, told: &StatusServiceListMaintenancesResponse) -> String {
    let teller = Teller::new(source);
    let name = teller.title("maintenance");
    let mut lines = Lines::default();
    lines.put("BEGIN", "VCALENDAR");
    lines.put("VERSION", "2.0");
    lines.put("PRODID", "-//Pharos//Status page//EN");
    lines.put("CALSCALE", "GREGORIAN");
    lines.put("METHOD", "PUBLISH");
    lines.put_text("NAME", &name);
    lines.put_text("X-WR-CALNAME", &name);
    lines.put("URL", &source.url);
    lines.put("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    lines.put("X-PUBLISHED-TTL", REFRESH);
    let mut count = 0;
    for maintenance in &told.maintenances {
        if let Some(start) = read(maintenance.scheduled_start_at.as_ref()) {
            event(&mut lines, &teller, maintenance, &told.former_components, start);
            count += 1;
        }
    }
    if count == 0 {
        no_event(&mut lines);
    }
    lines.put("END", "VCALENDAR");
    lines.document
}

fn event(
    lines: &mut Lines,
    teller: &Teller,
    maintenance: &Maintenance,
    former: &[Component],
    start: Timestamp,
) {
    let created = read(maintenance.created_at.as_ref());
    let newest = maintenance.updates.first();
    let told = newest.and_then(|update| read(update.displayed_at.as_ref())).or(created).unwrap_or(start);
    let entered = maintenance.updates.iter().filter_map(|update| read(update.created_at.as_ref())).max();
    lines.put("BEGIN", "VEVENT");
    lines.put("UID", &format!("{}@{}", maintenance.maintenance_id, teller.host));
    lines.put("DTSTAMP", &calendar_time(told));
    lines.put("CREATED", &calendar_time(created.unwrap_or(told)));
    lines.put("LAST-MODIFIED", &calendar_time(entered.unwrap_or(told)));
    lines.put("SEQUENCE", &sequence(maintenance).to_string());
    lines.put("DTSTART", &calendar_time(start));
    if let Some(end) = read(maintenance.scheduled_end_at.as_ref()).filter(|end| *end > start) {
        lines.put("DTEND", &calendar_time(end));
    }
    lines.put_text("SUMMARY", &maintenance.title);
    lines.put_text("DESCRIPTION", &description(teller, maintenance, former));
    lines.put("URL", &teller.link(&format!("maintenances/{}", maintenance.maintenance_id)));
    lines.put_text("CATEGORIES", &teller.texts().say("maintenance"));
    let is_cancelled = maintenance.phase() == MaintenancePhase::Cancelled;
    lines.put("STATUS", if is_cancelled { "CANCELLED" } else { "CONFIRMED" });
    // whoever reads of a maintenance is not busy because of it
    lines.put("TRANSP", "TRANSPARENT");
    lines.put("END", "VEVENT");
}

/// How many updates moved its times or cancelled it: programs take what comes with a higher number in place of what
/// they have. Each that is left out may have, so that the number does not fall because one is.
fn sequence(maintenance: &Maintenance) -> usize {
    let updates = &maintenance.updates;
    let changes = updates.iter().enumerate().filter(|(n, update)| {
        let before = updates.get(n + 1).map(|before| before.phase());
        update.scheduled_start_at.is_some()
            || update.scheduled_end_at.is_some()
            || (update.phase() == MaintenancePhase::Cancelled && before != Some(MaintenancePhase::Cancelled))
    });
    changes.count() + usize::try_from(maintenance.earlier_updates).unwrap_or(0)
}

/// What was told last, what somebody wrote last, and what is worked on.
fn description(teller: &Teller, maintenance: &Maintenance, former: &[Component]) -> String {
    // of the newest update, and of the one before it only whether the phase is a new one
    let view = maintenance_view(teller, maintenance, former, 2);
    let mut parts = Vec::new();
    if let Some(newest) = view.updates.into_iter().next() {
        parts.extend(newest.note);
        parts.extend(newest.moved.into_iter().map(|moment| moment.text));
    }
    let written = maintenance.updates.iter().find(|update| !update.body.trim().is_empty());
    parts.extend(written.map(|update| markdown::to_text(&update.body).trim().to_owned()));
    if !view.names.is_empty() {
        parts.push(teller.labelled(&teller.texts().say("affects"), &view.names));
    }
    parts.join("\n\n")
}

/// A calendar has one component at least (RFC 5545, section 3.6): where there is no maintenance, the time zone that
/// all times are in.
fn no_event(lines: &mut Lines) {
    lines.put("BEGIN", "VTIMEZONE");
    lines.put("TZID", "UTC");
    lines.put("BEGIN", "STANDARD");
    lines.put("DTSTART", "19700101T000000");
    lines.put("TZOFFSETFROM", "+0000");
    lines.put("TZOFFSETTO", "+0000");
    lines.put("END", "STANDARD");
    lines.put("END", "VTIMEZONE");
}

/// The lines of a calendar.
#[derive(Default)]
struct Lines {
    document: String,
}

impl Lines {
    /// A property whose value needs no escapes, folded between characters.
    fn put(&mut self, name: &str, value: &str) {
        let mut room = LINE_OCTETS;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if c.len_utf8() > room {
                self.document.push_str("\r\n ");
                room = LINE_OCTETS - 1;
            }
            self.document.push(c);
            room -= c.len_utf8();
        }
        self.document.push_str("\r\n");
    }

    /// A property whose value is a text (RFC 5545, section 3.3.11).
    fn put_text(&mut self, name: &str, text: &str) {
        let escaped =
            clean(text).replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n");
        self.put(name, &escaped);
    }
}
