//! Components, and what a page's components add up to.

use jiff::Timestamp;
use kit::ids::{ComponentGroupId, ComponentId, PageId};

/// So many component groups a page may have.
pub(crate) const GROUPS_PER_PAGE: u16 = 200;
/// So many components a page may have.
pub(crate) const COMPONENTS_PER_PAGE: u16 = 2000;

/// How a component is; the order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.component_status", rename_all = "snake_case")]
pub(crate) enum ComponentStatus {
    Operational,
    DegradedPerformance,
    PartialOutage,
    MajorOutage,
}

/// A heading with components under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComponentGroup {
    pub(crate) component_group_id: ComponentGroupId,
    pub(crate) page_id: PageId,
    /// One trimmed line, 1 to 100 characters.
    pub(crate) name: String,
    /// 0 to 100,000; the smallest is shown first.
    pub(crate) position: i32,
    pub(crate) created_at: Timestamp,
}

/// A part of the company's product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) component_id: ComponentId,
    pub(crate) page_id: PageId,
    pub(crate) component_group_id: Option<ComponentGroupId>,
    /// One trimmed line, 1 to 100 characters.
    pub(crate) name: String,
    /// One trimmed line, up to 500 characters.
    pub(crate) description: String,
    pub(crate) status: ComponentStatus,
    /// 0 to 100,000; the smallest is shown first.
    pub(crate) position: i32,
    pub(crate) created_at: Timestamp,
}

/// A page in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverallStatus {
    Operational,
    PartiallyDegraded,
    Degraded,
    MinorOutage,
    PartialOutage,
    MajorOutage,
}

/// The status of a component: the worst of what the open incidents say of it.
pub(crate) fn component_status(open: impl IntoIterator<Item = ComponentStatus>) -> ComponentStatus {
    open.into_iter().max().unwrap_or(ComponentStatus::Operational)
}

/// The state of a page, by the ladder that `OverallStatus` in the contract describes.
///
/// Only the best and the worst component matter: "all are so" means that the best one is. A page without
/// components shows nothing but its incidents.
pub(crate) fn overall_status(components: &[ComponentStatus], incident_is_open: bool) -> OverallStatus {
    use ComponentStatus as C;
    let best = components.iter().min().copied().unwrap_or(C::Operational);
    let worst = components.iter().max().copied().unwrap_or(C::Operational);
    match (best, worst) {
        (C::MajorOutage, _) => OverallStatus::MajorOutage,
        (_, C::MajorOutage) | (C::PartialOutage, _) => OverallStatus::PartialOutage,
        (_, C::PartialOutage) => OverallStatus::MinorOutage,
        (C::DegradedPerformance, _) => OverallStatus::Degraded,
        (C::Operational, C::DegradedPerformance) => OverallStatus::PartiallyDegraded,
        (C::Operational, C::Operational) if incident_is_open => OverallStatus::PartiallyDegraded,
        (C::Operational, C::Operational) => OverallStatus::Operational,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::domain) fn any_status() -> impl Strategy<Value = ComponentStatus> {
        prop_oneof![
            Just(ComponentStatus::Operational),
            Just(ComponentStatus::DegradedPerformance),
            Just(ComponentStatus::PartialOutage),
            Just(ComponentStatus::MajorOutage),
        ]
    }

    /// The contract's sentences, one after the other, from the worst up.
    fn ladder(components: &[ComponentStatus], incident_is_open: bool) -> OverallStatus {
        let some = |status| components.contains(&status);
        let all = |status| !components.is_empty() && components.iter().all(|found| *found == status);
        if all(ComponentStatus::MajorOutage) {
            return OverallStatus::MajorOutage;
        }
        if some(ComponentStatus::MajorOutage) || all(ComponentStatus::PartialOutage) {
            return OverallStatus::PartialOutage;
        }
        if some(ComponentStatus::PartialOutage) {
            return OverallStatus::MinorOutage;
        }
        if all(ComponentStatus::DegradedPerformance) {
            return OverallStatus::Degraded;
        }
        if some(ComponentStatus::DegradedPerformance) || incident_is_open {
            return OverallStatus::PartiallyDegraded;
        }
        OverallStatus::Operational
    }

    proptest! {
        #[test]
        fn the_overall_status_follows_the_ladder(
            components in prop::collection::vec(any_status(), 0..6),
            incident_is_open: bool,
        ) {
            prop_assert_eq!(
                overall_status(&components, incident_is_open),
                ladder(&components, incident_is_open)
            );
        }

        #[test]
        fn a_component_is_as_bad_as_the_worst_that_is_said_of_it(
            said in prop::collection::vec(any_status(), 0..6),
        ) {
            let status = component_status(said.clone());
            prop_assert!(said.iter().all(|one| *one <= status));
            prop_assert!(said.contains(&status) || (said.is_empty() && status == ComponentStatus::Operational));
        }
    }

    #[test]
    fn a_page_without_components_is_operational_unless_an_incident_is_open() {
        assert_eq!(overall_status(&[], false), OverallStatus::Operational);
        assert_eq!(overall_status(&[], true), OverallStatus::PartiallyDegraded);
    }
}
