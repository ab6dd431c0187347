//! What an incident gave components, for the history of their statuses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kit::ids::ComponentId;

use super::{Incident, Phase};
use crate::domain::{ComponentStatus, Spell};

/// When a component ceased to be as the incident left it: a member took it over, or deleted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) component_id: ComponentId,
    pub(crate) released_at: Timestamp,
}

impl Incident {
    /// The times in which it gave components a status: those that people declared, and for each component that they
    /// declared none of those that its updates tell. The last one stays open if the updates leave it so, even once the
    /// incident is resolved, until a member takes the component over or deletes it.
    pub(crate) fn spells(&self, releases: &[Release]) -> Vec<Spell> {
        if !self.is_public {
            return Vec::new();
        }
        let declared = self.component_impacts.iter();
        let declared_of = declared.clone().map(|span| span.component_id).collect::<BTreeSet<_>>();
        let mut spells = declared
            .map(|span| Spell {
                component_id: span.component_id,
                status: span.status,
                started_at: span.started_at,
                ended_at: Some(span.ended_at),
            })
            .collect::<Vec<_>>();
        for (component_id, mut turns) in self.turns() {
            if declared_of.contains(&component_id) {
                continue;
            }
            for release in releases.iter().filter(|release| release.component_id == component_id) {
                let place = turns.partition_point(|(at, _)| *at < release.released_at);
                turns.insert(place, (release.released_at, ComponentStatus::Operational));
            }
            spells.extend(spells_of(component_id, &turns));
        }
        spells
    }

    /// For each component that the updates name, when they turned it to what, in order.
    fn turns(&self) -> BTreeMap<ComponentId, Vec<(Timestamp, ComponentStatus)>> {
        let mut turns = BTreeMap::<_, Vec<_>>::new();
        for update in self.in_order() {
            if update.phase == Phase::Resolved {
                for turns in turns.values_mut() {
                    turns.push((update.displayed_at, ComponentStatus::Operational));
                }
            }
            for affected in &update.affected {
                turns.entry(affected.component_id).or_default().push((update.displayed_at, affected.status));
            }
        }
        turns
    }
}

fn spells_of(component_id: ComponentId, turns: &[(Timestamp, ComponentStatus)]) -> Vec<Spell> {
    // Of turns at one moment the last counts, and a turn to what it is already is none.
    let mut counting: Vec<(Timestamp, ComponentStatus)> = Vec::new();
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
    use proptest::prelude::*;

    use super::{
        super::{
            Update,
            stories::{COMPONENTS, START, Story, any_moment, any_story, component, is_later, names, told},
        },
        *,
    };

    fn any_releases() -> impl Strategy<Value = Vec<Release>> {
        prop::collection::vec((0..COMPONENTS, any_moment()), 0..4).prop_map(|releases| {
            let releases = releases.into_iter().map(|(number, released_at)| Release {
                component_id: component(number),
                // Between the moments of updates: what is told at the very moment of a release is told after it.
                released_at: released_at + SignedDuration::from_secs(15),
            });
            releases.collect()
        })
    }

    /// How the incident says at this moment that a component is: by the latest update until then that has a say in it,
    /// unless a member took the component over since.
    fn status_at(story: &Story, releases: &[Release], id: ComponentId, at: Timestamp) -> ComponentStatus {
        let spans = story.frame.component_impacts.iter().filter(|span| span.component_id == id);
        if spans.clone().count() > 0 {
            let covering = spans.filter(|span| span.started_at <= at && at < span.ended_at);
            return covering.map(|span| span.status).max().unwrap_or(ComponentStatus::Operational);
        }
        let has_a_say = |update: &&Update| {
            update.displayed_at <= at && (update.phase == Phase::Resolved || names(update, id).is_some())
        };
        let said = story.updates.iter().filter(has_a_say).collect::<Vec<_>>();
        let latest = said.iter().find(|one| said.iter().all(|other| !is_later(other, one)));
        let is_released_since = |told_at| {
            let of_it = releases.iter().filter(|release| release.component_id == id);
            of_it.clone().any(|release| told_at < release.released_at && release.released_at <= at)
        };
        latest
            .filter(|latest| !is_released_since(latest.displayed_at))
            .and_then(|latest| names(latest, id))
            .unwrap_or(ComponentStatus::Operational)
    }

    fn covers(spell: &Spell, at: Timestamp) -> bool {
        spell.started_at <= at && spell.ended_at.is_none_or(|ended_at| at < ended_at)
    }

    proptest! {
        #[test]
        fn at_every_moment_the_spells_say_what_the_incident_says(
            story in any_story(), releases in any_releases(),
        ) {
            let spells = told(&story).spells(&releases);
            for number in 0..COMPONENTS {
                let id = component(number);
                for seconds in (-30..15 * 60).step_by(15) {
                    let at = START + SignedDuration::from_secs(seconds);
                    let of_it = spells.iter().filter(|spell| spell.component_id == id && covers(spell, at));
                    let given = of_it.clone().map(|spell| spell.status).next();
                    prop_assert!(of_it.count() <= 1);
                    let expected = status_at(&story, &releases, id, at);
                    prop_assert_eq!(given.unwrap_or(ComponentStatus::Operational), expected, "{} {}", id, at);
                }
            }
        }

        #[test]
        fn spells_are_no_shorter_and_no_more_than_they_must_be(story in any_story(), releases in any_releases()) {
            let spells = told(&story).spells(&releases);
            for spell in &spells {
                prop_assert!(spell.status != ComponentStatus::Operational);
                prop_assert!(spell.ended_at.is_none_or(|ended_at| ended_at > spell.started_at));
                let goes_on = |next: &&Spell| {
                    next.component_id == spell.component_id
                        && next.status == spell.status
                        && Some(next.started_at) == spell.ended_at
                };
                prop_assert_eq!(spells.iter().find(goes_on), None);
            }
        }

        #[test]
        fn an_incident_that_is_not_public_gives_nothing(story in any_story()) {
            let mut incident = told(&story);
            incident.is_public = false;
            prop_assert_eq!(incident.spells(&[]), []);
        }
    }
}
