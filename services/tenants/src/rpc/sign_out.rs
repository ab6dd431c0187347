use proto::tenants::v1::{SignOutRequest, SignOutResponse};

use super::Rpc;
use crate::{domain::AuditAction, error::Error, store};

pub(super) async fn sign_out(rpc: &Rpc, request: &SignOutRequest) -> Result<SignOutResponse, Error> {
    let Some(token) = rpc.tokens.open(&request.refresh_token) else { return Ok(SignOutResponse {}) };
    let (tenant, session) = (token.tenant(), token.session());

    let now = rpc.clock.now();
    let mut tx = rpc.db.tenant(tenant).await?;
    // Any token of the session ends it: an old one that comes back would end it too.
    if let Some(member) = store::revoke_session(&mut tx, tenant, session, now).await? {
        let (action, target) = (AuditAction::SignedOut, session.uuid());
        store::record(&mut tx, tenant, rpc.clock.uuid(), member, action, target, now).await?;
    }
    tx.commit().await?;

    Ok(SignOutResponse {})
}
