//! `AudienceService.PlanAudience`

use proto::internal::v1::{PlanAudienceRequest, PlanAudienceResponse, Range};

use super::{Rpc, convert};
use crate::{domain::Segment, error::Error, store::audience};

pub(super) async fn plan_audience(
    rpc: &Rpc,
    request: PlanAudienceRequest,
) -> Result<PlanAudienceResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let meant = convert::audience(request.audience)?;

    let mut tx = rpc.db.tenant(tenant).await?;
    let segments = match meant.pending {
        None => audience::plan_confirmed(&mut tx, tenant, meant.page, request.segment_size).await?,
        Some(pending) => audience::find_pending(&mut tx, tenant, meant.page, pending)
            .await?
            .map(|one| Segment { last: one.subscriber_id, count: 1 })
            .into_iter()
            .collect(),
    };
    tx.commit().await?;

    let mut after_subscriber_id = String::new();
    let ranges = segments.into_iter().map(|Segment { last, count }| {
        let last_subscriber_id = last.to_string();
        let after_subscriber_id = std::mem::replace(&mut after_subscriber_id, last_subscriber_id.clone());
        Range { after_subscriber_id, last_subscriber_id, count }
    });
    Ok(PlanAudienceResponse { ranges: ranges.collect() })
}
