//! Codes of ids. An id of another kind than it should be has no code and stays as it is: our services send none such.

use std::str::FromStr;

use kit::{
    code::Code,
    ids::{ComponentGroupId, ComponentId, IncidentId, MaintenanceId, PageId, UpdateId},
};
use uuid::Uuid;

fn code<I: FromStr>(id: &str, uuid: impl Fn(I) -> Uuid) -> String {
    id.parse().map_or_else(|_| id.to_owned(), |parsed| Code::of(uuid(parsed)).to_string())
}

pub(super) fn page(id: &str) -> String {
    code(id, PageId::uuid)
}

pub(super) fn component(id: &str) -> String {
    code(id, ComponentId::uuid)
}

pub(super) fn component_group(id: &str) -> String {
    code(id, ComponentGroupId::uuid)
}

pub(super) fn incident(id: &str) -> String {
    code(id, IncidentId::uuid)
}

pub(super) fn maintenance(id: &str) -> String {
    code(id, MaintenanceId::uuid)
}

pub(super) fn update(id: &str) -> String {
    code(id, UpdateId::uuid)
}

/// The code of the entry that holds an incident's report, which has no id of its own.
pub(super) fn postmortem(incident_id: &str) -> String {
    let id = incident_id.parse::<IncidentId>();
    id.map_or_else(|_| incident_id.to_owned(), |id| Code::of(id.uuid()).twin().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_report_is_not_its_incidents() {
        let id = "inc_01jd0000000000000000000000";
        assert_eq!(postmortem(id).len(), 12);
        assert_ne!(postmortem(id), incident(id));
    }

    #[test]
    fn what_is_no_id_stays_as_it_is() {
        assert_eq!(page("cmp_01jd0000000000000000000000"), "cmp_01jd0000000000000000000000");
        assert_eq!(component("cmp_01jd0000000000000000000000").len(), 12);
    }
}
