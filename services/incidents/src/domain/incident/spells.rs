//! What an incident gives components: for the history of their statuses, and now.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use kit::ids::ComponentId;

use super::{Affected, Incident, Phase};
use crate::domain::{ComponentStatus, Spell};

/// When a component ceased to be as an incident had left it, because a member took it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) component_id: ComponentId,
    pub(crate) released_at: Timestamp,
}

/// What ended, outside its story, what an incident says of components.
#[derive(Debug, Clone, Default)]
pub(crate) struct Endings {
    /// Each ends what was entered before it, wherever in the story that stands or is moved to.
    pub(crate) releases: Vec<Release>,
    /// When components were deleted: no spell goes on after that.
    pub(crate) deletions: HashMap<ComponentId, Timestamp>,
}

/// From when on the updates say what of a component.
type Turn = (Timestamp, ComponentStatus);

impl Incident {
    /// The times in which it gives components a status: those that people declared, and those that its updates tell.
    /// The last one of these stays open if the updates leave it so, even once the incident is resolved, until a member
    /// takes the component over or deletes it.
    pub(crate) fn spells(&self, endings: &Endings) -> Vec<Spell> {
        if !self.is_public {
            return Vec::new();
        }
        let declared = self.component_impacts.iter().map(|span| Spell {
            component_id: span.component_id,
            status: span.status,
            started_at: span.started_at,
            ended_at: Some(span.ended_at),
        });
        let told =
            self.turns(endings).into_iter().flat_map(|(component, turns)| spells_of(component, &turns));
        let until_deleted = |spell: Spell| {
            let deleted_at = endings.deletions.get(&spell.component_id).copied();
            let ended_at = [spell.ended_at, deleted_at].into_iter().flatten().min();
            deleted_at
                .is_none_or(|deleted_at| spell.started_at < deleted_at)
                .then_some(Spell { ended_at, ..spell })
        };
        declared.chain(told).filter_map(until_deleted).collect()
    }

    /// What it says now of each component that its updates ever named, by id: the open spells, and that the others are
    /// operational.
    pub(crate) fn affected(&self, endings: &Endings) -> Vec<Affected> {
        let now = self.turns(endings).into_iter().map(|(component_id, turns)| {
            let said = turns.last().filter(|_| !endings.deletions.contains_key(&component_id));
            let status = said.map_or(ComponentStatus::Operational, |(_, status)| *status);
            Affected { component_id, status }
        });
        now.collect()
    }

    /// For each component that the updates name, when they turned it to what, in order, as far as that counts.
    fn turns(&self, endings: &Endings) -> BTreeMap<ComponentId, Vec<Turn>> {
        let turns = self.mentions().into_iter().map(|(component_id, mentions)| {
            let mut turns =
                turns_of(&mentions, |mention| endings.first_release(component_id, mention.entered_at));
            // As long as it is open, nobody can have declared all of it.
            if let Some(declared_until) = self.declared_until(component_id)
                && self.standing.resolved_at.is_some()
            {
                turns.retain(|(at, _)| *at > declared_until);
            }
            (component_id, turns)
        });
        turns.collect()
    }

    /// When the latest of what people declared of a component ended.
    fn declared_until(&self, component: ComponentId) -> Option<Timestamp> {
        let of_it = self.component_impacts.iter().filter(|span| span.component_id == component);
        of_it.map(|span| span.ended_at).max()
    }

    /// For each component that the updates name, what they say of it, in order.
    fn mentions(&self) -> BTreeMap<ComponentId, Vec<Mention>> {
        let mut mentions = BTreeMap::<_, Vec<_>>::new();
        for update in self.in_order() {
            let (at, entered_at) = (update.displayed_at, update.created_at);
            if update.phase == Phase::Resolved {
                for mentions in mentions.values_mut() {
                    mentions.push(Mention { at, entered_at, status: ComponentStatus::Operational });
                }
            }
            for affected in &update.affected {
                let mention = Mention { at, entered_at, status: affected.status };
                mentions.entry(affected.component_id).or_default().push(mention);
            }
        }
        mentions
    }
}

impl Endings {
    /// When what was entered of a component at this time was released, if it was.
    fn first_release(&self, component: ComponentId, entered_at: Timestamp) -> Option<Timestamp> {
        let of_it = self.releases.iter().filter(|release| release.component_id == component);
        of_it.map(|release| release.released_at).filter(|at| *at > entered_at).min()
    }
}

/// What an update says of a component.
struct Mention {
    at: Timestamp,
    entered_at: Timestamp,
    status: ComponentStatus,
}

fn turns_of(mentions: &[Mention], released_at: impl Fn(&Mention) -> Option<Timestamp>) -> Vec<Turn> {
    let mut turns = Vec::with_capacity(mentions.len());
    for (index, mention) in mentions.iter().enumerate() {
        let lasts_until = |at: &Timestamp| mentions.get(index + 1).is_none_or(|next| *at < next.at);
        turns.push((mention.at, mention.status));
        if let Some(released_at) = released_at(mention).map(|at| at.max(mention.at)).filter(lasts_until) {
            turns.push((released_at, ComponentStatus::Operational));
        }
    }
    turns
}

fn spells_of(component_id: ComponentId, turns: &[Turn]) -> Vec<Spell> {
    // Of turns at one moment the last counts, and a turn to what it is already is none.
    let mut counting: Vec<Turn> = Vec::new();
    for (index, (at, status)) in turns.iter().enumerate() {
        let is_undone = turns.get(index + 1).is_some_and(|(next, _)| next == at);
        let changes = counting.last().is_none_or(|(_, before)| before != status);
        if !is_undone && changes {
            counting.push((*at, *status));
        }
    }
    let ends = counting.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let spells = counting.iter().zip(ends).filter(|((_, status), _)| *status != ComponentStatus::Operational);
    spells
        .map(|((started_at, status), ended_at)| Spell {
            component_id,
            status: *status,
            started_at: *started_at,
            ended_at,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kit::ids::UpdateId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{
        super::{
            Telling, Update,
            stories::{
                COMPONENTS, START, Story, any_moment, any_story, component, hidden, is_later, latest, names,
                telling, told,
            },
        },
        *,
    };

    fn any_endings() -> impl Strategy<Value = Endings> {
        // Between the moments of updates: what is entered at the very moment of a release is entered after it.
        let later = SignedDuration::from_secs(15);
        let releases = prop::collection::vec((0..COMPONENTS, any_moment()), 0..4);
        let deletions = prop::collection::hash_map(0..COMPONENTS, any_moment(), 0..2);
        (releases, deletions).prop_map(move |(releases, deletions)| Endings {
            releases: releases
                .into_iter()
                .map(|(number, at)| Release { component_id: component(number), released_at: at + later })
                .collect(),
            deletions: deletions.into_iter().map(|(number, at)| (component(number), at)).collect(),
        })
    }

    /// What the updates say at this moment of a component: what the latest until then says that has a say in it, unless
    /// a member took the component over since that was entered, or people have declared how it was then.
    fn told_at(story: &Story, endings: &Endings, id: ComponentId, at: Timestamp) -> ComponentStatus {
        let has_a_say = |update: &&Update| {
            update.displayed_at <= at && (update.phase == Phase::Resolved || names(update, id).is_some())
        };
        let said = story.updates.iter().filter(has_a_say).collect::<Vec<_>>();
        let is_over = latest(&story.updates).phase == Phase::Resolved;
        let counts = |update: &&&Update| {
            let mut spans = story.frame.component_impacts.iter().filter(|span| span.component_id == id);
            let mut releases = endings.releases.iter().filter(|release| release.component_id == id);
            let is_declared = is_over && spans.any(|span| span.ended_at >= update.displayed_at);
            let is_since = |at: Timestamp| update.created_at < at;
            let is_released = releases.any(|it| is_since(it.released_at) && it.released_at <= at);
            !is_declared && !is_released
        };
        let latest = said.iter().find(|one| said.iter().all(|other| !is_later(other, one)));
        latest.filter(counts).and_then(|latest| names(latest, id)).unwrap_or(ComponentStatus::Operational)
    }

    /// How the incident says at this moment that a component is: the worst of what is declared and what is told.
    fn status_at(story: &Story, endings: &Endings, id: ComponentId, at: Timestamp) -> ComponentStatus {
        if endings.deletions.get(&id).is_some_and(|deleted_at| *deleted_at <= at) {
            return ComponentStatus::Operational;
        }
        let covers = |from: Timestamp, to: Timestamp| from <= at && at < to;
        let spans = story.frame.component_impacts.iter().filter(|span| span.component_id == id);
        let declared = spans.filter(|span| covers(span.started_at, span.ended_at)).map(|span| span.status);
        declared.chain([told_at(story, endings, id, at)]).max().unwrap()
    }

    fn covers(spell: &Spell, at: Timestamp) -> bool {
        spell.started_at <= at && spell.ended_at.is_none_or(|ended_at| at < ended_at)
    }

    proptest! {
        #[test]
        fn at_every_moment_the_worst_spell_says_what_the_incident_says(
            story in any_story(), endings in any_endings(),
        ) {
            let spells = told(&story).spells(&endings);
            for number in 0..COMPONENTS {
                let id = component(number);
                for seconds in (-30..15 * 60).step_by(15) {
                    let at = START + SignedDuration::from_secs(seconds);
                    let of_it = spells.iter().filter(|spell| spell.component_id == id && covers(spell, at));
                    let given = of_it.map(|spell| spell.status).max();
                    let expected = status_at(&story, &endings, id, at);
                    prop_assert_eq!(given.unwrap_or(ComponentStatus::Operational), expected, "{} {}", id, at);
                }
            }
        }

        #[test]
        fn a_component_is_now_as_its_open_spell_says(story in any_story(), endings in any_endings()) {
            let (incident, end_of_time) = (told(&story), START + SignedDuration::from_hours(1));
            let is_named = |id: &ComponentId| story.updates.iter().any(|update| names(update, *id).is_some());
            let expected = (0..COMPONENTS).map(component).filter(is_named).map(|component_id| Affected {
                component_id,
                status: status_at(&story, &endings, component_id, end_of_time),
            });
            let affected = incident.affected(&endings);
            prop_assert_eq!(&affected, &expected.collect::<Vec<_>>());
            let hurt = affected.iter().filter(|now| now.status != ComponentStatus::Operational);
            let spells = incident.spells(&endings);
            let open = spells.iter().filter(|spell| spell.ended_at.is_none());
            let open = open.map(|spell| Affected { component_id: spell.component_id, status: spell.status });
            prop_assert_eq!(hurt.copied().collect::<Vec<_>>(), open.collect::<Vec<_>>());
        }

        #[test]
        fn told_spells_are_no_shorter_and_no_more_than_they_must_be(
            mut story in any_story(), endings in any_endings(),
        ) {
            story.frame.component_impacts.clear();
            let spells = told(&story).spells(&endings);
            for spell in &spells {
                prop_assert!(spell.status != ComponentStatus::Operational);
                prop_assert!(spell.ended_at.is_none_or(|ended_at| ended_at > spell.started_at));
                let goes_on = |next: &&Spell| {
                    next.component_id == spell.component_id
                        && next.status == spell.status
                        && Some(next.started_at) == spell.ended_at
                };
                prop_assert_eq!(spells.iter().find(goes_on), None);
                let meets = |other: &&Spell| {
                    *other != spell
                        && other.component_id == spell.component_id
                        && covers(other, spell.started_at)
                };
                prop_assert_eq!(spells.iter().find(meets), None);
            }
        }

        #[test]
        fn an_incident_that_is_not_public_gives_nothing(story in any_story()) {
            let mut incident = told(&story);
            incident.is_public = false;
            prop_assert_eq!(incident.spells(&Endings::default()), []);
        }
    }

    #[test]
    fn what_a_member_took_over_stays_so_wherever_its_mention_is_moved() {
        let minute = |minute| START + SignedDuration::from_mins(minute);
        let status = ComponentStatus::MajorOutage;
        let hurting = Affected { component_id: component(1), status };
        let mut incident = hidden();
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let told = Telling { affected: vec![hurting], ..telling(Phase::Identified) };
        incident.tell(UpdateId::from_uuid(first), told.clone(), minute(0));
        let mut endings = Endings::default();
        endings.releases.push(Release { component_id: component(1), released_at: minute(1) });
        incident.correct(UpdateId::from_uuid(first), None, Some(minute(2)), minute(3));
        assert_eq!(incident.spells(&endings), []);
        assert_eq!(
            incident.affected(&endings),
            [Affected { status: ComponentStatus::Operational, ..hurting }]
        );
        // What is entered after that counts again.
        incident.tell(UpdateId::from_uuid(second), told, minute(3));
        let open = Spell { component_id: component(1), status, started_at: minute(3), ended_at: None };
        assert_eq!(incident.spells(&endings), [open]);
        // Deleted, it is hurt no more, wherever this one is moved.
        endings.deletions.insert(component(1), minute(5));
        assert_eq!(incident.spells(&endings), [Spell { ended_at: Some(minute(5)), ..open }]);
        incident.correct(UpdateId::from_uuid(second), None, Some(minute(6)), minute(7));
        assert_eq!(incident.spells(&endings), []);
    }
}
