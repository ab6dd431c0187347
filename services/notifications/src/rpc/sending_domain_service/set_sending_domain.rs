//! `SendingDomainService.SetSendingDomain`.

use kit::caller::Member;
use proto::notifications::v1::{SetSendingDomainRequest, SetSendingDomainResponse};

use crate::{
    domain::{parse_domain, parse_from_local_part, parse_reply_to},
    error::Error,
    sending_domains::SendingDomains,
    store::sending_domains,
};

/// RFC 5321, section 4.5.3.1.3, without the angle brackets.
const MAX_ADDRESS: usize = 254;

pub(super) async fn set_sending_domain(
    domains: &SendingDomains,
    caller: Member,
    request: SetSendingDomainRequest,
) -> Result<SetSendingDomainResponse, Error> {
    let tenant = caller.tenant;
    let field = |name: &'static str| move |error: String| Error::invalid(name, error);
    let domain = parse_domain(&request.domain).map_err(field("domain"))?;
    let from = parse_from_local_part(&request.from_local_part).map_err(field("from_local_part"))?;
    if from.len() + 1 + domain.len() > MAX_ADDRESS {
        let too_long = format!("must make an address of at most {MAX_ADDRESS} characters with the domain");
        return Err(field("from_local_part")(too_long));
    }
    let reply_to = parse_reply_to(&request.reply_to, &domain).map_err(field("reply_to"))?;

    let mut made = None;
    let mut tx = loop {
        let mut tx = domains.db.tenant(tenant).await?;
        let before = sending_domains::lock(&mut tx, tenant).await?;
        if before.as_ref().is_some_and(|before| before.domain == domain) {
            sending_domains::set_addresses(&mut tx, tenant, &from, &reply_to).await?;
            break tx;
        }
        let Some((named, keys)) = &mut made else {
            // Made with no transaction open: that takes a while.
            tx.rollback().await?;
            made = Some(domains.make(tenant, domain.clone(), from.clone(), reply_to.clone()).await?);
            continue;
        };
        if let Some(before) = &before {
            named.revision = before.revision + 1;
            sending_domains::release(&mut tx, tenant, &before.domain).await?;
            sending_domains::check_no_more(&mut tx, tenant).await?;
        }
        if sending_domains::put(&mut tx, tenant, named, keys, before.is_some()).await? {
            break tx;
        }
        // Another call named the tenant's first one at the same time: its keys stay if it is the same.
        tx.rollback().await?;
    };
    let now = sending_domains::find(&mut tx, tenant).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(SetSendingDomainResponse { sending_domain: Some(domains.told(tenant, &now)) })
}
