//! Incidents: what they are, and how their stories grow.
//!
//! Updates are told in the order in which they happened, by `displayed_at`; the id settles ties. A back-dated
//! update takes its place in that order, and so never changes the phase.

mod postmortem;
mod promise;
mod spells;
mod standing;
#[cfg(test)]
mod stories;

use jiff::{SignedDuration, Timestamp};
use kit::ids::{ComponentId, IncidentId, PageId, UpdateId};

use super::ComponentStatus;

pub(crate) use postmortem::Postmortem;
pub(crate) use promise::{Promise, remind_at};
pub(crate) use spells::{Endings, Release};
pub(crate) use standing::Standing;

/// So many updates an incident may have, drafts among them.
pub(crate) const UPDATES_PER_INCIDENT: u16 = 500;
/// So many incidents of a page may be hidden from the public.
pub(crate) const HIDDEN_INCIDENTS_PER_PAGE: u16 = 50;
/// So many incidents of a page that the public sees may be open.
pub(crate) const OPEN_INCIDENTS_PER_PAGE: u16 = 100;
/// So often an update may be edited.
pub(crate) const EDITS_PER_UPDATE: u16 = 100;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.phase", rename_all = "snake_case")]
pub(crate) enum Phase {
    Investigating,
    Identified,
    Monitoring,
    Resolved,
}

impl Phase {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Investigating => "investigating",
            Self::Identified => "identified",
            Self::Monitoring => "monitoring",
            Self::Resolved => "resolved",
        }
    }
}

/// How bad an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.impact", rename_all = "snake_case")]
pub(crate) enum Impact {
    None,
    Minor,
    Major,
    Critical,
}

impl Impact {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// A component with the status that an update or an incident gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Affected {
    pub(crate) component_id: ComponentId,
    pub(crate) status: ComponentStatus,
}

/// When a component was how bad, as people declare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ComponentImpact {
    pub(crate) component_id: ComponentId,
    /// Degraded or worse.
    pub(crate) status: ComponentStatus,
    pub(crate) started_at: Timestamp,
    /// Later than the start.
    pub(crate) ended_at: Timestamp,
}

/// What people write when they tell something: at once, or as a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    pub(crate) phase: Phase,
    /// CommonMark, 1 to 25,000 characters.
    pub(crate) body: String,
    /// Each component at most once, by id.
    pub(crate) affected: Vec<Affected>,
    /// None: when it is published.
    pub(crate) displayed_at: Option<Timestamp>,
    /// None: as the incident's rule says.
    pub(crate) notify: Option<bool>,
    pub(crate) next_update_at: Option<Timestamp>,
}

/// An update that is not published yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) update_id: UpdateId,
    pub(crate) telling: Telling,
    /// When the clock publishes it; none if it waits for a member.
    pub(crate) publish_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

/// One dated entry of an incident's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) update_id: UpdateId,
    pub(crate) phase: Phase,
    /// CommonMark, 1 to 25,000 characters.
    pub(crate) body: String,
    /// Each component at most once, by id.
    pub(crate) affected: Vec<Affected>,
    pub(crate) displayed_at: Timestamp,
    /// When it became part of the story.
    pub(crate) created_at: Timestamp,
    pub(crate) silent: bool,
    pub(crate) next_update_at: Option<Timestamp>,
    /// None: it was never edited.
    pub(crate) edited_at: Option<Timestamp>,
}

impl Update {
    fn order(&self) -> (Timestamp, UpdateId) {
        (self.displayed_at, self.update_id)
    }
}

/// An unplanned disruption, told in updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    pub(crate) incident_id: IncidentId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 200 characters.
    pub(crate) title: String,
    pub(crate) created_at: Timestamp,
    pub(crate) backfilled: bool,
    /// A BCP 47 tag; empty if its texts are in the page's language.
    pub(crate) language: String,
    /// False while all that was ever told of it are drafts.
    pub(crate) is_public: bool,
    /// Grows with each change.
    pub(crate) revision: i64,
    /// What people say it is; none: the impact follows the components.
    pub(crate) impact_override: Option<Impact>,
    /// When customers began to be hurt, as people say.
    pub(crate) impact_started_at: Option<Timestamp>,
    /// Later than the start, where both are there.
    pub(crate) impact_ended_at: Option<Timestamp>,
    /// By component, then by start; no two of one component start at one time.
    pub(crate) component_impacts: Vec<ComponentImpact>,
    /// What follows from the updates and from what people declared.
    pub(crate) standing: Standing,
    /// The newest first.
    pub(crate) updates: Vec<Update>,
    /// None while none is published.
    pub(crate) postmortem: Option<Postmortem>,
}

impl Incident {
    /// The span of its impact must be declared: it is public without an update, and has nothing else to be shown by.
    pub(crate) fn needs_span(&self) -> bool {
        self.is_public && self.updates.is_empty()
    }

    /// Whether subscribers are mailed an update that leaves it open.
    pub(crate) fn mails(&self, notify: Option<bool>) -> bool {
        notify.unwrap_or(!self.backfilled)
    }

    /// Adds to the story what was written, at its place, and shows the incident. What names no time happens now, after
    /// everything told so far: clocks of two machines may differ.
    pub(crate) fn tell(&mut self, update_id: UpdateId, telling: Telling, now: Timestamp) -> Update {
        let after_all =
            self.updates.first().map(|latest| latest.displayed_at.saturating_add(MOMENT).unwrap_or(now));
        let displayed_at =
            telling.displayed_at.unwrap_or_else(|| after_all.map_or(now, |after_all| now.max(after_all)));
        let is_back_dated =
            self.updates.first().is_some_and(|latest| latest.order() > (displayed_at, update_id));
        let update = Update {
            update_id,
            phase: telling.phase,
            body: telling.body,
            affected: telling.affected,
            displayed_at,
            created_at: now,
            // Mailed now, a back-dated one would be the last that subscribers hear, and not be what the incident says.
            silent: is_back_dated || !self.mails(telling.notify),
            next_update_at: telling.next_update_at,
            edited_at: None,
        };
        self.is_public = true;
        self.place(update.clone());
        update
    }

    /// Corrects an update of the story, which may move it to another place. None if the story has no such update, or if
    /// nothing is corrected; else the update as it was and as it is.
    pub(crate) fn correct(
        &mut self,
        update_id: UpdateId,
        body: Option<String>,
        displayed_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<(Update, Update)> {
        let place = self.updates.iter().position(|update| update.update_id == update_id)?;
        let before = self.updates.get(place)?.clone();
        let mut after = before.clone();
        after.body = body.unwrap_or(after.body);
        after.displayed_at = displayed_at.unwrap_or(after.displayed_at);
        if after == before {
            return None;
        }
        after.edited_at = Some(now);
        self.updates.remove(place);
        self.place(after.clone());
        Some((before, after))
    }

    fn place(&mut self, update: Update) {
        let place = self.updates.partition_point(|told| told.order() > update.order());
        self.updates.insert(place, update);
        self.stand();
    }
}

/// The smallest step of time that the database keeps.
const MOMENT: SignedDuration = SignedDuration::from_micros(1);

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{stories::*, *};

    proptest! {
        #[test]
        fn updates_stand_newest_first_however_they_were_entered(story in any_story()) {
            let incident = told(&story);
            prop_assert_eq!(incident.updates.len(), story.updates.len());
            prop_assert!(incident.updates.windows(2).all(|pair| is_later(&pair[0], &pair[1])));
        }

        #[test]
        fn only_an_update_that_nothing_is_later_than_is_mailed(story in any_story(), minute in 0_i64..7, named in any::<bool>()) {
            let mut incident = told(&story);
            let displayed_at = named.then(|| START + SignedDuration::from_mins(minute));
            let telling = Telling { displayed_at, ..telling(Phase::Identified) };
            let update = incident.tell(UpdateId::from_uuid(Uuid::from_u128(500)), telling, START);
            let is_latest = story.updates.iter().all(|told| is_later(&update, told));
            prop_assert_eq!(update.silent, !is_latest);
            // what names no time is the latest, even if this machine's clock is behind
            prop_assert!(named || is_latest);
            prop_assert!(incident.is_public);
        }

        #[test]
        fn a_corrected_story_is_the_one_that_was_told_right_at_once(
            story in any_story(), which in any::<prop::sample::Index>(), minute in 0_i64..6,
        ) {
            let which = which.index(story.updates.len());
            let at = START + SignedDuration::from_mins(minute);
            let mut corrected = told(&story);
            corrected.correct(story.updates[which].update_id, None, Some(at), START);
            let mut right = story.clone();
            right.updates[which].displayed_at = at;
            let right = told(&right);
            prop_assert_eq!(&corrected.standing, &right.standing);
            let endings = Endings::default();
            prop_assert_eq!(corrected.affected(&endings), right.affected(&endings));
            prop_assert_eq!(corrected.spells(&endings), right.spells(&endings));
            prop_assert!(corrected.updates.windows(2).all(|pair| is_later(&pair[0], &pair[1])));
        }
    }

    #[test]
    fn a_backfilled_incident_mails_nobody_unless_it_is_told_to() {
        for (backfilled, notify, silent) in [
            (false, None, false),
            (false, Some(false), true),
            (false, Some(true), false),
            (true, None, true),
            (true, Some(true), false),
        ] {
            let mut incident = Incident { backfilled, ..hidden() };
            let telling = Telling { notify, ..telling(Phase::Investigating) };
            let update = incident.tell(UpdateId::from_uuid(Uuid::from_u128(1)), telling, START);
            assert_eq!(update.silent, silent, "{backfilled} {notify:?}");
        }
    }

    #[test]
    fn a_correction_that_says_the_same_is_none() {
        let mut incident = hidden();
        let id = UpdateId::from_uuid(Uuid::from_u128(1));
        incident.tell(id, telling(Phase::Investigating), START);
        let as_it_was = incident.clone();
        assert_eq!(incident.correct(id, Some("told".into()), Some(START), START), None);
        assert_eq!(incident, as_it_was);
        let other = UpdateId::from_uuid(Uuid::from_u128(2));
        assert_eq!(incident.correct(other, Some("new".into()), None, START), None);
    }
}
