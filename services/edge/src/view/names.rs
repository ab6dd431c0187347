//! What components and groups are called, and lists of them as a sentence has them.

use std::collections::HashMap;

use proto::incidents::v1::{Component, ComponentGroup};

use super::components;
use crate::texts::Texts;

/// So many components are named in a line on a page with other things; the rest is a number.
pub(super) const FEW: usize = 20;

/// The components and groups that a page knows by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    components: HashMap<String, Named>,
    groups: HashMap<String, String>,
}

/// A component among the others.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) group_id: Option<String>,
    /// Whether readers see it now.
    pub(super) is_shown: bool,
    pub(super) hidden_while_operational: bool,
    place: usize,
}

impl Names {
    /// Of components in the order in which they are shown. A group that is not given has no name to tell:
    /// what stands in it stands alone.
    pub(super) fn of<'a>(
        components: impl IntoIterator<Item = &'a Component>,
        groups: &[ComponentGroup],
    ) -> Self {
        let mut names = Self::default();
        names
            .groups
            .extend(groups.iter().map(|group| (group.component_group_id.clone(), group.name.clone())));
        names.add(components);
        names
    }

    /// These, and others behind them: components that are off the page.
    pub(super) fn with<'a>(&self, others: impl IntoIterator<Item = &'a Component>) -> Self {
        let mut names = self.clone();
        names.add(others);
        names
    }

    fn add<'a>(&mut self, components: impl IntoIterator<Item = &'a Component>) {
        for component in components {
            let named = Named {
                name: component.name.clone(),
                group_id: component.component_group_id.clone().filter(|id| self.groups.contains_key(id)),
                is_shown: components::is_shown(component),
                hidden_while_operational: component.hidden_while_operational,
                place: self.components.len(),
            };
            self.components.insert(component.component_id.clone(), named);
        }
    }

    pub(super) fn component(&self, id: &str) -> Option<&Named> {
        self.components.get(id)
    }

    pub(super) fn group(&self, id: &str) -> Option<&str> {
        self.groups.get(id).map(String::as_str)
    }

    /// "Group (A, B) and C", in the order in which they are shown; components that are not known are left
    /// out, and those beyond `most` are a number.
    pub(super) fn listed<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
        most: usize,
        texts: Texts,
    ) -> String {
        let mut named = ids.into_iter().filter_map(|id| self.component(id)).collect::<Vec<_>>();
        named.sort_by_key(|each| each.place);
        named.dedup_by_key(|each| each.place);
        let more = named.len().saturating_sub(most);
        let mut items = Vec::<(Option<&str>, Vec<&str>)>::new();
        for each in named.into_iter().take(most) {
            let group = each.group_id.as_deref();
            match items.iter_mut().find(|(known, _)| group.is_some() && *known == group) {
                Some((_, members)) => members.push(&each.name),
                None => items.push((group, vec![&each.name])),
            }
        }
        let comma = texts.say("list-comma");
        let items = items
            .into_iter()
            .map(|(group, members)| match group.and_then(|id| self.group(id)) {
                Some(group) => texts
                    .say_with("in-group", [("group", group.into()), ("names", members.join(&comma).into())]),
                None => members.join(&comma),
            })
            .collect::<Vec<_>>();
        match items.split_last() {
            Some((last, before)) if more == 0 && !before.is_empty() => {
                texts.say_with("list-and", [("first", before.join(&comma).into()), ("last", last.into())])
            }
            Some(_) if more > 0 => format!("{} {}", items.join(&comma), texts.say_count("and-more", more)),
            Some(_) | None => items.join(&comma),
        }
    }
}

/// Whether a name begins or ends with a word, in whatever case. Where words are not parted, a name may go on without a
/// gap.
pub(super) fn has_at_an_end(name: &str, word: &str) -> bool {
    let (name, word) = (name.trim().to_lowercase(), word.to_lowercase());
    let is_of_signs = word.chars().all(|sign| sign > '\u{2e80}');
    let is_parted =
        |beside: Option<char>| is_of_signs || beside.is_none_or(|beside| !beside.is_alphanumeric());
    name.strip_suffix(&word).is_some_and(|rest| is_parted(rest.chars().next_back()))
        || name.strip_prefix(&word).is_some_and(|rest| is_parted(rest.chars().next()))
}

#[cfg(test)]
mod tests {
    use kit::locale::Locale;

    use super::*;

    fn component(id: &str, group: Option<&str>) -> Component {
        Component {
            component_id: id.to_owned(),
            name: id.to_uppercase(),
            component_group_id: group.map(str::to_owned),
            ..Component::default()
        }
    }

    fn names() -> Names {
        let group = ComponentGroup {
            component_group_id: "grp".into(),
            name: "Group".into(),
            ..ComponentGroup::default()
        };
        let components = [
            component("a", Some("grp")),
            component("b", Some("grp")),
            component("c", None),
            component("d", Some("gone")),
        ];
        Names::of(&components, &[group])
    }

    #[test]
    fn components_are_listed_under_their_groups_in_the_order_of_the_page() {
        let (en, pt_br) = (Texts::of(Locale::En), Texts::of(Locale::PtBr));
        for (ids, told) in [
            (vec![], ""),
            (vec!["x"], ""),
            (vec!["c"], "C"),
            (vec!["b"], "Group (B)"),
            (vec!["b", "a"], "Group (A, B)"),
            (vec!["c", "b", "a"], "Group (A, B) and C"),
            (vec!["d", "c", "x", "a", "a"], "Group (A), C and D"),
        ] {
            assert_eq!(names().listed(ids.iter().copied(), FEW, en), told, "{ids:?}");
        }
        assert_eq!(names().listed(["a", "b", "c"], FEW, pt_br), "Group (A, B) e C");
        assert_eq!(names().listed(["a", "b", "c"], FEW, Texts::of(Locale::Ja)), "Group（A、B）、C");
    }

    #[test]
    fn a_word_is_found_at_either_end_of_a_name_in_any_case() {
        for (name, word, is_there) in [
            ("Acme status", "status", true),
            ("Acme STATUS ", "status", true),
            ("Status", "status", true),
            ("Acme-Status", "Status", true),
            ("Status of Acme", "status", true),
            ("Acme (status)", "status", false),
            ("Statuspage", "status", false),
            ("Banco Prestado", "Estado", false),
            ("ÉTAT d’Acme", "État", true),
            ("Acmeステータス", "ステータス", true),
            ("", "status", false),
        ] {
            assert_eq!(has_at_an_end(name, word), is_there, "{name}");
        }
    }

    #[test]
    fn of_many_components_only_a_few_are_named() {
        let texts = Texts::of(Locale::En);
        assert_eq!(names().listed(["a", "b", "c", "d"], 3, texts), "Group (A, B), C and 1 more");
        assert_eq!(names().listed(["a", "b", "c", "d"], 1, texts), "Group (A) and 3 more");
    }

    #[test]
    fn components_off_the_page_are_named_too() {
        let names = names().with([&component("e", Some("grp")), &component("f", None)]);
        assert_eq!(names.listed(["f", "e", "c"], FEW, Texts::of(Locale::En)), "C, Group (E) and F");
    }
}
