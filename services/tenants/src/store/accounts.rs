//! Tenants, their members, and the registry of sign-in addresses.

use kit::ids::{MemberId, TenantId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::{Email, Member, Responder, Role, Tenant};

/// Whose an address is.
#[derive(Debug)]
pub(crate) struct SignIn {
    pub(crate) tenant_id: TenantId,
    pub(crate) member_id: MemberId,
}

pub(crate) async fn insert_tenant(db: &mut PgConnection, tenant: &Tenant) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.tenant (tenant_id, name, created_at) values ($1, $2, $3)",
        tenant.tenant_id.uuid(),
        tenant.name,
        jiff_sqlx::Timestamp::from(tenant.created_at) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_tenant(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<Tenant>> {
    sqlx::query_as!(
        Tenant,
        "select tenant_id, name, created_at from tenants.tenant where tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn insert_member(
    db: &mut PgConnection,
    member: &Member,
    password_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.member (tenant_id, member_id, email, role, password_hash, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        member.tenant_id.uuid(),
        member.member_id.uuid(),
        member.email,
        member.role as Role,
        password_hash,
        jiff_sqlx::Timestamp::from(member.created_at) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_member(
    db: &mut PgConnection,
    tenant: TenantId,
    member: MemberId,
) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        "select tenant_id, member_id, email, role, created_at
         from tenants.member
         where tenant_id = $1 and member_id = $2",
        tenant.uuid(),
        member.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The tenant's members after this id who may tell what is broken, by id: the order of the roles is the enum's.
pub(crate) async fn list_responders(
    db: &mut PgConnection,
    tenant: TenantId,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Responder>> {
    sqlx::query_as!(
        Responder,
        "select member_id, email
         from tenants.member
         where tenant_id = $1 and member_id > $2 and role >= 'responder'
         order by member_id
         limit $3",
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn find_password_hash(
    db: &mut PgConnection,
    tenant: TenantId,
    member: MemberId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select password_hash from tenants.member where tenant_id = $1 and member_id = $2",
        tenant.uuid(),
        member.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn insert_sign_in(
    db: &mut PgConnection,
    tenant: TenantId,
    member: MemberId,
    email: &Email,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into tenants.sign_in (email, tenant_id, member_id) values ($1, $2, $3)",
        email.as_str(),
        tenant.uuid(),
        member.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find_sign_in(db: &PgPool, email: &Email) -> sqlx::Result<Option<SignIn>> {
    sqlx::query_as!(
        SignIn,
        "select tenant_id, member_id from tenants.sign_in where email = $1",
        email.as_str(),
    )
    .fetch_optional(db)
    .await
}
