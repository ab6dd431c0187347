//! `EventService.PublishEvent`: plans the broadcast of an event.

use kit::ids::{BroadcastId, EventId, TenantId};
use proto::internal::v1::{
    LookUpPageRequest, PublishEventRequest, PublishEventResponse, look_up_page_request::Key,
};

use super::{
    Rpc,
    convert::{self, Happened},
};
use crate::{
    audience::Meant,
    domain::{Content, NewBroadcast, Page, Thread},
    error::Error,
    store::{broadcasts, feedback, segments, told},
};

const FIRST_PASS: i16 = 0;

pub(super) async fn publish_event(
    rpc: &Rpc,
    request: PublishEventRequest,
) -> Result<PublishEventResponse, Error> {
    let tenant: TenantId = request.tenant_id.parse().map_err(|error| Error::invalid("tenant_id", error))?;
    let event: EventId = request.event_id.parse().map_err(|error| Error::invalid("event_id", error))?;
    let happened = request.event.ok_or_else(|| Error::invalid("event", "must be set"))?;
    let Happened { content, position, components } = convert::happened(happened, rpc.clock.now())?;

    // A relay that lost the answer asks again; planning twice would cost the audience's scan for nothing.
    let mut tx = rpc.db.tenant(tenant).await?;
    let known = broadcasts::exists(&mut tx, tenant, event).await?;
    tx.rollback().await?;
    if known {
        return Ok(PublishEventResponse {});
    }

    let page = page(rpc, tenant, &request.page_id).await?;
    let meant = Meant { tenant, page: page.page_id, audience: content.audience(), components: &components };
    let plan = rpc.audiences.plan(meant, rpc.segment_size).await?;
    let planned = plan.iter().map(|segment| i64::from(segment.planned)).sum();
    let new = NewBroadcast {
        tenant,
        broadcast: BroadcastId::new(&rpc.clock),
        event,
        page,
        content,
        components,
        created_at: rpc.clock.now(),
    };
    let thread = new.content.thread().zip(position).map(|(id, position)| Thread { id, position });
    let ids = plan.iter().map(|_| rpc.clock.uuid()).collect::<Vec<_>>();

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(thread) = thread {
        broadcasts::lock_thread(&mut tx, thread.id).await?;
    }
    if told::insert(&mut tx, &new, planned).await? {
        feedback::register(&mut tx, &new).await?;
        if let Some(thread) = thread {
            // Who was asked to post an update need not be asked any more.
            let reminders = match &new.content {
                Content::IncidentUpdate(update) => {
                    broadcasts::list_open_reminders(&mut tx, tenant, update.incident_id).await?
                }
                Content::MaintenanceUpdate(_)
                | Content::MaintenanceApproaching(_)
                | Content::Postmortem(_)
                | Content::NextUpdateDue(_)
                | Content::Confirmation { .. } => Vec::new(),
            };
            segments::supersede(&mut tx, thread, &reminders).await?;
        }
        segments::insert(&mut tx, tenant, new.broadcast, thread, FIRST_PASS, &ids, &plan).await?;
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
