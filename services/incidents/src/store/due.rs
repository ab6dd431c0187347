//! What has to happen at a time: a work table, by the database's clock.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::TenantId;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

/// Makes the enum of the kinds with the list of them all, so that none can be left out of it.
macro_rules! due_kinds {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// What has to happen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
        #[sqlx(type_name = "incidents.due_kind", rename_all = "snake_case")]
        pub(crate) enum DueKind {
            $($(#[$doc])* $kind,)+
        }

        impl DueKind {
            /// Each kind once.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),+];
        }
    };
}

due_kinds! {
    /// A draft becomes an update.
    PublishUpdate,
    /// Responders are reminded of the next update that an update promised.
    RemindResponders,
    /// The time of such a promise passes: the page shows that it is overdue.
    PassPromise,
    /// A maintenance begins.
    StartMaintenance,
    /// A maintenance is completed.
    EndMaintenance,
    /// Subscribers are reminded of a maintenance.
    RemindSubscribers,
    /// A vendor's page is read.
    ReadVendor,
}

/// Something due that this process has to itself until the lease runs out.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) due_id: Uuid,
    pub(crate) tenant_id: TenantId,
    pub(crate) kind: DueKind,
    /// The update, maintenance or vendor that it is about.
    pub(crate) subject_id: Uuid,
    pub(crate) due_at: Timestamp,
    /// Which lease of it this is.
    pub(crate) lease_epoch: i64,
    /// How often it has failed.
    pub(crate) attempts: i32,
}

/// Puts something down for a time; nothing happens if it is down for that time already.
pub(crate) async fn put(
    db: &mut PgConnection,
    tenant: TenantId,
    due_id: Uuid,
    kind: DueKind,
    subject: Uuid,
    due_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.due (due_id, tenant_id, kind, subject_id, due_at)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint due_subject_key do nothing",
        due_id,
        tenant.uuid(),
        kind as DueKind,
        subject,
        due_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes everything of these kinds out that is down for the subject.
pub(crate) async fn cancel(
    db: &mut PgConnection,
    tenant: TenantId,
    subject: Uuid,
    kinds: &[DueKind],
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.due where tenant_id = $1 and subject_id = $2 and kind = any($3)",
        tenant.uuid(),
        subject,
        kinds as &[DueKind],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes everything of these kinds out that is down for the subject, but for what is kept. What is kept stays with
/// whoever has the lease of it.
pub(crate) async fn cancel_all_but(
    db: &mut PgConnection,
    tenant: TenantId,
    subject: Uuid,
    kinds: &[DueKind],
    kept: &[(DueKind, Timestamp)],
) -> sqlx::Result<()> {
    let (kept_kinds, kept_times): (Vec<_>, Vec<_>) =
        kept.iter().map(|(kind, at)| (*kind, at.to_sqlx())).unzip();
    sqlx::query!(
        "delete from incidents.due d
         where d.tenant_id = $1 and d.subject_id = $2 and d.kind = any($3) and not exists (
             select from unnest($4::incidents.due_kind[], $5::timestamptz[]) as kept (kind, due_at)
             where kept.kind = d.kind and kept.due_at = d.due_at)",
        tenant.uuid(),
        subject,
        kinds as &[DueKind],
        &kept_kinds as &[DueKind],
        &kept_times as &[jiff_sqlx::Timestamp],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Leases what of these kinds is due longest and nobody has, by the database's clock; of a tenant that has so many
/// of them leased already, if a number is given, nothing more.
pub(crate) async fn lease(
    db: impl PgExecutor<'_>,
    kinds: &[DueKind],
    per_tenant: Option<i64>,
    lease: Duration,
) -> sqlx::Result<Option<Due>> {
    sqlx::query_as!(
        Due,
        "update incidents.due
         set leased_until = now() + make_interval(secs => $1), lease_epoch = lease_epoch + 1
         where due_id = (
             select d.due_id from incidents.due d
             where d.due_at <= now() and d.leased_until <= now() and d.kind = any($2) and (
                 $3::bigint is null or $3 > (
                     select count(*) from incidents.due held
                     where held.tenant_id = d.tenant_id and held.kind = any($2) and held.leased_until > now()))
             order by d.due_at, d.due_id
             for update skip locked
             limit 1)
         returning due_id, tenant_id, kind, subject_id, due_at, lease_epoch, attempts",
        lease.as_secs_f64(),
        kinds as &[DueKind],
        per_tenant,
    )
    .fetch_optional(db)
    .await
}

/// Takes it out because it is done, in the transaction that does it; false if the lease is another's by now: the
/// transaction must then not be committed.
pub(crate) async fn complete(db: &mut PgConnection, due: &Due) -> sqlx::Result<bool> {
    let deleted = sqlx::query!(
        "delete from incidents.due where due_id = $1 and lease_epoch = $2",
        due.due_id,
        due.lease_epoch,
    )
    .execute(db)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Gives it back, to be tried again after a pause; nothing happens if the lease is another's by now.
pub(crate) async fn put_off(db: impl PgExecutor<'_>, due: &Due, pause: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.due
         set leased_until = now() + make_interval(secs => $3), attempts = attempts + 1
         where due_id = $1 and lease_epoch = $2",
        due.due_id,
        due.lease_epoch,
        pause.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}
