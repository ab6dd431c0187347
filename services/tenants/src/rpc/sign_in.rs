use kit::ids::{MemberId, TenantId};
use proto::tenants::v1::{SignInRequest, SignInResponse};
use uuid::Uuid;

use super::{Rpc, session};
use crate::{domain::Email, error::Error, store};

/// Where an unknown address is looked for: nowhere, but by the same statements as a known one, so that the
/// two take the same time.
const NOBODY: store::SignIn = store::SignIn {
    tenant_id: TenantId::from_uuid(Uuid::nil()),
    member_id: MemberId::from_uuid(Uuid::nil()),
};

pub(super) async fn sign_in(rpc: &Rpc, request: SignInRequest) -> Result<SignInResponse, Error> {
    let email = Email::new(&request.email);
    let store::SignIn { tenant_id, member_id } =
        store::find_sign_in(rpc.db.pool(), &email).await?.unwrap_or(NOBODY);

    let mut tx = rpc.db.tenant(tenant_id).await?;
    let password_hash = store::find_password_hash(&mut tx, tenant_id, member_id).await?;
    // Hashing takes its time, and may wait for others': no connection is held meanwhile.
    tx.rollback().await?;
    if !rpc.passwords.verify(request.password.into(), password_hash).await? {
        return Err(Error::WrongCredentials);
    }

    let now = rpc.clock.now();
    let mut tx = rpc.db.tenant(tenant_id).await?;
    let tenant = store::find_tenant(&mut tx, tenant_id).await?.ok_or(Error::WrongCredentials)?;
    let member = store::find_member(&mut tx, tenant_id, member_id).await?.ok_or(Error::WrongCredentials)?;
    store::delete_ended_sessions(&mut tx, tenant_id, member_id, now).await?;
    let session = session::open(rpc, &mut tx, &member, now).await?;
    tx.commit().await?;

    Ok(SignInResponse { tenant: Some(tenant.into()), member: Some(member.into()), session: Some(session) })
}
