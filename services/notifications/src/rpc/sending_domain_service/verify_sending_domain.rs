//! `SendingDomainService.VerifySendingDomain`.

use kit::caller::Member;
use proto::notifications::v1::VerifySendingDomainResponse;

use crate::{error::Error, sending_domains::SendingDomains};

pub(super) async fn verify_sending_domain(
    domains: &SendingDomains,
    caller: Member,
) -> Result<VerifySendingDomainResponse, Error> {
    let domain = domains.look_up(caller.tenant).await?;
    Ok(VerifySendingDomainResponse { sending_domain: Some(domains.told(caller.tenant, &domain)) })
}
