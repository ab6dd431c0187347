//! Tenants' sending domains, whose each domain is, and when they are looked up again.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::TenantId;
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{PublishedKey, SendingDomain};

/// The sealed halves of a domain's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedKeys {
    pub(crate) rsa: Vec<u8>,
    pub(crate) ed25519: Vec<u8>,
}

/// A domain that counts as verified, with what its mails are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) tenant: TenantId,
    pub(crate) domain: SendingDomain,
    pub(crate) keys: SealedKeys,
}

/// A look-up that this process has to itself until the lease runs out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    pub(crate) tenant_id: TenantId,
    /// Which lease of it this is.
    pub(crate) lease_epoch: i64,
}

/// A row is read in one way.
macro_rules! domain_of {
    ($row:ident) => {
        SendingDomain {
            domain: $row.domain,
            from_local_part: $row.from_local_part,
            reply_to: $row.reply_to,
            rsa: PublishedKey { selector: $row.rsa_selector, record: $row.rsa_record },
            ed25519: PublishedKey { selector: $row.ed25519_selector, record: $row.ed25519_record },
            found: [$row.rsa_found, $row.ed25519_found, $row.ownership_found],
            verified_at: $row.verified_at.map(|at| at.to_jiff()),
            checked_at: $row.checked_at.map(|at| at.to_jiff()),
            failing_since: $row.failing_since.map(|at| at.to_jiff()),
            failing_checks: $row.failing_checks,
            created_at: $row.created_at.to_jiff(),
            revision: $row.revision,
        }
    };
}

/// The tenant's domain.
pub(crate) async fn find(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<SendingDomain>> {
    let row = sqlx::query!(
        "select domain, from_local_part, reply_to, rsa_selector, rsa_record, ed25519_selector, ed25519_record, rsa_found,
                ed25519_found, ownership_found, verified_at, checked_at, failing_since, failing_checks, created_at,
                revision
         from notifications.sending_domain where tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| domain_of!(row)))
}

/// The tenant's domain, if it counts as verified.
pub(crate) async fn find_verified(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<Verified>> {
    let row = sqlx::query!(
        "select domain, from_local_part, reply_to, rsa_selector, rsa_record, rsa_key, ed25519_selector, ed25519_record,
                ed25519_key, rsa_found, ed25519_found, ownership_found, verified_at, checked_at, failing_since,
                failing_checks, created_at, revision
         from notifications.sending_domain where tenant_id = $1 and verified_at is not null",
        tenant.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Verified {
        tenant,
        keys: SealedKeys { rsa: row.rsa_key, ed25519: row.ed25519_key },
        domain: domain_of!(row),
    }))
}

/// The tenant's domain, locked until the transaction ends. A tenant that names its first is not held up by that.
pub(crate) async fn lock(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<Option<SendingDomain>> {
    sqlx::query!(
        "select tenant_id from notifications.sending_domain where tenant_id = $1 for update",
        tenant.uuid()
    )
    .fetch_optional(&mut *db)
    .await?;
    find(db, tenant).await
}

/// Writes a tenant's first domain, or one that replaces another; `false` if there is one and it was to be the first.
pub(crate) async fn put(
    db: &mut PgConnection,
    tenant: TenantId,
    named: &SendingDomain,
    keys: &SealedKeys,
    replaces: bool,
) -> sqlx::Result<bool> {
    let written = sqlx::query!(
        "insert into notifications.sending_domain
             (tenant_id, domain, from_local_part, reply_to, rsa_selector, rsa_record, rsa_key, ed25519_selector,
              ed25519_record, ed25519_key, created_at, revision)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint sending_domain_pk do update
         set domain = excluded.domain, from_local_part = excluded.from_local_part, reply_to = excluded.reply_to,
             rsa_selector = excluded.rsa_selector, rsa_record = excluded.rsa_record, rsa_key = excluded.rsa_key,
             ed25519_selector = excluded.ed25519_selector, ed25519_record = excluded.ed25519_record,
             ed25519_key = excluded.ed25519_key, rsa_found = false, ed25519_found = false, ownership_found = false,
             verified_at = null, checked_at = null, failing_since = null, failing_checks = 0,
             created_at = excluded.created_at, revision = excluded.revision
         where $13",
        tenant.uuid(),
        named.domain,
        named.from_local_part,
        named.reply_to,
        named.rsa.selector,
        named.rsa.record,
        keys.rsa,
        named.ed25519.selector,
        named.ed25519.record,
        keys.ed25519,
        named.created_at.to_sqlx() as _,
        named.revision,
        replaces,
    )
    .execute(db)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Changes the addresses of the tenant's domain.
pub(crate) async fn set_addresses(
    db: &mut PgConnection,
    tenant: TenantId,
    from_local_part: &str,
    reply_to: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.sending_domain
         set from_local_part = $2, reply_to = $3, revision = revision + 1
         where tenant_id = $1",
        tenant.uuid(),
        from_local_part,
        reply_to,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down what a look-up found.
pub(crate) async fn set_looked_up(
    db: &mut PgConnection,
    tenant: TenantId,
    after: &SendingDomain,
) -> sqlx::Result<()> {
    let [rsa, ed25519, ownership] = after.found;
    sqlx::query!(
        "update notifications.sending_domain
         set rsa_found = $2, ed25519_found = $3, ownership_found = $4, verified_at = $5, checked_at = $6,
             failing_since = $7, failing_checks = $8, revision = $9
         where tenant_id = $1",
        tenant.uuid(),
        rsa,
        ed25519,
        ownership,
        after.verified_at.map(Timestamp::to_sqlx) as _,
        after.checked_at.map(Timestamp::to_sqlx) as _,
        after.failing_since.map(Timestamp::to_sqlx) as _,
        after.failing_checks,
        after.revision,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the tenant's domain; nothing happens if there is none.
pub(crate) async fn remove(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("delete from notifications.sending_domain where tenant_id = $1", tenant.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Makes a verified domain the tenant's; `false` if it is another's.
pub(crate) async fn claim(
    db: &mut PgConnection,
    tenant: TenantId,
    domain: &str,
    verified_at: Timestamp,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "insert into notifications.verified_domain (domain, tenant_id, verified_at) values ($1, $2, $3)
         on conflict on constraint verified_domain_pk do update set verified_at = verified_domain.verified_at
         where verified_domain.tenant_id = excluded.tenant_id",
        domain,
        tenant.uuid(),
        verified_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Gives the domain free, if it is the tenant's.
pub(crate) async fn release(db: &mut PgConnection, tenant: TenantId, domain: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from notifications.verified_domain where domain = $1 and tenant_id = $2",
        domain,
        tenant.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts the next look-up of the tenant's domain down for after a pause, in the place of the one that was.
pub(crate) async fn check_after(
    db: &mut PgConnection,
    tenant: TenantId,
    pause: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notifications.sending_domain_check (tenant_id, check_at)
         values ($1, now() + make_interval(secs => $2))
         on conflict on constraint sending_domain_check_pk do update
         set check_at = excluded.check_at, leased_until = '-infinity'",
        tenant.uuid(),
        pause.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the tenant's look-up out.
pub(crate) async fn check_no_more(db: &mut PgConnection, tenant: TenantId) -> sqlx::Result<()> {
    sqlx::query!("delete from notifications.sending_domain_check where tenant_id = $1", tenant.uuid())
        .execute(db)
        .await?;
    Ok(())
}

/// Leases the look-up that is due longest and nobody has.
pub(crate) async fn lease_check(db: impl PgExecutor<'_>, lease: Duration) -> sqlx::Result<Option<Check>> {
    sqlx::query_as!(
        Check,
        "update notifications.sending_domain_check
         set leased_until = now() + make_interval(secs => $1), lease_epoch = lease_epoch + 1
         where tenant_id = (
             select tenant_id from notifications.sending_domain_check
             where check_at <= now() and leased_until <= now()
             order by check_at
             for update skip locked
             limit 1)
         returning tenant_id, lease_epoch",
        lease.as_secs_f64(),
    )
    .fetch_optional(db)
    .await
}

/// Gives a look-up back, to be tried again after a pause; nothing happens if the lease is another's by now.
pub(crate) async fn put_check_off(
    db: impl PgExecutor<'_>,
    check: Check,
    pause: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.sending_domain_check
         set check_at = now() + make_interval(secs => $3), leased_until = '-infinity'
         where tenant_id = $1 and lease_epoch = $2",
        check.tenant_id.uuid(),
        check.lease_epoch,
        pause.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}
