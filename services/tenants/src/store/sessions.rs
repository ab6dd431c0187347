//! Sessions, and the refresh tokens that were swapped a moment ago.

use jiff::Timestamp;
use kit::ids::{MemberId, SessionId, TenantId};
use sqlx::PgConnection;

/// A session that is not over.
#[derive(Debug)]
pub(crate) struct LiveSession {
    pub(crate) member_id: MemberId,
    /// SHA-256 of the refresh token last given out.
    pub(crate) token_hash: Vec<u8>,
}

pub(crate) async fn insert_session(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    member: MemberId,
    token_hash: [u8; 32],
    refresh_expires_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.session
             (tenant_id, session_id, member_id, token_hash, refresh_expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        tenant.uuid(),
        session.uuid(),
        member.uuid(),
        token_hash.as_slice(),
        jiff_sqlx::Timestamp::from(refresh_expires_at) as _,
        jiff_sqlx::Timestamp::from(now) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session, locked, unless it is over.
pub(crate) async fn lock_session(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    now: Timestamp,
) -> sqlx::Result<Option<LiveSession>> {
    sqlx::query_as!(
        LiveSession,
        "select member_id, token_hash
         from tenants.session
         where tenant_id = $1 and session_id = $2 and revoked_at is null and refresh_expires_at > $3
         for update",
        tenant.uuid(),
        session.uuid(),
        jiff_sqlx::Timestamp::from(now) as _,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn swap_token(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    token_hash: [u8; 32],
    refresh_expires_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update tenants.session set token_hash = $3, refresh_expires_at = $4
         where tenant_id = $1 and session_id = $2",
        tenant.uuid(),
        session.uuid(),
        token_hash.as_slice(),
        jiff_sqlx::Timestamp::from(refresh_expires_at) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the session and answers whose it was; `None` if it was over already.
pub(crate) async fn revoke_session(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    now: Timestamp,
) -> sqlx::Result<Option<MemberId>> {
    sqlx::query_scalar!(
        "update tenants.session set revoked_at = $3
         where tenant_id = $1 and session_id = $2 and revoked_at is null and refresh_expires_at > $3
         returning member_id",
        tenant.uuid(),
        session.uuid(),
        jiff_sqlx::Timestamp::from(now) as _,
    )
    .fetch_optional(db)
    .await
}

/// Clears away the member's sessions whose last token ran out.
pub(crate) async fn delete_ended_sessions(
    db: &mut PgConnection,
    tenant: TenantId,
    member: MemberId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from tenants.session where tenant_id = $1 and member_id = $2 and refresh_expires_at <= $3",
        tenant.uuid(),
        member.uuid(),
        jiff_sqlx::Timestamp::from(now) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn insert_used_token(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    token_hash: [u8; 32],
    used_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.used_token (tenant_id, session_id, token_hash, used_at) values ($1, $2, $3, $4)",
        tenant.uuid(),
        session.uuid(),
        token_hash.as_slice(),
        jiff_sqlx::Timestamp::from(used_at) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When the token was swapped, if that is still on record.
pub(crate) async fn find_token_use(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    token_hash: [u8; 32],
) -> sqlx::Result<Option<Timestamp>> {
    let used_at = sqlx::query_scalar!(
        "select used_at from tenants.used_token
         where tenant_id = $1 and session_id = $2 and token_hash = $3",
        tenant.uuid(),
        session.uuid(),
        token_hash.as_slice(),
    )
    .fetch_optional(db)
    .await?;
    Ok(used_at.map(Into::into))
}

/// Forgets the session's tokens that were swapped before this time.
pub(crate) async fn delete_used_tokens(
    db: &mut PgConnection,
    tenant: TenantId,
    session: SessionId,
    before: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from tenants.used_token where tenant_id = $1 and session_id = $2 and used_at < $3",
        tenant.uuid(),
        session.uuid(),
        jiff_sqlx::Timestamp::from(before) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
