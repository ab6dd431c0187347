//! `AudienceService.FindSubscriber`

use proto::internal::v1::{FindSubscriberRequest, FindSubscriberResponse};

use super::{Rpc, convert};
use crate::{domain::Email, error::Error, store::subscribers};

pub(super) async fn find_subscriber(
    rpc: &Rpc,
    request: FindSubscriberRequest,
) -> Result<FindSubscriberResponse, Error> {
    let tenant = convert::id("tenant_id", &request.tenant_id)?;
    let page = convert::id("page_id", &request.page_id)?;
    // It is what came back in somebody's mail: if it is no address of ours, nobody has it.
    let Ok(email) = Email::parse(&request.email) else { return Ok(FindSubscriberResponse::default()) };

    let mut tx = rpc.db.tenant(tenant).await?;
    let found = subscribers::find(&mut tx, tenant, page, &email).await?;
    tx.commit().await?;

    Ok(FindSubscriberResponse { subscriber_id: found.map(|id| id.to_string()).unwrap_or_default() })
}
