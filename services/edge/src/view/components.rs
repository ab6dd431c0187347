//! Groups and components, in the order in which readers see them.

use std::collections::HashMap;

use proto::incidents::v1::{Component, ComponentGroup, ComponentStatus, ThirdParty};

use super::{
    Mark, Moment, PageHead, moment,
    uptime::{Bars, UptimeBar},
};
use crate::texts::Texts;

/// On a page with more components than this, groups in which all is well are folded.
const UNFOLDED_COMPONENTS: usize = 30;

/// A component with its state.
#[derive(Debug)]
pub(crate) struct ComponentRow {
    pub(crate) component_id: String,
    pub(crate) name: String,
    /// What it is, in a sentence; may be empty.
    pub(crate) description: String,
    /// Whose status it has, in words, if it follows a vendor's.
    pub(crate) follows: Option<String>,
    /// Since when its vendor is silent, in words.
    pub(crate) not_heard: Option<Moment>,
    pub(crate) status: Mark,
    pub(crate) uptime: Option<UptimeBar>,
}

/// A card of components.
#[derive(Debug)]
pub(crate) enum Section {
    /// Components that stand alone, as long as no group comes between them.
    Alone(Vec<ComponentRow>),
    /// A group.
    Group(GroupCard),
}

/// A group with its components.
#[derive(Debug)]
pub(crate) struct GroupCard {
    pub(crate) component_group_id: String,
    /// Its heading.
    pub(crate) name: String,
    /// What it is, in a sentence; may be empty.
    pub(crate) description: String,
    /// The worst state in it.
    pub(crate) worst: Mark,
    /// How many components of it are shown, in words.
    pub(crate) count: String,
    /// Whether it is shown unfolded.
    pub(crate) open: bool,
    pub(crate) uptime: Option<UptimeBar>,
    pub(crate) components: Vec<ComponentRow>,
}

/// Components that a reader may choose to hear of.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The heading of their group; nothing if they stand alone.
    pub(crate) group: Option<String>,
    pub(crate) components: Vec<Offered>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Offered {
    pub(crate) component_id: String,
    pub(crate) name: String,
}

/// How bad a status is: the contract's order, which is not that of its numbers.
pub(crate) const fn severity(status: ComponentStatus) -> u8 {
    match status {
        ComponentStatus::Unspecified => 0,
        ComponentStatus::Operational => 1,
        ComponentStatus::UnderMaintenance => 2,
        ComponentStatus::DegradedPerformance => 3,
        ComponentStatus::PartialOutage => 4,
        ComponentStatus::MajorOutage => 5,
    }
}

/// Whether something is wrong with it that nobody planned.
pub(super) fn is_affected(component: &Component) -> bool {
    severity(component.status()) > severity(ComponentStatus::UnderMaintenance)
}

/// Whether readers see it: those that are hidden while operational only when they are not.
pub(super) fn is_shown(component: &Component) -> bool {
    !component.hidden_while_operational || component.status() != ComponentStatus::Operational
}

/// A component, or a group with those of its components that are shown.
enum Place<'a> {
    Alone(&'a Component),
    Group(&'a ComponentGroup, Vec<&'a Component>),
}

/// What is shown, in its order: groups and components that stand alone share one, the smallest position first, equals
/// by age.
fn places<'a>(groups: &'a [ComponentGroup], components: &'a [Component]) -> Vec<Place<'a>> {
    let mut members = HashMap::<&str, Vec<&Component>>::new();
    let mut places = Vec::new();
    for component in components.iter().filter(|component| is_shown(component)) {
        match &component.component_group_id {
            Some(group) => members.entry(group).or_default().push(component),
            None => {
                let age = moment::read(component.created_at.as_ref());
                places.push((component.position, age, Place::Alone(component)));
            }
        }
    }
    for group in groups {
        // a heading with nothing under it tells a reader nothing
        if let Some(components) = members.remove(group.component_group_id.as_str()) {
            let age = moment::read(group.created_at.as_ref());
            places.push((group.position, age, Place::Group(group, components)));
        }
    }
    places.sort_by_key(|(position, age, _)| (*position, *age));
    places.into_iter().map(|(_, _, place)| place).collect()
}

/// What a page shows, in cards.
pub(super) fn sections(
    head: &PageHead,
    groups: &[ComponentGroup],
    components: &[Component],
    bars: &mut Bars,
) -> Vec<Section> {
    let unfolded = components.iter().filter(|each| is_shown(each)).count() <= UNFOLDED_COMPONENTS;
    let mut sections = Vec::new();
    for place in places(groups, components) {
        match place {
            Place::Alone(component) => {
                let row = ComponentRow::new(head, component, bars);
                if let Some(Section::Alone(rows)) = sections.last_mut() {
                    rows.push(row);
                } else {
                    sections.push(Section::Alone(vec![row]));
                }
            }
            Place::Group(group, components) => {
                sections.push(Section::Group(GroupCard::new(head, group, &components, unfolded, bars)));
            }
        }
    }
    sections
}

/// What a reader may choose to hear of: what the page shows.
pub(super) fn offers(groups: &[ComponentGroup], components: &[Component]) -> Vec<Offer> {
    let mut offers = Vec::<Offer>::new();
    for place in places(groups, components) {
        match place {
            Place::Alone(component) => match offers.last_mut() {
                Some(Offer { group: None, components }) => components.push(Offered::new(component)),
                Some(_) | None => {
                    offers.push(Offer { group: None, components: vec![Offered::new(component)] });
                }
            },
            Place::Group(group, components) => offers.push(Offer {
                group: Some(group.name.clone()),
                components: components.into_iter().map(Offered::new).collect(),
            }),
        }
    }
    offers
}

impl Offered {
    fn new(component: &Component) -> Self {
        Self { component_id: component.component_id.clone(), name: component.name.clone() }
    }
}

impl GroupCard {
    fn new(
        head: &PageHead,
        group: &ComponentGroup,
        components: &[&Component],
        unfolded: bool,
        bars: &mut Bars,
    ) -> Self {
        let worst = components.iter().map(|each| each.status()).max_by_key(|status| severity(*status));
        let is_calm = components.iter().all(|each| each.status() == ComponentStatus::Operational);
        Self {
            component_group_id: group.component_group_id.clone(),
            name: group.name.clone(),
            description: group.description.clone(),
            worst: Mark::component(worst.unwrap_or_default(), head.texts),
            count: head.texts.say_count("component-count", components.len()),
            open: unfolded || !is_calm,
            uptime: bars.take(&group.component_group_id),
            components: components.iter().map(|each| ComponentRow::new(head, each, bars)).collect(),
        }
    }
}

impl ComponentRow {
    fn new(head: &PageHead, component: &Component, bars: &mut Bars) -> Self {
        let followed = component.third_party.as_ref();
        Self {
            follows: followed.map(|followed| follows(head.texts, followed)),
            not_heard: followed.and_then(|followed| not_heard(head, followed)),
            status: Mark::component(component.status(), head.texts),
            uptime: bars.take(&component.component_id),
            component_id: component.component_id.clone(),
            name: component.name.clone(),
            description: component.description.clone(),
        }
    }
}

fn follows(texts: Texts, followed: &ThirdParty) -> String {
    if followed.vendor_group_name.is_empty() {
        texts.say_of("follows-vendor", &followed.vendor_name)
    } else {
        let (group, vendor) = (followed.vendor_group_name.as_str(), followed.vendor_name.as_str());
        texts.say_with("follows", [("group", group.into()), ("vendor", vendor.into())])
    }
}

fn not_heard(head: &PageHead, followed: &ThirdParty) -> Option<Moment> {
    let at = head.zone.moment(moment::read(followed.not_heard_since.as_ref())?);
    let (vendor, since) = (followed.vendor_name.as_str(), at.text.as_str());
    let text = head.texts.say_with("not-heard", [("vendor", vendor.into()), ("since", since.into())]);
    Some(Moment { text, ..at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{tests::head, uptime::Bars};

    fn told(groups: Vec<ComponentGroup>, components: Vec<Component>) -> Vec<Section> {
        sections(&head("en"), &groups, &components, &mut Bars::default())
    }

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
        let told = told(groups, components)
            .iter()
            .map(|section| match section {
                Section::Alone(rows) => {
                    rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(" ")
                }
                Section::Group(group) => format!("[{}]", group.name),
            })
            .collect::<Vec<_>>();
        assert_eq!(told, ["a b", "[early]", "c", "[late]"]);
    }

    #[test]
    fn a_reader_may_choose_what_the_page_shows_in_its_order() {
        let groups = vec![group("late", 9, 1), group("early", 1, 5), group("empty", 0, 0)];
        let hidden = Component { hidden_while_operational: true, ..component("hidden", None, 0, 0) };
        let components = [
            component("a", None, 0, 0),
            component("b", None, 1, 4),
            hidden,
            component("in early", Some("early"), 7, 0),
            component("c", None, 2, 0),
            component("in late", Some("late"), 0, 0),
        ];
        let offers = offers(&groups, &components);
        let told = offers.iter().map(|offer| {
            let names = offer.components.iter().map(|each| each.name.as_str()).collect::<Vec<_>>();
            (offer.group.as_deref(), names.join(" "))
        });
        let told = told.collect::<Vec<_>>();
        let wanted = [(None, "a b"), (Some("early"), "in early"), (None, "c"), (Some("late"), "in late")];
        assert_eq!(told, wanted.map(|(group, names)| (group, names.to_owned())));
    }

    #[test]
    fn on_a_long_page_only_groups_in_trouble_are_unfolded() {
        let groups = vec![group("calm", 1, 0), group("troubled", 2, 0)];
        let mut components =
            (0..40).map(|n| component(&n.to_string(), Some("calm"), n, 0)).collect::<Vec<_>>();
        let mut broken = component("x", Some("troubled"), 0, 0);
        broken.status = ComponentStatus::MajorOutage.into();
        components.push(broken);
        let open = told(groups, components)
            .iter()
            .map(|section| matches!(section, Section::Group(group) if group.open))
            .collect::<Vec<_>>();
        assert_eq!(open, [false, true]);
    }

    #[test]
    fn what_is_hidden_while_operational_is_seen_only_when_it_is_not() {
        let hidden = |name: &str, group: Option<&str>, status: ComponentStatus| Component {
            hidden_while_operational: true,
            status: status.into(),
            ..component(name, group, 0, 0)
        };
        let groups = vec![group("all hidden", 1, 0), group("one seen", 2, 0)];
        let components = vec![
            hidden("a", None, ComponentStatus::Operational),
            hidden("b", Some("all hidden"), ComponentStatus::Operational),
            hidden("c", Some("one seen"), ComponentStatus::Operational),
            hidden("d", Some("one seen"), ComponentStatus::UnderMaintenance),
        ];
        let told = told(groups, components);
        let [Section::Group(group)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((group.name.as_str(), group.count.as_str()), ("one seen", "1 component"));
        assert_eq!(group.components[0].name, "d");
    }

    #[test]
    fn the_worst_of_a_group_goes_by_severity_and_maintenance_is_better_than_trouble() {
        let with = |statuses: &[ComponentStatus]| {
            let components = statuses
                .iter()
                .map(|status| Component { status: (*status).into(), ..component("x", Some("g"), 0, 0) })
                .collect();
            match told(vec![group("g", 0, 0)], components).pop() {
                Some(Section::Group(group)) => group.worst.text,
                other => panic!("{other:?}"),
            }
        };
        let (calm, works) = (ComponentStatus::Operational, ComponentStatus::UnderMaintenance);
        assert_eq!(with(&[calm, works, calm]), "Under maintenance");
        assert_eq!(with(&[works, ComponentStatus::DegradedPerformance]), "Degraded performance");
        assert_eq!(with(&[ComponentStatus::MajorOutage, works]), "Major outage");
    }

    #[test]
    fn a_third_party_component_says_whom_it_follows_and_since_when_it_hears_nothing() {
        let mut followed = ThirdParty {
            vendor_name: "Cloud".into(),
            vendor_group_name: "Europe".into(),
            ..ThirdParty::default()
        };
        let row = |locale: &str, followed: &ThirdParty| {
            let component = Component { third_party: Some(followed.clone()), ..component("x", None, 0, 0) };
            ComponentRow::new(&head(locale), &component, &mut Bars::default())
        };
        assert_eq!(row("en", &followed).follows.as_deref(), Some("Follows Europe, Cloud"));
        assert_eq!(row("pt-BR", &followed).follows.as_deref(), Some("Segue Europe, Cloud"));
        assert_eq!(row("en", &followed).not_heard, None);
        followed.vendor_group_name.clear();
        followed.not_heard_since = Some(kit::time::to_wire("2026-11-20T13:00:00Z".parse().unwrap()));
        assert_eq!(row("en", &followed).follows.as_deref(), Some("Follows Cloud"));
        assert_eq!(
            row("en", &followed).not_heard.unwrap().text,
            "Not heard from Cloud since 20 November 2026 at 10:00 GMT−3"
        );
    }
}
