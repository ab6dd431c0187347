//! `EventService.PublishEvent`: plans the broadcast of an event.

use jiff::SignedDuration;
use kit::ids::{BroadcastId, EventId, TenantId};
use proto::internal::v1::{
    Audience, LookUpPageRequest, PlanAudienceRequest, PublishEventRequest, PublishEventResponse, Range,
    look_up_page_request::Key,
};

use super::{Rpc, convert};
use crate::{
    domain::{Content, NewBroadcast, NewSegment, Page},
    error::Error,
    store::{broadcasts, segments},
};

/// How far the clock of another machine may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn publish_event(
    rpc: &Rpc,
    request: PublishEventRequest,
) -> Result<PublishEventResponse, Error> {
    let tenant: TenantId = request.tenant_id.parse().map_err(|error| Error::invalid("tenant_id", error))?;
    let event: EventId = request.event_id.parse().map_err(|error| Error::invalid("event_id", error))?;
    let latest = rpc.clock.now().saturating_add(SKEW).unwrap_or(rpc.clock.now());
    let told = request.event.ok_or_else(|| Error::invalid("event", "must be set"))?;
    let (content, position) = convert::content(told, latest)?;

    // A relay that lost the answer asks again; planning twice would cost the audience's scan for nothing.
    let mut tx = rpc.db.tenant(tenant).await?;
    let known = broadcasts::exists(&mut tx, tenant, event).await?;
    tx.rollback().await?;
    if known {
        return Ok(PublishEventResponse {});
    }

    let page = page(rpc, tenant, &request.page_id).await?;
    let plan = plan(rpc, tenant, &request.page_id, &content).await?;
    let planned = plan.iter().map(|segment| i64::from(segment.planned)).sum();
    let new = NewBroadcast {
        tenant,
        broadcast: BroadcastId::new(&rpc.clock),
        event,
        page,
        content,
        created_at: rpc.clock.now(),
    };
    let thread = match &new.content {
        Content::IncidentUpdate(told) => position.map(|position| (told.incident_id, position)),
        Content::Confirmation { .. } => None,
    };
    let ids = plan.iter().map(|_| rpc.clock.uuid()).collect::<Vec<_>>();

    let mut tx = rpc.db.tenant(tenant).await?;
    if broadcasts::insert(&mut tx, &new, planned).await? {
        if let Some((incident, position)) = thread {
            segments::supersede(&mut tx, incident, position).await?;
        }
        segments::insert(&mut tx, tenant, new.broadcast, thread, &ids, &plan).await?;
        segments::wake(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(PublishEventResponse {})
}

async fn page(rpc: &Rpc, tenant: TenantId, page_id: &str) -> Result<Page, Error> {
    let request = LookUpPageRequest { key: Some(Key::PageId(page_id.to_owned())) };
    let entry = rpc.pages.clone().look_up_page(request).await?.into_inner().page.ok_or(Error::NotFound)?;
    if entry.tenant_id != tenant.to_string() {
        return Err(Error::NotFound);
    }
    convert::page(entry)
}

async fn plan(
    rpc: &Rpc,
    tenant: TenantId,
    page_id: &str,
    content: &Content,
) -> Result<Vec<NewSegment>, Error> {
    let request = PlanAudienceRequest {
        tenant_id: tenant.to_string(),
        audience: Some(audience(page_id.to_owned(), content)),
        segment_size: rpc.segment_size,
    };
    let ranges = rpc.audience.clone().plan_audience(request).await?.into_inner().ranges;
    ranges.into_iter().map(segment).collect()
}

/// Who is meant.
pub(crate) fn audience(page_id: String, content: &Content) -> Audience {
    let pending_subscriber_id = match content {
        Content::IncidentUpdate(_) => None,
        Content::Confirmation { subscriber } => Some(subscriber.to_string()),
    };
    Audience { page_id, pending_subscriber_id }
}

fn segment(range: Range) -> Result<NewSegment, Error> {
    let id =
        |text: &str| text.parse().map_err(|error: kit::ids::InvalidId| Error::Unreadable(error.to_string()));
    let after = if range.after_subscriber_id.is_empty() {
        uuid::Uuid::nil().into()
    } else {
        id(&range.after_subscriber_id)?
    };
    Ok(NewSegment { after, last: id(&range.last_subscriber_id)?, planned: range.count })
}
