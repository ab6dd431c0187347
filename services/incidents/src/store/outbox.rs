//! The outbox: events that wait to be handed to notifications.

use std::time::Duration;

use jiff::Timestamp;
use kit::ids::{EventId, IncidentId, PageId, TenantId, UpdateId};
use sqlx::{PgConnection, PgExecutor};

use crate::domain::{ComponentStatus, Phase};

/// An event that this process has to itself until the lease runs out.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) event_id: EventId,
    pub(crate) tenant_id: TenantId,
    pub(crate) page_id: PageId,
    pub(crate) incident_id: IncidentId,
    pub(crate) update_id: UpdateId,
    /// The event's place among the events of its page.
    pub(crate) position: i64,
    /// Which lease of the event this is.
    pub(crate) lease_epoch: i64,
    /// How often handing it over has failed.
    pub(crate) attempts: i32,
}

/// What an event tells of its update.
#[derive(Debug)]
pub(crate) struct ToldRow {
    pub(crate) title: String,
    pub(crate) phase: Phase,
    pub(crate) body: String,
    pub(crate) displayed_at: Timestamp,
}

/// A component by its name, with the status that an update gives it.
#[derive(Debug)]
pub(crate) struct NamedComponentRow {
    pub(crate) name: String,
    pub(crate) status: ComponentStatus,
}

/// Puts an event of the page into the outbox.
pub(crate) async fn insert_event(
    db: &mut PgConnection,
    tenant: TenantId,
    event: EventId,
    page: PageId,
    incident: IncidentId,
    update: UpdateId,
    position: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.outbox (event_id, tenant_id, page_id, incident_id, update_id, position)
         values ($1, $2, $3, $4, $5, $6)",
        event.uuid(),
        tenant.uuid(),
        page.uuid(),
        incident.uuid(),
        update.uuid(),
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
        "update incidents.outbox
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
         returning event_id, tenant_id, page_id, incident_id, update_id, position, lease_epoch, attempts",
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

/// What an update says, with its incident's headline.
pub(crate) async fn find_told(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Option<ToldRow>> {
    sqlx::query_as!(
        ToldRow,
        "select i.title, u.phase, u.body, u.displayed_at
         from incidents.incident_update u
         join incidents.incident i on i.tenant_id = u.tenant_id and i.incident_id = u.incident_id
         where u.tenant_id = $1 and u.update_id = $2",
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The components that an update speaks of, in the order in which the page shows them.
pub(crate) async fn list_named_components(
    db: &mut PgConnection,
    tenant: TenantId,
    update: UpdateId,
) -> sqlx::Result<Vec<NamedComponentRow>> {
    sqlx::query_as!(
        NamedComponentRow,
        "select c.name, said.status
         from incidents.update_component said
         join incidents.component c on c.tenant_id = said.tenant_id and c.component_id = said.component_id
         left join incidents.component_group g
             on g.tenant_id = c.tenant_id and g.component_group_id = c.component_group_id
         where said.tenant_id = $1 and said.update_id = $2
         order by coalesce(g.position, c.position), coalesce(g.component_group_id, c.component_id),
             c.position, c.component_id",
        tenant.uuid(),
        update.uuid(),
    )
    .fetch_all(db)
    .await
}
