//! `AudienceService.ReportBounce`

use proto::internal::v1::{ReportBounceRequest, ReportBounceResponse};

use super::{Rpc, convert};
use crate::{error::Error, store::audience};

pub(super) async fn report_bounce(
    rpc: &Rpc,
    request: ReportBounceRequest,
) -> Result<ReportBounceResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let subscriber = convert::id("subscriber_id", &request.subscriber_id)?;
    // A mail server may say anything; the database does not take a NUL, and nobody wants to read the rest.
    let reply = request.reply.replace(char::is_control, " ");

    let mut tx = rpc.db.tenant(tenant).await?;
    let found = audience::suppress_bounced(&mut tx, tenant, subscriber, &reply, rpc.clock.now()).await?;
    tx.commit().await?;

    if found { Ok(ReportBounceResponse {}) } else { Err(Error::NotFound) }
}
