//! Components, and what a page's components add up to.

use jiff::{Timestamp, civil::Date};
use kit::ids::{ComponentGroupId, ComponentId, PageId, VendorId};

use super::vendor::{Named, VendorFormat};

/// So many component groups a page may have.
pub(crate) const GROUPS_PER_PAGE: u16 = 200;
/// So many components a page may have, without those that were deleted.
pub(crate) const COMPONENTS_PER_PAGE: u16 = 2000;

/// How a component is; the order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(type_name = "incidents.component_status", rename_all = "snake_case")]
pub(crate) enum ComponentStatus {
    Operational,
    UnderMaintenance,
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
    /// One trimmed line, up to 500 characters.
    pub(crate) description: String,
    /// 0 to 100,000; the smallest is shown first.
    pub(crate) position: i32,
    /// Grows with each change.
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
}

/// A part of the company's product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) component_id: ComponentId,
    pub(crate) page_id: PageId,
    pub(crate) settings: ComponentSettings,
    pub(crate) status: ComponentStatus,
    /// What is known of the component that it follows, if it follows one.
    pub(crate) heard: Option<Heard>,
    /// Grows with each change of the settings, and with its deletion.
    pub(crate) revision: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
}

/// What people say of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComponentSettings {
    pub(crate) component_group_id: Option<ComponentGroupId>,
    /// One trimmed line, 1 to 100 characters.
    pub(crate) name: String,
    /// One trimmed line, up to 500 characters.
    pub(crate) description: String,
    /// 0 to 100,000; the smallest is shown first.
    pub(crate) position: i32,
    /// The first day that its uptime is counted from, in the page's zone.
    pub(crate) start_date: Option<Date>,
    pub(crate) hidden_while_operational: bool,
    pub(crate) shows_uptime: bool,
    /// What it follows, if it is a third-party component.
    pub(crate) follows: Option<Followed>,
}

/// A component of a vendor's page, as one of ours names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) vendor_id: VendorId,
    /// The vendor's id for it, or its name there; one trimmed line, 1 to 200 characters.
    pub(crate) vendor_component: String,
}

/// What is known of a component that one of ours follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) vendor_name: String,
    /// Empty if it stands in no group there, or it is not known.
    pub(crate) vendor_group_name: String,
    /// When the vendor's page was last read and had it.
    pub(crate) heard_at: Option<Timestamp>,
    /// Since when nothing was heard of it, if the last reading failed or did not have it.
    pub(crate) not_heard_since: Option<Timestamp>,
}

/// How the readings of a vendor's page went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Readings {
    pub(crate) format: VendorFormat,
    pub(crate) vendor_created_at: Timestamp,
    /// When the page was last read.
    pub(crate) heard_at: Option<Timestamp>,
    /// The last reading failed.
    pub(crate) is_failing: bool,
    /// The page had the component at least once.
    pub(crate) is_known: bool,
    /// Since when the page has not had the component any more.
    pub(crate) missing_since: Option<Timestamp>,
    pub(crate) component_created_at: Timestamp,
}

impl Readings {
    /// When the page was last read and had the component, or did not name it because it was well.
    pub(crate) fn heard_at(&self) -> Option<Timestamp> {
        if self.is_told_of() { self.missing_since.or(self.heard_at) } else { None }
    }

    /// What the page says or does not say means something for the component.
    fn is_told_of(&self) -> bool {
        match self.format.names() {
            Named::All => self.is_known,
            Named::Troubled => true,
        }
    }

    /// Since when nothing was heard of the component. Before the first reading there is nothing to miss.
    pub(crate) fn not_heard_since(&self) -> Option<Timestamp> {
        let is_silent = match self.heard_at {
            Some(_) => self.is_failing || !self.is_told_of() || self.missing_since.is_some(),
            None => self.is_failing,
        };
        let never_heard =
            if self.heard_at.is_some() { self.component_created_at } else { self.vendor_created_at };
        is_silent.then(|| self.heard_at().unwrap_or(never_heard))
    }
}

/// A page in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OverallStatus {
    Operational,
    ServiceUnderMaintenance,
    SystemUnderMaintenance,
    PartiallyDegraded,
    Degraded,
    MinorOutage,
    PartialOutage,
    MajorOutage,
}

/// The status of a component: the worst of what is given to it now.
pub(crate) fn component_status(given: impl IntoIterator<Item = ComponentStatus>) -> ComponentStatus {
    given.into_iter().max().unwrap_or(ComponentStatus::Operational)
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
        (C::Operational | C::UnderMaintenance, C::DegradedPerformance) => OverallStatus::PartiallyDegraded,
        (C::Operational | C::UnderMaintenance, C::Operational | C::UnderMaintenance) if incident_is_open => {
            OverallStatus::PartiallyDegraded
        }
        (C::UnderMaintenance, _) => OverallStatus::SystemUnderMaintenance,
        (C::Operational, C::UnderMaintenance) => OverallStatus::ServiceUnderMaintenance,
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
            Just(ComponentStatus::UnderMaintenance),
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
        if all(ComponentStatus::UnderMaintenance) {
            return OverallStatus::SystemUnderMaintenance;
        }
        if some(ComponentStatus::UnderMaintenance) {
            return OverallStatus::ServiceUnderMaintenance;
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
    #[test]
    fn what_a_vendor_does_not_say_is_missed_since_it_was_last_heard() {
        let [vendor_made, component_made, missing, read] =
            [10, 20, 30, 40].map(|second| Timestamp::constant(second, 0));
        let well = Readings {
            format: VendorFormat::Statuspage,
            vendor_created_at: vendor_made,
            heard_at: Some(read),
            is_failing: false,
            is_known: true,
            missing_since: None,
            component_created_at: component_made,
        };
        let gone = Readings { missing_since: Some(missing), ..well };
        let never_there = Readings { is_known: false, ..well };
        let not_read_yet = Readings { heard_at: None, ..never_there };
        let never_in_trouble = Readings { format: VendorFormat::IncidentIo, ..never_there };
        for (readings, heard_at, not_heard_since) in [
            (well, Some(read), None),
            (Readings { is_failing: true, ..well }, Some(read), Some(read)),
            (gone, Some(missing), Some(missing)),
            (Readings { is_failing: true, ..gone }, Some(missing), Some(missing)),
            (never_there, None, Some(component_made)),
            (Readings { is_failing: true, ..never_there }, None, Some(component_made)),
            (never_in_trouble, Some(read), None),
            (Readings { is_failing: true, ..never_in_trouble }, Some(read), Some(read)),
            (Readings { heard_at: None, ..never_in_trouble }, None, None),
            (not_read_yet, None, None),
            (Readings { is_failing: true, ..not_read_yet }, None, Some(vendor_made)),
        ] {
            assert_eq!(
                (readings.heard_at(), readings.not_heard_since()),
                (heard_at, not_heard_since),
                "{readings:?}"
            );
        }
    }
}
