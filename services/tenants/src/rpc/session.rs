//! What signing up, signing in and refreshing share: opening a session, and what its holder gets.

use jiff::Timestamp;
use kit::{caller, ids::SessionId, time::to_wire};
use proto::tenants::v1::Session;
use sqlx::PgConnection;

use super::Rpc;
use crate::{
    credentials::RefreshToken,
    domain::{AuditAction, Member, refresh_expires_at},
    error::Error,
    store,
};

/// Opens a session of the member.
pub(super) async fn open(
    rpc: &Rpc,
    db: &mut PgConnection,
    member: &Member,
    now: Timestamp,
) -> Result<Session, Error> {
    let tenant = member.tenant_id;
    let session = SessionId::new(&rpc.clock);
    let token = rpc.tokens.first(tenant, session)?;
    let ends = refresh_expires_at(now);
    store::insert_session(db, tenant, session, member.member_id, token.hash(), ends, now).await?;
    let action = AuditAction::SignedIn;
    store::record(db, tenant, rpc.clock.uuid(), member.member_id, action, session.uuid(), now).await?;
    hand_out(rpc, member, &token, ends)
}

/// The token, and an access token with the role that the member has now.
pub(super) fn hand_out(
    rpc: &Rpc,
    member: &Member,
    token: &RefreshToken,
    refresh_expires_at: Timestamp,
) -> Result<Session, Error> {
    let speaks_for =
        caller::Member { tenant: member.tenant_id, member: member.member_id, role: member.role.into() };
    let (access_token, access_expires_at) = rpc.signer.sign(&speaks_for, token.session())?;
    Ok(Session {
        access_token,
        access_expires_at: Some(to_wire(access_expires_at)),
        refresh_token: token.text(),
        refresh_expires_at: Some(to_wire(refresh_expires_at)),
    })
}
