//! `UptimeSettingsService.UpdateUptimeWeights`

use kit::{caller::Member, ids::PageId};
use proto::incidents::v1::{UpdateUptimeWeightsRequest, UpdateUptimeWeightsResponse};

use crate::{
    domain::{AuditAction, AuditSubject, NewAuditEntry, Weights},
    error::Error,
    rpc::{Rpc, change, convert},
    store::{intervals::Recording, pages, uptime},
};

pub(super) async fn update_uptime_weights(
    rpc: &Rpc,
    member: &Member,
    request: UpdateUptimeWeightsRequest,
) -> Result<UpdateUptimeWeightsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let weights = parse(&request)?;

    let tenant = member.tenant;
    let page = rpc.pages.find_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    let reply = UpdateUptimeWeightsResponse { weights: Some(weights.into()) };
    if uptime::find_weights(&mut tx, tenant, page_id).await?.unwrap_or(Weights::UNSET) == weights {
        // Not committed: the page has not changed.
        return Ok(reply);
    }
    uptime::save_weights(&mut tx, tenant, page_id, weights).await?;
    let entry = NewAuditEntry {
        action: AuditAction::Updated,
        subject: AuditSubject::Page,
        subject_id: page_id.uuid(),
        subject_name: page.name,
        detail: format!(
            "uptime counts {} % of a partial outage and {} % of a major one",
            weights.partial_outage_percent, weights.major_outage_percent,
        ),
    };
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    change::log(&mut tx, by, entry).await?;
    tx.commit().await?;

    Ok(reply)
}

fn parse(request: &UpdateUptimeWeightsRequest) -> Result<Weights, Error> {
    let percent = |field: &str, percent: i32| {
        let percent = i16::try_from(percent).ok().filter(|percent| (0..=100).contains(percent));
        percent.ok_or_else(|| Error::invalid(field, "must be from 0 to 100"))
    };
    let weights = Weights {
        partial_outage_percent: percent("partial_outage_percent", request.partial_outage_percent)?,
        major_outage_percent: percent("major_outage_percent", request.major_outage_percent)?,
    };
    if weights.partial_outage_percent > weights.major_outage_percent {
        return Err(Error::invalid("major_outage_percent", "must not be less than `partial_outage_percent`"));
    }
    Ok(weights)
}
