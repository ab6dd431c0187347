//! The outbox: events that wait to be handed to notifications.

use std::time::Duration;

use jiff_sqlx::ToSqlx as _;
use kit::ids::{EventId, IncidentId, MaintenanceId, PageId, TenantId, UpdateId};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{Event, EventKind};

/// An event that this process has to itself until the lease runs out.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) event_id: EventId,
    pub(crate) tenant_id: TenantId,
    pub(crate) page_id: PageId,
    pub(crate) kind: EventKind,
    pub(crate) incident_id: Option<IncidentId>,
    pub(crate) maintenance_id: Option<MaintenanceId>,
    pub(crate) update_id: Option<UpdateId>,
    pub(crate) due_at: Option<jiff_sqlx::Timestamp>,
    /// The event's place among the events of its page.
    pub(crate) position: i64,
    /// Which lease of the event this is.
    pub(crate) lease_epoch: i64,
    /// How often handing it over has failed.
    pub(crate) attempts: i32,
}

/// Puts an event of the page into the outbox.
pub(crate) async fn insert_event(
    db: &mut PgConnection,
    tenant: TenantId,
    event_id: EventId,
    page: PageId,
    event: &Event,
    position: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.outbox (
             event_id, tenant_id, page_id, kind, incident_id, maintenance_id, update_id, due_at, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        event_id.uuid(),
        tenant.uuid(),
        page.uuid(),
        event.kind() as EventKind,
        event.incident().map(IncidentId::uuid),
        event.maintenance().map(MaintenanceId::uuid),
        event.update().map(UpdateId::uuid),
        event.due_at().map(|at| at.to_sqlx()) as _,
        position,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Wakes the relays when the transaction commits. At most once a transaction: it takes a lock of the whole
/// database at commit.
pub(crate) async fn wake_relay(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("notify incidents_outbox").execute(db).await?;
    Ok(())
}

/// Leases the oldest event that nobody has and that is the first of its page, by the database's clock.
///
/// An event that can be seen has all earlier ones of its page beside it, or they were handed over: the page's
/// lock lets them be committed in order only.
pub(crate) async fn lease_event(db: impl PgExecutor<'_>, lease: Duration) -> sqlx::Result<Option<Lease>> {
    sqlx::query_as!(
        Lease,
        r#"update incidents.outbox
         set leased_until = now() + make_interval(secs => $1), lease_epoch = lease_epoch + 1
         where event_id = (
             select o.event_id
             from incidents.outbox o
             where o.leased_until <= now()
                 and not exists (
                     select from incidents.outbox earlier
                     where earlier.tenant_id = o.tenant_id and earlier.page_id = o.page_id
                         and earlier.position < o.position)
             order by o.created_at, o.event_id
             for update skip locked
             limit 1)
         returning event_id, tenant_id, page_id, kind, incident_id as "incident_id: IncidentId",
             maintenance_id as "maintenance_id: MaintenanceId", update_id as "update_id: UpdateId", due_at, position,
             lease_epoch, attempts"#,
        lease.as_secs_f64(),
    )
    .fetch_optional(db)
    .await
}

/// Gives a leased event back, to be tried again after a pause; nothing happens if the lease is another's by
/// now.
pub(crate) async fn put_event_off(
    db: impl PgExecutor<'_>,
    lease: &Lease,
    pause: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.outbox
         set leased_until = now() + make_interval(secs => $3), attempts = attempts + 1
         where event_id = $1 and lease_epoch = $2",
        lease.event_id.uuid(),
        lease.lease_epoch,
        pause.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes an event out that was handed over; nothing happens if the lease is another's by now.
pub(crate) async fn delete_event(db: impl PgExecutor<'_>, lease: &Lease) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.outbox where event_id = $1 and lease_epoch = $2",
        lease.event_id.uuid(),
        lease.lease_epoch,
    )
    .execute(db)
    .await?;
    Ok(())
}
