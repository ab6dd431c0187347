//! Templates, between the wire and the domain.

use kit::time::to_wire;
use proto::{Violation, incidents::v1 as wire};

use super::{affected, parse_affected, parse_phase, phase};
use crate::{
    domain::{Affected, ComponentStatus, Phase, Template, TemplateKind, Text},
    error::Error,
};

/// What the template in a request is for.
pub(crate) fn parse_template_kind(kind: wire::TemplateKind) -> Result<TemplateKind, Error> {
    match kind {
        wire::TemplateKind::Unspecified => Err(Error::invalid("kind", "must be set")),
        wire::TemplateKind::Incident => Ok(TemplateKind::Incident),
        wire::TemplateKind::Maintenance => Ok(TemplateKind::Maintenance),
    }
}

/// The text with placeholders in this field.
pub(crate) fn parse_text(field: &str, text: &str) -> Result<Text, Error> {
    Text::parse(text).map_err(|stray| Error::invalid(field, stray.to_string()))
}

/// The phase that a template of this kind suggests, if it suggests one.
pub(crate) fn parse_suggested_phase(kind: TemplateKind, phase: wire::Phase) -> Result<Option<Phase>, Error> {
    match (kind, phase) {
        (_, wire::Phase::Unspecified) => Ok(None),
        (TemplateKind::Maintenance, _) => Err(Error::invalid("phase", "must not be set for maintenances")),
        (TemplateKind::Incident, phase) => parse_phase(phase).map(Some),
    }
}

/// The components that a template of this kind suggests, in the request's order; each at most once.
pub(crate) fn parse_suggested(
    kind: TemplateKind,
    affected: &[wire::AffectedComponent],
) -> Result<Vec<Affected>, Error> {
    match kind {
        TemplateKind::Incident => parse_affected(affected),
        TemplateKind::Maintenance => {
            let wrong = affected
                .iter()
                .enumerate()
                .filter(|(_, affected)| affected.status() != wire::ComponentStatus::UnderMaintenance);
            let violations = wrong.map(|(index, _)| Violation {
                field: format!("affected_components[{index}].status"),
                description: "must be under maintenance, as a maintenance puts it".to_owned(),
            });
            let violations = violations.collect::<Vec<_>>();
            if !violations.is_empty() {
                return Err(Error::Invalid(violations));
            }
            // The status is known by now; the rest is asked of both kinds alike.
            let operational = i32::from(wire::ComponentStatus::Operational);
            let named =
                affected.iter().map(|it| wire::AffectedComponent { status: operational, ..it.clone() });
            let named = parse_affected(&named.collect::<Vec<_>>())?;
            let status = ComponentStatus::UnderMaintenance;
            Ok(named.into_iter().map(|affected| Affected { status, ..affected }).collect())
        }
    }
}

fn template_kind(kind: TemplateKind) -> wire::TemplateKind {
    match kind {
        TemplateKind::Incident => wire::TemplateKind::Incident,
        TemplateKind::Maintenance => wire::TemplateKind::Maintenance,
    }
}

impl From<Template> for wire::Template {
    fn from(template: Template) -> Self {
        let placeholders = template.placeholders().into_iter().map(str::to_owned).collect();
        Self {
            template_id: template.template_id.to_string(),
            page_id: template.page_id.to_string(),
            name: template.name,
            kind: template_kind(template.kind).into(),
            title: template.title.source().to_owned(),
            body: template.body.source().to_owned(),
            phase: template.phase.map_or(wire::Phase::Unspecified, phase).into(),
            affected_components: affected(&template.affected),
            placeholders,
            created_at: Some(to_wire(template.created_at)),
            etag: template.revision.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::affected_as, *};
    use crate::error::fields;

    #[test]
    fn a_maintenance_puts_components_under_maintenance_and_an_incident_puts_none() {
        let worked_on = affected_as(wire::ComponentStatus::UnderMaintenance);
        let hurt = affected_as(wire::ComponentStatus::PartialOutage);
        let parsed = parse_suggested(TemplateKind::Maintenance, std::slice::from_ref(&worked_on)).unwrap();
        assert_eq!(parsed[0].status, ComponentStatus::UnderMaintenance);
        let both = [worked_on.clone(), hurt];
        let refused = parse_suggested(TemplateKind::Maintenance, &both).unwrap_err();
        assert_eq!(fields(refused), ["affected_components[1].status"]);
        let refused = parse_suggested(TemplateKind::Incident, &both).unwrap_err();
        assert_eq!(fields(refused), ["affected_components[0].status"]);
        let refused =
            parse_suggested(TemplateKind::Maintenance, &[worked_on.clone(), worked_on]).unwrap_err();
        assert_eq!(fields(refused), ["affected_components[1].component_id"]);
    }

    #[test]
    fn only_a_template_for_incidents_suggests_a_phase() {
        let parse = parse_suggested_phase;
        assert_eq!(parse(TemplateKind::Maintenance, wire::Phase::Unspecified).unwrap(), None);
        assert_eq!(parse(TemplateKind::Incident, wire::Phase::Resolved).unwrap(), Some(Phase::Resolved));
        let refused = parse(TemplateKind::Maintenance, wire::Phase::Resolved).unwrap_err();
        assert_eq!(fields(refused), ["phase"]);
    }
}
