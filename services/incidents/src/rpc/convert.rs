//! Between the wire and the domain.

use std::{collections::HashSet, str::FromStr};

use kit::{ids::InvalidId, time::to_wire};
use proto::{Violation, incidents::v1 as wire};

use crate::{
    domain::{
        Affected, Component, ComponentGroup, ComponentStatus, Impact, Incident, OverallStatus, Phase, Update,
    },
    error::Error,
    pages::Page,
};

/// The id in this field.
pub(super) fn id<T: FromStr<Err = InvalidId>>(field: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|bad: InvalidId| Error::invalid(field, bad.to_string()))
}

/// The line in this field, trimmed; not empty.
pub(super) fn line(field: &str, text: &str) -> Result<String, Error> {
    let trimmed = text.trim();
    if trimmed.is_empty() { Err(Error::invalid(field, "must not be blank")) } else { Ok(trimmed.to_owned()) }
}

/// The phase that a request names.
pub(super) fn parse_phase(phase: wire::Phase) -> Result<Phase, Error> {
    match phase {
        wire::Phase::Unspecified => Err(Error::invalid("phase", "must be set")),
        wire::Phase::Investigating => Ok(Phase::Investigating),
        wire::Phase::Identified => Ok(Phase::Identified),
        wire::Phase::Monitoring => Ok(Phase::Monitoring),
        wire::Phase::Resolved => Ok(Phase::Resolved),
    }
}

/// The components that a request names, in its order; each at most once.
pub(super) fn parse_affected(affected: &[wire::AffectedComponent]) -> Result<Vec<Affected>, Error> {
    let mut parsed = Vec::with_capacity(affected.len());
    let mut named = HashSet::with_capacity(affected.len());
    let mut violations = Vec::new();
    for (index, affected) in affected.iter().enumerate() {
        let field = format!("affected_components[{index}].component_id");
        let component_id = id(&field, &affected.component_id)?;
        let status = match affected.status() {
            wire::ComponentStatus::Unspecified => {
                return Err(Error::invalid(format!("affected_components[{index}].status"), "must be set"));
            }
            wire::ComponentStatus::Operational => ComponentStatus::Operational,
            wire::ComponentStatus::DegradedPerformance => ComponentStatus::DegradedPerformance,
            wire::ComponentStatus::PartialOutage => ComponentStatus::PartialOutage,
            wire::ComponentStatus::MajorOutage => ComponentStatus::MajorOutage,
        };
        if !named.insert(component_id) {
            violations.push(Violation { field, description: "must not be named twice".to_owned() });
        }
        parsed.push(Affected { component_id, status });
    }
    if violations.is_empty() { Ok(parsed) } else { Err(Error::Invalid(violations)) }
}

/// A phase on the wire.
pub(crate) fn phase(phase: Phase) -> wire::Phase {
    match phase {
        Phase::Investigating => wire::Phase::Investigating,
        Phase::Identified => wire::Phase::Identified,
        Phase::Monitoring => wire::Phase::Monitoring,
        Phase::Resolved => wire::Phase::Resolved,
    }
}

/// A component status on the wire.
pub(crate) fn component_status(status: ComponentStatus) -> wire::ComponentStatus {
    match status {
        ComponentStatus::Operational => wire::ComponentStatus::Operational,
        ComponentStatus::DegradedPerformance => wire::ComponentStatus::DegradedPerformance,
        ComponentStatus::PartialOutage => wire::ComponentStatus::PartialOutage,
        ComponentStatus::MajorOutage => wire::ComponentStatus::MajorOutage,
    }
}

/// An overall status on the wire.
pub(super) fn overall_status(status: OverallStatus) -> wire::OverallStatus {
    match status {
        OverallStatus::Operational => wire::OverallStatus::Operational,
        OverallStatus::PartiallyDegraded => wire::OverallStatus::PartiallyDegraded,
        OverallStatus::Degraded => wire::OverallStatus::Degraded,
        OverallStatus::MinorOutage => wire::OverallStatus::MinorOutage,
        OverallStatus::PartialOutage => wire::OverallStatus::PartialOutage,
        OverallStatus::MajorOutage => wire::OverallStatus::MajorOutage,
    }
}

fn impact(impact: Impact) -> wire::Impact {
    match impact {
        Impact::None => wire::Impact::None,
        Impact::Minor => wire::Impact::Minor,
        Impact::Major => wire::Impact::Major,
        Impact::Critical => wire::Impact::Critical,
    }
}

fn affected(affected: &[Affected]) -> Vec<wire::AffectedComponent> {
    affected
        .iter()
        .map(|affected| wire::AffectedComponent {
            component_id: affected.component_id.to_string(),
            status: component_status(affected.status).into(),
        })
        .collect()
}

impl From<ComponentGroup> for wire::ComponentGroup {
    fn from(group: ComponentGroup) -> Self {
        Self {
            component_group_id: group.component_group_id.to_string(),
            page_id: group.page_id.to_string(),
            name: group.name,
            position: group.position,
            created_at: Some(to_wire(group.created_at)),
        }
    }
}

impl From<Component> for wire::Component {
    fn from(component: Component) -> Self {
        Self {
            component_id: component.component_id.to_string(),
            page_id: component.page_id.to_string(),
            component_group_id: component.component_group_id.map(|group| group.to_string()),
            name: component.name,
            description: component.description,
            status: component_status(component.status).into(),
            position: component.position,
            created_at: Some(to_wire(component.created_at)),
        }
    }
}

impl From<Update> for wire::IncidentUpdate {
    fn from(update: Update) -> Self {
        Self {
            update_id: update.update_id.to_string(),
            phase: phase(update.phase).into(),
            body: update.body,
            affected_components: affected(&update.affected),
            displayed_at: Some(to_wire(update.displayed_at)),
            created_at: Some(to_wire(update.created_at)),
            silent: update.silent,
        }
    }
}

impl From<Incident> for wire::Incident {
    fn from(incident: Incident) -> Self {
        Self {
            incident_id: incident.incident_id.to_string(),
            page_id: incident.page_id.to_string(),
            title: incident.title,
            phase: phase(incident.standing.phase).into(),
            impact: impact(incident.standing.impact).into(),
            affected_components: affected(&incident.standing.affected),
            updates: incident.updates.into_iter().map(Into::into).collect(),
            started_at: Some(to_wire(incident.standing.started_at)),
            resolved_at: incident.standing.resolved_at.map(to_wire),
            created_at: Some(to_wire(incident.created_at)),
        }
    }
}

impl From<Page> for wire::StatusPage {
    fn from(page: Page) -> Self {
        Self {
            page_id: page.page_id.to_string(),
            slug: page.slug,
            name: page.name,
            locale: page.locale,
            time_zone: page.time_zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit::{Clock, ids::ComponentId};

    use super::*;

    fn fields(refused: Error) -> Vec<String> {
        let Error::Invalid(violations) = refused else { panic!("not a violation: {refused}") };
        violations.into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn a_component_named_twice_is_refused_at_its_second_place() {
        let clock = Clock::system();
        let [one, two] =
            [ComponentId::new(&clock), ComponentId::new(&clock)].map(|id| wire::AffectedComponent {
                component_id: id.to_string(),
                status: wire::ComponentStatus::MajorOutage.into(),
            });
        assert_eq!(parse_affected(&[one.clone(), two.clone()]).unwrap().len(), 2);
        let refused = parse_affected(&[one.clone(), two.clone(), one, two]).unwrap_err();
        assert_eq!(
            fields(refused),
            ["affected_components[2].component_id", "affected_components[3].component_id"]
        );
    }

    #[test]
    fn a_line_is_trimmed_and_must_not_be_blank() {
        assert_eq!(line("title", " API is slow\u{a0}").unwrap(), "API is slow");
        assert_eq!(fields(line("title", " \u{a0}\u{3000}").unwrap_err()), ["title"]);
    }
}
