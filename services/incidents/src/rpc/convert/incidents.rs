//! Incidents, their updates and their reports, between the wire and the domain.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use kit::time::{from_wire, to_wire};
use proto::{Violation, incidents::v1 as wire};

use super::{component_status, id};
use crate::{
    domain::{
        Affected, ComponentImpact, ComponentStatus, Draft, Impact, Incident, Phase, Postmortem, Update,
    },
    error::Error,
    rpc::read::IncidentExcerpt,
    store::postmortems::PostmortemRow,
};

/// The longest that a year takes.
const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The phase that a request names.
pub(crate) fn parse_phase(phase: wire::Phase) -> Result<Phase, Error> {
    match phase {
        wire::Phase::Unspecified => Err(Error::invalid("phase", "must be set")),
        wire::Phase::Investigating => Ok(Phase::Investigating),
        wire::Phase::Identified => Ok(Phase::Identified),
        wire::Phase::Monitoring => Ok(Phase::Monitoring),
        wire::Phase::Resolved => Ok(Phase::Resolved),
    }
}

/// The impact that a request names, if it names one.
pub(crate) fn parse_impact(impact: wire::Impact) -> Option<Impact> {
    match impact {
        wire::Impact::Unspecified => None,
        wire::Impact::None => Some(Impact::None),
        wire::Impact::Minor => Some(Impact::Minor),
        wire::Impact::Major => Some(Impact::Major),
        wire::Impact::Critical => Some(Impact::Critical),
    }
}

/// The time in this field, if it is set; not in the future.
pub(crate) fn parse_past(
    field: &str,
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    at.map(|at| from_wire(&at, now).map_err(|wrong| Error::invalid(field, wrong))).transpose()
}

/// The time in this field, if it is set; in the future, but not more than a year from now.
pub(crate) fn parse_coming(
    field: &str,
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let parsed = parse_within_year(field, at, now)?;
    if parsed.is_some_and(|parsed| parsed <= now) {
        return Err(Error::invalid(field, format!("must be after {now}")));
    }
    Ok(parsed)
}

/// Until when the next update is promised, if it is; not more than a year from now. What it has to be later than is for
/// who knows the rest of the update.
pub(crate) fn parse_promise(
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    parse_within_year("next_update_at", at, now)
}

fn parse_within_year(
    field: &str,
    at: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let latest = now.saturating_add(YEAR).unwrap_or(Timestamp::MAX);
    at.map(|at| from_wire(&at, latest).map_err(|wrong| Error::invalid(field, wrong))).transpose()
}

/// The components that a request names, in its order; each at most once.
pub(crate) fn parse_affected(affected: &[wire::AffectedComponent]) -> Result<Vec<Affected>, Error> {
    let mut parsed = Vec::with_capacity(affected.len());
    let mut named = HashSet::with_capacity(affected.len());
    let mut violations = Vec::new();
    for (index, affected) in affected.iter().enumerate() {
        let field = format!("affected_components[{index}].component_id");
        let component_id = id(&field, &affected.component_id)?;
        let status = parse_status(&format!("affected_components[{index}].status"), affected.status())?;
        if !named.insert(component_id) {
            violations.push(Violation { field, description: "must not be named twice".to_owned() });
        }
        parsed.push(Affected { component_id, status });
    }
    if violations.is_empty() { Ok(parsed) } else { Err(Error::Invalid(violations)) }
}

/// The component impacts that a request names, by component and start.
pub(crate) fn parse_component_impacts(
    impacts: &[wire::ComponentImpact],
    now: Timestamp,
) -> Result<Vec<ComponentImpact>, Error> {
    let mut parsed = Vec::with_capacity(impacts.len());
    let mut begun = HashSet::with_capacity(impacts.len());
    let mut violations = Vec::new();
    for (index, impact) in impacts.iter().enumerate() {
        let field = |name| format!("component_impacts[{index}].{name}");
        let span = parse_component_impact(field, impact, now)?;
        let mut violate = |name, description: &str| {
            violations.push(Violation { field: field(name), description: description.to_owned() });
        };
        if span.status == ComponentStatus::Operational {
            violate("status", "must be degraded or worse");
        }
        if span.ended_at <= span.started_at {
            violate("ended_at", "must be after `started_at`");
        }
        if !begun.insert((span.component_id, span.started_at)) {
            violate("started_at", "must not be that of another impact of the component");
        }
        parsed.push(span);
    }
    parsed.sort_unstable_by_key(|span| (span.component_id, span.started_at));
    if violations.is_empty() { Ok(parsed) } else { Err(Error::Invalid(violations)) }
}

fn parse_component_impact(
    field: impl Fn(&'static str) -> String,
    impact: &wire::ComponentImpact,
    now: Timestamp,
) -> Result<ComponentImpact, Error> {
    let time = |name, at| {
        let at = parse_past(&field(name), at, now)?;
        at.ok_or_else(|| Error::invalid(field(name), "must be set"))
    };
    Ok(ComponentImpact {
        component_id: id(&field("component_id"), &impact.component_id)?,
        status: parse_status(&field("status"), impact.status())?,
        started_at: time("started_at", impact.started_at)?,
        ended_at: time("ended_at", impact.ended_at)?,
    })
}

fn parse_status(field: &str, status: wire::ComponentStatus) -> Result<ComponentStatus, Error> {
    match status {
        wire::ComponentStatus::Unspecified => Err(Error::invalid(field, "must be set")),
        wire::ComponentStatus::UnderMaintenance => {
            Err(Error::invalid(field, "must not be under maintenance, which only a maintenance puts it"))
        }
        wire::ComponentStatus::Operational => Ok(ComponentStatus::Operational),
        wire::ComponentStatus::DegradedPerformance => Ok(ComponentStatus::DegradedPerformance),
        wire::ComponentStatus::PartialOutage => Ok(ComponentStatus::PartialOutage),
        wire::ComponentStatus::MajorOutage => Ok(ComponentStatus::MajorOutage),
    }
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

fn impact(impact: Impact) -> wire::Impact {
    match impact {
        Impact::None => wire::Impact::None,
        Impact::Minor => wire::Impact::Minor,
        Impact::Major => wire::Impact::Major,
        Impact::Critical => wire::Impact::Critical,
    }
}

/// Components with their statuses on the wire.
pub(crate) fn affected(affected: &[Affected]) -> Vec<wire::AffectedComponent> {
    affected
        .iter()
        .map(|affected| wire::AffectedComponent {
            component_id: affected.component_id.to_string(),
            status: component_status(affected.status).into(),
        })
        .collect()
}

/// A draft of this incident, as members see it.
pub(crate) fn draft(draft: Draft, incident: &Incident) -> wire::IncidentUpdate {
    let telling = draft.telling;
    wire::IncidentUpdate {
        update_id: draft.update_id.to_string(),
        phase: phase(telling.phase).into(),
        body: telling.body,
        affected_components: affected(&telling.affected),
        displayed_at: telling.displayed_at.map(to_wire),
        created_at: Some(to_wire(draft.created_at)),
        silent: !incident.mails(telling.notify),
        next_update_at: telling.next_update_at.map(to_wire),
        edited_at: None,
        published_at: None,
        publish_at: draft.publish_at.map(to_wire),
    }
}

/// An incident as the public sees it.
pub(crate) fn public_incident(incident: impl Into<wire::Incident>) -> wire::Incident {
    wire::Incident { etag: String::new(), ..incident.into() }
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
            next_update_at: update.next_update_at.map(to_wire),
            edited_at: update.edited_at.map(to_wire),
            published_at: Some(to_wire(update.created_at)),
            publish_at: None,
        }
    }
}

impl From<Postmortem> for wire::Postmortem {
    fn from(postmortem: Postmortem) -> Self {
        Self {
            body: postmortem.body,
            published_at: Some(to_wire(postmortem.published_at)),
            edited_at: postmortem.edited_at.map(to_wire),
        }
    }
}

/// A report with its draft, as its writers see it.
pub(crate) fn postmortem_draft(report: PostmortemRow, revision: i64) -> wire::PostmortemDraft {
    wire::PostmortemDraft {
        published: report.published().map(Into::into),
        body: report.body,
        written_at: Some(to_wire(report.written_at)),
        etag: revision.to_string(),
    }
}

impl From<ComponentImpact> for wire::ComponentImpact {
    fn from(span: ComponentImpact) -> Self {
        Self {
            component_id: span.component_id.to_string(),
            status: component_status(span.status).into(),
            started_at: Some(to_wire(span.started_at)),
            ended_at: Some(to_wire(span.ended_at)),
        }
    }
}

impl From<Incident> for wire::Incident {
    /// As members see it.
    fn from(incident: Incident) -> Self {
        let standing = incident.standing;
        // Of what goes on again, no report says how it was.
        let postmortem = incident.postmortem.filter(|_| standing.resolved_at.is_some());
        Self {
            incident_id: incident.incident_id.to_string(),
            page_id: incident.page_id.to_string(),
            title: incident.title,
            phase: phase(standing.phase).into(),
            impact: impact(standing.impact).into(),
            affected_components: affected(&standing.affected),
            updates: incident.updates.into_iter().map(Into::into).collect(),
            started_at: Some(to_wire(standing.started_at)),
            resolved_at: standing.resolved_at.map(to_wire),
            created_at: Some(to_wire(incident.created_at)),
            impact_started_at: incident.impact_started_at.map(to_wire),
            impact_ended_at: incident.impact_ended_at.map(to_wire),
            component_impacts: incident.component_impacts.into_iter().map(Into::into).collect(),
            impact_is_overridden: incident.impact_override.is_some(),
            next_update_at: standing.next_update_at.map(to_wire),
            backfilled: incident.backfilled,
            has_postmortem: postmortem.is_some(),
            postmortem: postmortem.map(Into::into),
            language: incident.language,
            is_public: incident.is_public,
            etag: incident.revision.to_string(),
            earlier_updates: 0,
        }
    }
}

impl From<IncidentExcerpt> for wire::Incident {
    fn from(excerpt: IncidentExcerpt) -> Self {
        Self {
            earlier_updates: excerpt.earlier_updates,
            has_postmortem: excerpt.has_postmortem,
            ..excerpt.incident.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use kit::{Clock, ids::ComponentId};

    use super::{super::tests::affected_as, *};
    use crate::error::fields;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    #[test]
    fn a_component_named_twice_is_refused_at_its_second_place() {
        let [one, two] = [(); 2].map(|()| affected_as(wire::ComponentStatus::MajorOutage));
        assert_eq!(parse_affected(&[one.clone(), two.clone()]).unwrap().len(), 2);
        let refused = parse_affected(&[one.clone(), two.clone(), one, two]).unwrap_err();
        assert_eq!(
            fields(refused),
            ["affected_components[2].component_id", "affected_components[3].component_id"]
        );
    }

    #[test]
    fn no_incident_puts_a_component_under_maintenance() {
        let refused = parse_affected(&[affected_as(wire::ComponentStatus::UnderMaintenance)]).unwrap_err();
        assert_eq!(fields(refused), ["affected_components[0].status"]);
    }

    #[test]
    fn a_component_impact_is_a_span_in_which_something_hurt() {
        let at = |seconds| Some(to_wire(NOW + SignedDuration::from_secs(seconds)));
        let good = wire::ComponentImpact {
            component_id: ComponentId::new(&Clock::system()).to_string(),
            status: wire::ComponentStatus::PartialOutage.into(),
            started_at: at(-60),
            ended_at: at(0),
        };
        let next = wire::ComponentImpact { started_at: at(-30), ..good.clone() };
        assert_eq!(parse_component_impacts(&[good.clone(), next], NOW).unwrap().len(), 2);
        let operational = wire::ComponentStatus::Operational.into();
        for (bad, field) in [
            (wire::ComponentImpact { status: operational, ..good.clone() }, "status"),
            (wire::ComponentImpact { ended_at: at(-60), ..good.clone() }, "ended_at"),
            (wire::ComponentImpact { ended_at: at(1), ..good.clone() }, "ended_at"),
            (wire::ComponentImpact { started_at: None, ..good.clone() }, "started_at"),
        ] {
            let refused = parse_component_impacts(&[bad], NOW).unwrap_err();
            assert_eq!(fields(refused), [format!("component_impacts[0].{field}")]);
        }
        let refused = parse_component_impacts(&[good.clone(), good], NOW).unwrap_err();
        assert_eq!(fields(refused), ["component_impacts[1].started_at"]);
    }

    #[test]
    fn a_coming_time_is_refused_on_either_side_of_its_limits() {
        let parse = |offset| parse_coming("publish_at", Some(to_wire(NOW + offset)), NOW);
        let second = SignedDuration::from_secs(1);
        assert_eq!(parse(second).unwrap(), Some(NOW + second));
        assert_eq!(parse(YEAR).unwrap(), Some(NOW + YEAR));
        for offset in [SignedDuration::ZERO, YEAR + second, -second] {
            assert_eq!(fields(parse(offset).unwrap_err()), ["publish_at"]);
        }
        let promise = |offset| parse_promise(Some(to_wire(NOW + offset)), NOW);
        assert_eq!(promise(-second).unwrap(), Some(NOW - second));
        assert_eq!(fields(promise(YEAR + second).unwrap_err()), ["next_update_at"]);
    }
}
