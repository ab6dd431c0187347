use kit::caller::Member;
use proto::tenants::v1::GetTenantResponse;

use super::Rpc;
use crate::{error::Error, store};

pub(super) async fn get_tenant(rpc: &Rpc, caller: &Member) -> Result<GetTenantResponse, Error> {
    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let tenant = store::find_tenant(&mut tx, caller.tenant).await?.ok_or(Error::NotFound)?;
    let member = store::find_member(&mut tx, caller.tenant, caller.member).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;

    Ok(GetTenantResponse { tenant: Some(tenant.into()), member: Some(member.into()) })
}
