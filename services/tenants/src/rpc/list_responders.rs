use kit::ids::{MemberId, TenantId};
use proto::internal::v1::{ListRespondersRequest, ListRespondersResponse};
use uuid::Uuid;

use super::Rpc;
use crate::{error::Error, store};

pub(super) async fn list_responders(
    rpc: &Rpc,
    request: &ListRespondersRequest,
) -> Result<ListRespondersResponse, Error> {
    let tenant: TenantId = request.tenant_id.parse().map_err(|why| Error::invalid("tenant_id", why))?;
    let after = match request.after_member_id.as_str() {
        "" => Uuid::nil(),
        id => id.parse::<MemberId>().map_err(|why| Error::invalid("after_member_id", why))?.uuid(),
    };

    let mut tx = rpc.db.tenant(tenant).await?;
    let responders = store::list_responders(&mut tx, tenant, after, i64::from(request.limit)).await?;
    tx.commit().await?;

    Ok(ListRespondersResponse { responders: responders.into_iter().map(Into::into).collect() })
}
