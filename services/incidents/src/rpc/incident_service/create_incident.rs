//! `IncidentService.CreateIncident`

use jiff::Timestamp;
use kit::{
    caller::Member,
    ids::{IncidentId, PageId, UpdateId},
};
use proto::{
    Violation,
    incidents::v1::{CreateIncidentRequest, CreateIncidentResponse, Phase},
};

use super::write::{self, Fields};
use crate::{
    domain::{AuditAction, HIDDEN_INCIDENTS_PER_PAGE, Incident, Standing, Telling},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, component_impacts, incidents, intervals::Recording, pages},
};

pub(super) async fn create_incident(
    rpc: &Rpc,
    member: &Member,
    request: CreateIncidentRequest,
) -> Result<CreateIncidentResponse, Error> {
    let key = member.request_key("CreateIncident", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let now = rpc.clock.now();
    let publish_at = write::parse_publish_at(request.publish_at, request.draft, now)?;
    let first = parse_first(&request, publish_at, now)?;
    let title = convert::line("title", &request.title)?;
    let mut incident = Incident {
        incident_id: IncidentId::new(&rpc.clock),
        page_id,
        title,
        created_at: now,
        backfilled: request.backfilled,
        language: request.language.clone(),
        is_public: first.is_none(),
        revision: 1,
        impact_override: convert::parse_impact(request.impact()),
        impact_started_at: convert::parse_past("impact_started_at", request.impact_started_at, now)?,
        impact_ended_at: convert::parse_past("impact_ended_at", request.impact_ended_at, now)?,
        component_impacts: convert::parse_component_impacts(&request.component_impacts, now)?,
        standing: Standing::default_at(now),
        updates: Vec::new(),
        postmortem: None,
    };
    write::check_span(&incident)?;
    incident.stand();

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    let mails = first.as_ref().is_some_and(|first| !request.draft && incident.mails(first.notify));
    let position = if request.draft {
        pages::lock_page(&mut tx, tenant, page_id).await?;
        0
    } else {
        pages::advance_page(&mut tx, tenant, page_id, i64::from(mails)).await?
    };
    let hidden = incidents::count_hidden_incidents(&mut tx, tenant, page_id).await?;
    if request.draft && hidden >= i64::from(HIDDEN_INCIDENTS_PER_PAGE) {
        return Err(Error::LimitReached {
            what: "a page",
            limit: HIDDEN_INCIDENTS_PER_PAGE,
            of: "incidents that are not public",
        });
    }
    let (affected, impacts) = (&request.affected_components, &request.component_impacts);
    write::check_known(&mut tx, tenant, page_id, affected, impacts, &[]).await?;

    incidents::insert_incident(&mut tx, tenant, &incident).await?;
    let impacts = &incident.component_impacts;
    component_impacts::replace_component_impacts(&mut tx, tenant, incident.incident_id, impacts).await?;
    let (draft, detail) = match first {
        None => {
            write::follow(&mut tx, by, &mut incident, None).await?;
            (None, "without updates")
        }
        Some(first) if request.draft => {
            let draft = write::draft(&mut tx, by, incident.incident_id, first, publish_at).await?;
            (Some(draft), "as a draft")
        }
        Some(first) => {
            let update_id = UpdateId::new(&rpc.clock);
            let update = write::tell(&mut tx, by, &mut incident, update_id, first, position).await?;
            (None, update.phase.as_str())
        }
    };
    write::log(&mut tx, by, incident.incident_id, &incident.title, AuditAction::Created, detail).await?;
    let reply = CreateIncidentResponse {
        draft: draft.map(|draft| convert::draft(draft, &incident)),
        incident: Some(incident.into()),
    };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}

/// What the request says of a first update; none if the incident is to have none.
fn parse_first(
    request: &CreateIncidentRequest,
    publish_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Telling>, Error> {
    if request.phase() == Phase::Unspecified && request.body.is_empty() {
        check_needs_no_update(request)?;
        return Ok(None);
    }
    if request.body.is_empty() {
        return Err(Error::invalid("body", "must not be empty if the phase is set"));
    }
    let fields = Fields {
        phase: request.phase(),
        body: request.body.clone(),
        affected_components: &request.affected_components,
        displayed_at: request.displayed_at,
        notify: request.notify,
        next_update_at: request.next_update_at,
    };
    fields.parse(publish_at, now).map(Some)
}

/// Makes sure that the request says nothing that only an update would say.
fn check_needs_no_update(request: &CreateIncidentRequest) -> Result<(), Error> {
    let violations = [
        ("affected_components", !request.affected_components.is_empty()),
        ("displayed_at", request.displayed_at.is_some()),
        ("notify", request.notify == Some(true)),
        ("next_update_at", request.next_update_at.is_some()),
        ("draft", request.draft),
    ]
    .into_iter()
    .filter(|(_, is_set)| *is_set)
    .map(|(field, _)| Violation {
        field: field.to_owned(),
        description: "must not be set without `phase` and `body`".to_owned(),
    })
    .collect::<Vec<_>>();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}
