//! The entries of a story.

use std::collections::HashMap;

use kit::markdown;
use proto::incidents::v1::{
    ComponentStatus, Incident, Maintenance, MaintenanceUpdate, Postmortem,
    StatusServiceGetMaintenanceResponse,
};
use serde::Serialize;

use super::{changes, codes, stories::Teller, words};

/// One entry of a story.
#[derive(Debug, Serialize)]
pub(super) struct Update {
    id: String,
    status: &'static str,
    /// `CommonMark`, with line breaks as mail has them.
    body: String,
    incident_id: String,
    created_at: Option<String>,
    updated_at: Option<String>,
    display_at: Option<String>,
    /// Null if it speaks of none.
    affected_components: Option<Vec<Affected>>,
    deliver_notifications: bool,
    /// Always null, as the next.
    custom_tweet: (),
    tweet_id: (),
}

/// A component that an entry speaks of.
#[derive(Debug, Serialize)]
struct Affected {
    code: String,
    /// With its group: "Group - Component".
    name: String,
    old_status: &'static str,
    new_status: &'static str,
}

impl Update {
    /// All of an incident, newest first, its report included.
    pub(super) fn of_incident(teller: &Teller, incident: &Incident, incident_code: &str) -> Vec<Self> {
        let mut now = HashMap::<&str, ComponentStatus>::new();
        let mut updates = Vec::with_capacity(incident.updates.len() + 1);
        for update in incident.updates.iter().rev() {
            let affected = update.affected_components.iter().filter_map(|each| {
                let before = now.insert(&each.component_id, each.status());
                // how it was before the first update is known, but not how before the first that is not left out
                let first =
                    if incident.earlier_updates > 0 { each.status() } else { ComponentStatus::default() };
                affected(teller, &each.component_id, before.unwrap_or(first), each.status())
            });
            let affected = affected.collect::<Vec<_>>();
            updates.push(Self {
                id: codes::update(&update.update_id),
                status: words::phase(update.phase()),
                body: lines(&update.body),
                incident_id: incident_code.to_owned(),
                created_at: teller.told(update.created_at.as_ref()),
                updated_at: teller.time(changes::of_update(update)),
                display_at: teller.told(update.displayed_at.as_ref()),
                affected_components: Some(affected).filter(|all| !all.is_empty()),
                deliver_notifications: !update.silent,
                custom_tweet: (),
                tweet_id: (),
            });
        }
        // Last told and so first here, whatever date it bears: programs take the first entry for the incident's status.
        let report = incident.postmortem.as_ref();
        updates.extend(
            report.map(|report| Self::of_postmortem(teller, report, &incident.incident_id, incident_code)),
        );
        updates.reverse();
        updates
    }

    fn of_postmortem(teller: &Teller, report: &Postmortem, incident_id: &str, incident_code: &str) -> Self {
        let published = teller.told(report.published_at.as_ref());
        Self {
            id: codes::postmortem(incident_id),
            status: words::POSTMORTEM,
            body: lines(&report.body),
            incident_id: incident_code.to_owned(),
            created_at: published.clone(),
            updated_at: teller.time(changes::of_postmortem(report)),
            display_at: published,
            affected_components: None,
            // The public is not told whether mail was sent for it.
            deliver_notifications: false,
            custom_tweet: (),
            tweet_id: (),
        }
    }

    /// All of a maintenance, newest first.
    pub(super) fn of_maintenance(
        teller: &Teller,
        maintenance: &Maintenance,
        maintenance_code: &str,
    ) -> Vec<Self> {
        let all = &maintenance.updates;
        let notes = notes(teller, maintenance);
        let updates = all.iter().enumerate().map(|(n, update)| {
            let after = words::worked_on(update.phase());
            // as with incidents
            let first = if maintenance.earlier_updates > 0 { after } else { ComponentStatus::Operational };
            let before = all.get(n + 1).map_or(first, |it| words::worked_on(it.phase()));
            let ids = maintenance.component_ids.iter();
            let affected = ids.filter_map(|id| affected(teller, id, before, after));
            let affected = affected.collect::<Vec<_>>();
            let created = teller.told(update.created_at.as_ref());
            Self {
                id: codes::update(&update.update_id),
                status: words::maintenance(update.phase()),
                body: lines(notes.get(n).and_then(Option::as_deref).unwrap_or(&update.body)),
                incident_id: maintenance_code.to_owned(),
                updated_at: created.clone(),
                created_at: created,
                display_at: teller.told(update.displayed_at.as_ref()),
                affected_components: Some(affected).filter(|all| !all.is_empty()),
                deliver_notifications: !update.silent,
                custom_tweet: (),
                tweet_id: (),
            }
        });
        updates.collect()
    }

    /// What it tells, as text on lines that end as Unix has them.
    pub(super) fn into_text(self) -> String {
        markdown::to_text(&self.body)
    }
}

/// A component with what it was and what it is from then on; nothing if it has no name to tell.
fn affected(teller: &Teller, id: &str, before: ComponentStatus, after: ComponentStatus) -> Option<Affected> {
    let (code, name) = teller.inventory.called(id)?;
    Some(Affected { code, name, old_status: words::component(before), new_status: words::component(after) })
}

/// What happened, in the page's language, where nobody wrote it; one for each update. The page itself says it with
/// these words.
fn notes(teller: &Teller, maintenance: &Maintenance) -> Vec<Option<String>> {
    let is_silent = |update: &MaintenanceUpdate| update.body.trim().is_empty();
    if !maintenance.updates.iter().any(is_silent) {
        return Vec::new();
    }
    let bare = maintenance.updates.iter().map(|update| MaintenanceUpdate {
        phase: update.phase,
        displayed_at: update.displayed_at,
        scheduled_start_at: update.scheduled_start_at,
        scheduled_end_at: update.scheduled_end_at,
        ..MaintenanceUpdate::default()
    });
    let bare = Maintenance { updates: bare.collect(), ..Maintenance::default() };
    let told = StatusServiceGetMaintenanceResponse {
        maintenance: Some(bare),
        ..StatusServiceGetMaintenanceResponse::default()
    };
    let shown = teller.head().and_then(|head| head.maintenance(told));
    let shown = shown.into_iter().flat_map(|view| view.updates);
    let notes = shown.zip(&maintenance.updates).map(|(shown, update)| {
        let moved = shown.moved.into_iter().map(|moment| moment.text);
        let note = shown.note.into_iter().chain(moved).collect::<Vec<_>>().join("\n");
        is_silent(update).then_some(note)
    });
    notes.collect()
}

/// Every line break as the format has it: CR LF.
fn lines(text: &str) -> String {
    markdown::to_text(text).replace('\n', "\r\n")
}
