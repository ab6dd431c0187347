use kit::{
    ids::{MemberId, TenantId},
    status::OnConstraint as _,
};
use proto::tenants::v1::{SignUpRequest, SignUpResponse};

use super::{Rpc, session};
use crate::{
    domain::{AuditAction, Email, Member, Name, Role, Tenant},
    error::{Error, empty},
    store,
};

pub(super) async fn sign_up(rpc: &Rpc, request: SignUpRequest) -> Result<SignUpResponse, Error> {
    let name = Name::parse(&request.company_name).map_err(empty("company_name"))?;
    let email = Email::new(&request.email);
    let password_hash = rpc.passwords.hash(request.password.into()).await?;

    let now = rpc.clock.now();
    let tenant = Tenant { tenant_id: TenantId::new(&rpc.clock), name: name.into_string(), created_at: now };
    let owner = Member {
        tenant_id: tenant.tenant_id,
        member_id: MemberId::new(&rpc.clock),
        email: email.as_str().to_owned(),
        role: Role::Owner,
        created_at: now,
    };

    let mut tx = rpc.db.tenant(tenant.tenant_id).await?;
    store::insert_sign_in(&mut tx, tenant.tenant_id, owner.member_id, &email)
        .await
        .on_constraint("sign_in_pk", || Error::EmailTaken)?;
    store::insert_tenant(&mut tx, &tenant).await?;
    store::insert_member(&mut tx, &owner, &password_hash).await?;
    let (action, target) = (AuditAction::SignedUp, tenant.tenant_id.uuid());
    store::record(&mut tx, tenant.tenant_id, rpc.clock.uuid(), owner.member_id, action, target, now).await?;
    let session = session::open(rpc, &mut tx, &owner, now).await?;
    tx.commit().await?;

    Ok(SignUpResponse { tenant: Some(tenant.into()), member: Some(owner.into()), session: Some(session) })
}
