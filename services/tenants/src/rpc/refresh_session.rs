use proto::tenants::v1::{RefreshSessionRequest, RefreshSessionResponse};

use super::{Rpc, session};
use crate::{
    domain::{AuditAction, Judgement, REPEAT_WINDOW, judge, refresh_expires_at},
    error::Error,
    store,
};

pub(super) async fn refresh_session(
    rpc: &Rpc,
    request: &RefreshSessionRequest,
) -> Result<RefreshSessionResponse, Error> {
    let token = rpc.tokens.open(&request.refresh_token).ok_or(Error::SessionEnded)?;
    let (tenant, session, hash) = (token.tenant(), token.session(), token.hash());

    let mut tx = rpc.db.tenant(tenant).await?;
    let live =
        store::lock_session(&mut tx, tenant, session, rpc.clock.now()).await?.ok_or(Error::SessionEnded)?;
    let member = store::find_member(&mut tx, tenant, live.member_id).await?.ok_or(Error::SessionEnded)?;
    let used_at = store::find_token_use(&mut tx, tenant, session, hash).await?;
    // Two with the same token wait for each other at the lock, so the time is taken after it.
    let now = rpc.clock.now();
    let successor = rpc.tokens.successor(&token);
    let made_at = match judge(live.token_hash == hash, used_at, now) {
        Judgement::Swap => {
            let forgotten = now.saturating_sub(REPEAT_WINDOW).unwrap_or(now);
            store::delete_used_tokens(&mut tx, tenant, session, forgotten).await?;
            store::insert_used_token(&mut tx, tenant, session, hash, now).await?;
            store::swap_token(&mut tx, tenant, session, successor.hash(), refresh_expires_at(now)).await?;
            now
        }
        Judgement::Repeat(used_at) => used_at,
        Judgement::Stolen => {
            store::revoke_session(&mut tx, tenant, session, now).await?;
            let (action, target) = (AuditAction::SessionRevoked, session.uuid());
            store::record(&mut tx, tenant, rpc.clock.uuid(), live.member_id, action, target, now).await?;
            tx.commit().await?;
            tracing::warn!(tenant.id = %tenant, session.id = %session,
                "a used refresh token came back and its session was revoked");
            return Err(Error::SessionEnded);
        }
    };
    let session = session::hand_out(rpc, &member, &successor, refresh_expires_at(made_at))?;
    tx.commit().await?;

    Ok(RefreshSessionResponse { session: Some(session) })
}
