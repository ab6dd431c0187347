//! `SendingDomainService.GetSendingDomain`.

use kit::caller::Member;
use proto::notifications::v1::GetSendingDomainResponse;

use crate::{error::Error, sending_domains::SendingDomains, store::sending_domains};

pub(super) async fn get_sending_domain(
    domains: &SendingDomains,
    caller: Member,
) -> Result<GetSendingDomainResponse, Error> {
    let mut tx = domains.db.tenant(caller.tenant).await?;
    let domain = sending_domains::find(&mut tx, caller.tenant).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(GetSendingDomainResponse { sending_domain: Some(domains.told(caller.tenant, &domain)) })
}
