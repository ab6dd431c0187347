//! Groups and components, in the order in which readers see them.

use std::collections::HashMap;

use proto::incidents::v1::{Component, ComponentGroup, ComponentStatus};

use super::{Mark, moment};
use crate::texts::Texts;

/// On a page with more components than this, groups in which all is well are folded.
const UNFOLDED_COMPONENTS: usize = 30;

/// A component with its state.
#[derive(Debug)]
pub(crate) struct ComponentRow {
    pub(crate) name: String,
    /// What it is, in a sentence; may be empty.
    pub(crate) description: String,
    pub(crate) status: Mark,
}

/// A card of components.
#[derive(Debug)]
pub(crate) enum Section {
    /// Components that stand alone, as long as no group comes between them.
    Alone(Vec<ComponentRow>),
    /// A group.
    Group {
        /// Its heading.
        name: String,
        /// The worst state in it.
        worst: Mark,
        /// How many components it has, in words.
        count: String,
        /// Whether it is shown unfolded.
        open: bool,
        /// Its components.
        components: Vec<ComponentRow>,
    },
}

pub(super) fn is_affected(component: &Component) -> bool {
    match component.status() {
        ComponentStatus::DegradedPerformance
        | ComponentStatus::PartialOutage
        | ComponentStatus::MajorOutage => true,
        ComponentStatus::Operational | ComponentStatus::Unspecified => false,
    }
}

enum Place {
    Alone(Component),
    Group(ComponentGroup, Vec<Component>),
}

/// Groups and components that stand alone share one order: the smallest position first, equals by age.
pub(super) fn sections(
    texts: Texts,
    groups: Vec<ComponentGroup>,
    components: Vec<Component>,
) -> Vec<Section> {
    let unfolded = components.len() <= UNFOLDED_COMPONENTS;
    let mut members = HashMap::<String, Vec<Component>>::new();
    let mut places = Vec::new();
    for component in components {
        match &component.component_group_id {
            Some(group) => members.entry(group.clone()).or_default().push(component),
            None => {
                places.push((
                    component.position,
                    age(component.created_at.as_ref()),
                    Place::Alone(component),
                ));
            }
        }
    }
    for group in groups {
        // a heading with nothing under it tells a reader nothing
        if let Some(components) = members.remove(&group.component_group_id) {
            places.push((group.position, age(group.created_at.as_ref()), Place::Group(group, components)));
        }
    }
    places.sort_by_key(|(position, age, _)| (*position, *age));

    let mut sections = Vec::new();
    for (_, _, place) in places {
        match place {
            Place::Alone(component) => {
                let row = row(component, texts);
                if let Some(Section::Alone(rows)) = sections.last_mut() {
                    rows.push(row);
                } else {
                    sections.push(Section::Alone(vec![row]));
                }
            }
            Place::Group(group, components) => {
                let worst = components.iter().map(Component::status).max().unwrap_or_default();
                sections.push(Section::Group {
                    name: group.name,
                    worst: Mark::component(worst, texts),
                    count: texts.say_count("component-count", components.len()),
                    open: unfolded || components.iter().any(is_affected),
                    components: components.into_iter().map(|component| row(component, texts)).collect(),
                });
            }
        }
    }
    sections
}

fn age(created_at: Option<&prost_types::Timestamp>) -> Option<jiff::Timestamp> {
    moment::read(created_at)
}

fn row(component: Component, texts: Texts) -> ComponentRow {
    let status = Mark::component(component.status(), texts);
    ComponentRow { name: component.name, description: component.description, status }
}

#[cfg(test)]
mod tests {
    use kit::locale::Locale;

    use super::*;

    fn component(name: &str, group: Option<&str>, position: i32, seconds: i64) -> Component {
        Component {
            name: name.to_owned(),
            component_group_id: group.map(str::to_owned),
            position,
            status: ComponentStatus::Operational.into(),
            created_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..Component::default()
        }
    }

    fn group(id: &str, position: i32, seconds: i64) -> ComponentGroup {
        ComponentGroup {
            component_group_id: id.to_owned(),
            name: id.to_owned(),
            position,
            created_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..ComponentGroup::default()
        }
    }

    #[test]
    fn groups_and_lone_components_share_one_order() {
        let groups = vec![group("early", 1, 5), group("late", 9, 1), group("empty", 0, 0)];
        let components = vec![
            component("a", None, 0, 0),
            component("b", None, 1, 4),
            component("in early", Some("early"), 7, 0),
            component("c", None, 2, 0),
            component("in late", Some("late"), 0, 0),
        ];
        let told = sections(Texts::of(Locale::En), groups, components)
            .iter()
            .map(|section| match section {
                Section::Alone(rows) => {
                    rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" ")
                }
                Section::Group { name, .. } => format!("[{name}]"),
            })
            .collect::<Vec<_>>();
        assert_eq!(told, ["a b", "[early]", "c", "[late]"]);
    }

    #[test]
    fn on_a_long_page_only_groups_in_trouble_are_unfolded() {
        let groups = vec![group("calm", 1, 0), group("troubled", 2, 0)];
        let mut components =
            (0..40).map(|n| component(&n.to_string(), Some("calm"), n, 0)).collect::<Vec<_>>();
        let mut broken = component("x", Some("troubled"), 0, 0);
        broken.status = ComponentStatus::MajorOutage.into();
        components.push(broken);
        let open = sections(Texts::of(Locale::En), groups, components)
            .iter()
            .map(|section| matches!(section, Section::Group { open: true, .. }))
            .collect::<Vec<_>>();
        assert_eq!(open, [false, true]);
    }
}
