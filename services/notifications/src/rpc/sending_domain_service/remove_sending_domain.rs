//! `SendingDomainService.RemoveSendingDomain`.

use kit::caller::Member;
use proto::notifications::v1::RemoveSendingDomainResponse;

use crate::{error::Error, sending_domains::SendingDomains, store::sending_domains};

pub(super) async fn remove_sending_domain(
    domains: &SendingDomains,
    caller: Member,
) -> Result<RemoveSendingDomainResponse, Error> {
    let tenant = caller.tenant;
    let mut tx = domains.db.tenant(tenant).await?;
    if let Some(domain) = sending_domains::lock(&mut tx, tenant).await? {
        sending_domains::release(&mut tx, tenant, &domain.domain).await?;
        sending_domains::check_no_more(&mut tx, tenant).await?;
        sending_domains::remove(&mut tx, tenant).await?;
    }
    tx.commit().await?;
    Ok(RemoveSendingDomainResponse {})
}
