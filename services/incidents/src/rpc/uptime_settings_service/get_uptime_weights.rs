//! `UptimeSettingsService.GetUptimeWeights`

use kit::{caller::Member, ids::PageId};
use proto::incidents::v1::{GetUptimeWeightsRequest, GetUptimeWeightsResponse};

use crate::{
    domain::Weights,
    error::Error,
    rpc::{Rpc, convert},
    store::uptime,
};

pub(super) async fn get_uptime_weights(
    rpc: &Rpc,
    member: &Member,
    request: GetUptimeWeightsRequest,
) -> Result<GetUptimeWeightsResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let weights = uptime::find_weights(&mut tx, member.tenant, page_id).await?.unwrap_or(Weights::UNSET);
    tx.commit().await?;

    Ok(GetUptimeWeightsResponse { weights: Some(weights.into()) })
}
