//! What a component shows of what it begins to follow.

use kit::ids::{ComponentId, VendorId};
use sqlx::PgConnection;

use crate::{
    domain::{ComponentStatus, Followed},
    error::Error,
    rpc::vendor_service::follow::say,
    store::{intervals::Recording, vendors},
};

/// Lets a component follow something else from now on: what another vendor gave it ends, and what the last reading said
/// of what it follows applies at once. If that reading failed or did not have it, nothing is said of it until the next
/// one that does. The page is locked.
pub(super) async fn follow(
    db: &mut PgConnection,
    by: Recording<'_>,
    component: ComponentId,
    before: Option<VendorId>,
    followed: Option<&Followed>,
) -> Result<(), Error> {
    if let Some(before) = before.filter(|before| followed.is_none_or(|now| now.vendor_id != *before)) {
        say(db, by, before, &[(component, ComponentStatus::Operational)]).await?;
    }
    let Some(followed) = followed else { return Ok(()) };
    // A reading that is being written either sees that this component follows, or is seen here.
    vendors::lock_vendor(db, by.tenant, followed.vendor_id).await?;
    let known = vendors::find_followed_status(db, by.tenant, followed).await?;
    let status = known.unwrap_or(ComponentStatus::Operational);
    say(db, by, followed.vendor_id, &[(component, status)]).await?;
    Ok(())
}
