//! Looks the records of verified domains up again, each day.

use std::time::Duration;

use kit::worker::Step;

use crate::{
    error::Error,
    sending_domains::SendingDomains,
    store::sending_domains::{self, Check},
};

/// How often is looked for domains that are due.
pub(crate) const POLL: Duration = Duration::from_secs(10);
/// How long a look-up is leased; well over what it takes.
const LEASE: Duration = Duration::from_secs(60);
/// The pause after a failure of ours.
const FAULT_PAUSE: Duration = Duration::from_secs(600);

/// Looks the domain up that is due longest and nobody has.
///
/// # Errors
/// If the work table cannot be read or written.
pub(crate) async fn step(domains: SendingDomains) -> sqlx::Result<Step> {
    let Some(check) = sending_domains::lease_check(domains.db.pool(), LEASE).await? else {
        return Ok(Step::Idle);
    };
    match domains.look_up(check.tenant_id).await {
        // The look-up has put the next one down, or taken it out.
        Ok(_) => {}
        Err(Error::NotFound) => forget(&domains, check).await?,
        Err(error) => {
            tracing::warn!(tenant.id = %check.tenant_id, %error, "a sending domain could not be looked up");
            sending_domains::put_check_off(domains.db.pool(), check, FAULT_PAUSE).await?;
        }
    }
    Ok(Step::Did)
}

async fn forget(domains: &SendingDomains, check: Check) -> sqlx::Result<()> {
    let mut tx = domains.db.tenant(check.tenant_id).await?;
    sending_domains::check_no_more(&mut tx, check.tenant_id).await?;
    tx.commit().await
}
