//! The components that are told of: those of the page in one flat list with its groups, and those off the page that
//! something speaks of.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use proto::incidents::v1;
use serde::Serialize;

use super::{changes, codes, time, words};
use crate::{
    formats::Source,
    view::severity,
    wire::{read, read_day},
};

/// A component, or a group.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Component<'a> {
    pub(super) id: String,
    pub(super) name: &'a str,
    status: &'static str,
    created_at: Option<String>,
    updated_at: Option<String>,
    position: usize,
    description: Option<&'a str>,
    showcase: bool,
    pub(super) start_date: Option<String>,
    group_id: Option<String>,
    page_id: String,
    group: bool,
    only_show_if_degraded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) components: Option<Vec<String>>,
}

/// All components that an answer knows.
#[derive(Debug)]
pub(super) struct Inventory<'a> {
    rows: Vec<Component<'a>>,
    /// So many of the rows are on the page; the rest is not.
    on_page: usize,
    /// Where components and groups are among the rows, by our ids.
    places: HashMap<&'a str, usize>,
    /// What the groups of components are called, by our ids of the components.
    headings: HashMap<&'a str, &'a str>,
}

/// A group with what is in it, or a component that stands alone.
enum Place<'a> {
    Alone(&'a v1::Component),
    Group(&'a v1::ComponentGroup, Vec<&'a v1::Component>),
}

impl<'a> Inventory<'a> {
    /// Of the page's components and groups, and of others that an answer brings along: what the page does not have of
    /// them is off the page.
    pub(super) fn new(
        source: &'a Source,
        others: &'a [v1::Component],
        other_groups: &'a [v1::ComponentGroup],
    ) -> Self {
        let front = &source.front;
        let mut groups = HashMap::<&str, &v1::ComponentGroup>::new();
        for group in front.component_groups.iter().chain(other_groups) {
            groups.entry(&group.component_group_id).or_insert(group);
        }
        let maker = Maker {
            source,
            page_id: codes::page(&source.page.page_id),
            changes: changes::of_components(front),
            groups,
        };
        let mut inventory =
            Self { rows: Vec::new(), on_page: 0, places: HashMap::new(), headings: HashMap::new() };
        for (place, n) in maker.places().into_iter().zip(1..) {
            match place {
                Place::Alone(component) => inventory.add(&maker, component, n),
                Place::Group(group, members) => {
                    inventory.places.insert(&group.component_group_id, inventory.rows.len());
                    inventory.rows.push(maker.group(group, &members, n));
                    for (component, n) in members.into_iter().zip(1..) {
                        inventory.add(&maker, component, n);
                    }
                }
            }
        }
        inventory.on_page = inventory.rows.len();
        for component in front.former_components.iter().chain(others) {
            if !inventory.places.contains_key(component.component_id.as_str()) {
                inventory.add(&maker, component, 0);
            }
        }
        inventory
    }

    fn add(&mut self, maker: &Maker<'a>, component: &'a v1::Component, position: usize) {
        let group = maker.group_of(component);
        self.places.insert(&component.component_id, self.rows.len());
        self.headings.extend(group.map(|group| (component.component_id.as_str(), group.name.as_str())));
        self.rows.push(maker.component(component, position));
    }

    /// What is on the page, in its order: groups with what is in them, and components that stand alone.
    pub(super) fn into_page(mut self) -> Vec<Component<'a>> {
        self.rows.truncate(self.on_page);
        self.rows
    }

    /// A component or a group, by our id.
    pub(super) fn get(&self, id: &str) -> Option<&Component<'a>> {
        self.places.get(id).map(|place| &self.rows[*place])
    }

    /// The components with our ids, each once, those on the page first and in its order.
    pub(super) fn listed<'b>(&self, ids: impl Iterator<Item = &'b str>) -> Vec<Component<'a>> {
        let places = ids.filter_map(|id| self.places.get(id)).collect::<HashSet<_>>();
        let mut places = places.into_iter().collect::<Vec<_>>();
        places.sort_unstable();
        places.into_iter().map(|place| self.rows[*place].clone()).collect()
    }

    /// The code of a component and its name under its group: "Group - Component".
    pub(super) fn called(&self, id: &str) -> Option<(String, String)> {
        let row = self.get(id)?;
        let name = match self.headings.get(id) {
            Some(heading) => format!("{heading} - {}", row.name),
            None => row.name.to_owned(),
        };
        Some((row.id.clone(), name))
    }
}

/// What rows are made with.
struct Maker<'a> {
    source: &'a Source,
    page_id: String,
    changes: HashMap<&'a str, Timestamp>,
    groups: HashMap<&'a str, &'a v1::ComponentGroup>,
}

impl<'a> Maker<'a> {
    fn group_of(&self, component: &v1::Component) -> Option<&'a v1::ComponentGroup> {
        self.groups.get(component.component_group_id.as_deref()?).copied()
    }

    /// Groups and components that stand alone share one order, the smallest position first, equals by age. Groups with
    /// nothing in them are left out: the format has none such.
    fn places(&self) -> Vec<Place<'a>> {
        let mut members = HashMap::<&str, Vec<&v1::Component>>::new();
        let mut places = Vec::new();
        for component in &self.source.front.components {
            match self.group_of(component) {
                Some(group) => members.entry(&group.component_group_id).or_default().push(component),
                None => {
                    let age = read(component.created_at.as_ref());
                    places.push((component.position, age, Place::Alone(component)));
                }
            }
        }
        for (id, members) in members {
            let group = self.groups[id];
            places.push((group.position, read(group.created_at.as_ref()), Place::Group(group, members)));
        }
        places.sort_by(|(a, a_age, a_place), (b, b_age, b_place)| {
            (a, a_age, a_place.id()).cmp(&(b, b_age, b_place.id()))
        });
        places.into_iter().map(|(_, _, place)| place).collect()
    }

    fn time(&self, at: Option<Timestamp>) -> Option<String> {
        at.map(|at| time::iso(at, &self.source.time_zone))
    }

    /// When a component last changed: it was made, spoken of, or taken off the page.
    fn updated_at(&self, component: &v1::Component) -> Option<Timestamp> {
        let told = self.changes.get(component.component_id.as_str()).copied();
        let (made, deleted) = (component.created_at.as_ref(), component.deleted_at.as_ref());
        told.into_iter().chain(read(made)).chain(read(deleted)).max()
    }

    fn component(&self, component: &'a v1::Component, position: usize) -> Component<'a> {
        Component {
            id: codes::component(&component.component_id),
            name: &component.name,
            status: words::component(component.status()),
            created_at: self.time(read(component.created_at.as_ref())),
            updated_at: self.time(self.updated_at(component)),
            position,
            description: Some(component.description.as_str()).filter(|text| !text.is_empty()),
            showcase: component.shows_uptime,
            start_date: read_day(component.start_date.as_ref()).map(|day| day.to_string()),
            group_id: self.group_of(component).map(|group| codes::component_group(&group.component_group_id)),
            page_id: self.page_id.clone(),
            group: false,
            only_show_if_degraded: component.hidden_while_operational,
            components: None,
        }
    }

    /// A group is as its worst component, and hidden while all of them are.
    fn group(
        &self,
        group: &'a v1::ComponentGroup,
        members: &[&v1::Component],
        position: usize,
    ) -> Component<'a> {
        let worst = members.iter().map(|each| each.status()).max_by_key(|status| severity(*status));
        let made = read(group.created_at.as_ref());
        let updated = members.iter().filter_map(|each| self.updated_at(each)).chain(made).max();
        Component {
            id: codes::component_group(&group.component_group_id),
            name: &group.name,
            status: words::component(worst.unwrap_or_default()),
            created_at: self.time(made),
            updated_at: self.time(updated),
            position,
            description: Some(group.description.as_str()).filter(|text| !text.is_empty()),
            showcase: members.iter().any(|each| each.shows_uptime),
            start_date: None,
            group_id: None,
            page_id: self.page_id.clone(),
            group: true,
            only_show_if_degraded: members.iter().all(|each| each.hidden_while_operational),
            components: Some(members.iter().map(|each| codes::component(&each.component_id)).collect()),
        }
    }
}

impl Place<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Alone(component) => &component.component_id,
            Self::Group(group, _) => &group.component_group_id,
        }
    }
}
