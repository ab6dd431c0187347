//! Broadcasts.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::{
    ids::{BroadcastId, EventId, PageId, TenantId, UpdateId},
    paging::Cursor,
};
use sqlx::{PgConnection, types::Json};

use crate::{
    domain::{Broadcast, Component, Content, IncidentUpdate, Kind, NewBroadcast, Page, Phase},
    error::Error,
};

/// Whether the event has its broadcast already.
pub(crate) async fn exists(db: &mut PgConnection, tenant: TenantId, event: EventId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from notifications.broadcast where tenant_id = $1 and event_id = $2
           ) as "exists!""#,
        tenant.uuid(),
        event.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Writes a broadcast; `false` if its event has one already.
pub(crate) async fn insert(db: &mut PgConnection, new: &NewBroadcast, planned: i64) -> sqlx::Result<bool> {
    let (mut kind, mut components) = (Kind::Confirmation, Vec::new());
    let (mut incident, mut update, mut subscriber) = (None, None, None);
    let (mut title, mut phase, mut body, mut displayed_at) = (None, None, None, None);
    match &new.content {
        Content::Confirmation { subscriber: who } => subscriber = Some(who.uuid()),
        Content::IncidentUpdate(told) => {
            kind = Kind::IncidentUpdate;
            (incident, update) = (Some(told.incident_id.uuid()), Some(told.update_id.uuid()));
            (title, phase, body) = (Some(&told.title), Some(told.phase), Some(&told.body));
            displayed_at = Some(told.displayed_at.to_sqlx());
            components.clone_from(&told.components);
        }
    }
    let inserted = sqlx::query!(
        "insert into notifications.broadcast
             (tenant_id, broadcast_id, event_id, kind, page_id, page_slug, page_name, page_locale, page_time_zone,
              incident_id, update_id, title, phase, body, displayed_at, components, subscriber_id, planned,
              created_at, completed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19::timestamptz,
                 case when $18::bigint = 0 then $19::timestamptz end)
         on conflict on constraint broadcast_event_key do nothing",
        new.tenant.uuid(),
        new.broadcast.uuid(),
        new.event.uuid(),
        kind as Kind,
        new.page.page_id.uuid(),
        new.page.slug,
        new.page.name,
        new.page.locale,
        new.page.time_zone,
        incident,
        update,
        title,
        phase as Option<Phase>,
        body,
        displayed_at as _,
        Json(components) as _,
        subscriber,
        planned,
        new.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A broadcast with everything that composing its mails needs.
pub(crate) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> Result<Option<NewBroadcast>, Error> {
    let row = sqlx::query!(
        r#"select event_id, kind as "kind: Kind", page_id, page_slug, page_name, page_locale, page_time_zone,
                  incident_id, update_id, title, phase as "phase: Phase", body, displayed_at,
                  components as "components: Json<Vec<Component>>", subscriber_id, created_at
           from notifications.broadcast
           where tenant_id = $1 and broadcast_id = $2"#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await
    .map_err(|error| {
        let is_unreadable = matches!(error, sqlx::Error::ColumnDecode { .. });
        if is_unreadable { Error::Unreadable(error.to_string()) } else { error.into() }
    })?;
    let Some(row) = row else { return Ok(None) };
    let lacking = |field: &str| Error::Unreadable(format!("broadcast {broadcast} has no {field}"));
    let content = match row.kind {
        Kind::Confirmation => Content::Confirmation {
            subscriber: row.subscriber_id.ok_or_else(|| lacking("subscriber_id"))?.into(),
        },
        Kind::IncidentUpdate => Content::IncidentUpdate(IncidentUpdate {
            incident_id: row.incident_id.ok_or_else(|| lacking("incident_id"))?.into(),
            update_id: row.update_id.ok_or_else(|| lacking("update_id"))?.into(),
            title: row.title.ok_or_else(|| lacking("title"))?,
            phase: row.phase.ok_or_else(|| lacking("phase"))?,
            body: row.body.ok_or_else(|| lacking("body"))?,
            displayed_at: row.displayed_at.ok_or_else(|| lacking("displayed_at"))?.to_jiff(),
            components: row.components.0,
        }),
    };
    Ok(Some(NewBroadcast {
        tenant,
        broadcast,
        event: row.event_id.into(),
        page: Page {
            page_id: row.page_id.into(),
            slug: row.page_slug,
            name: row.page_name,
            locale: row.page_locale,
            time_zone: row.page_time_zone,
        },
        content,
        created_at: row.created_at.to_jiff(),
    }))
}

/// One broadcast.
pub(crate) async fn find(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<Option<Broadcast>> {
    let row = sqlx::query!(
        r#"select page_id, kind as "kind: Kind", incident_id, update_id, planned, created_at, completed_at
           from notifications.broadcast
           where tenant_id = $1 and broadcast_id = $2"#,
        tenant.uuid(),
        broadcast.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Broadcast {
        broadcast,
        page: row.page_id.into(),
        kind: row.kind,
        incident: row.incident_id.map(Into::into),
        update: row.update_id.map(Into::into),
        planned: row.planned,
        created_at: row.created_at.to_jiff(),
        completed_at: row.completed_at.map(|at| at.to_jiff()),
    }))
}

/// A page's broadcasts, newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    update: Option<UpdateId>,
    before: Option<Cursor>,
    limit: i64,
) -> sqlx::Result<Vec<Broadcast>> {
    let rows = sqlx::query!(
        r#"select broadcast_id, kind as "kind: Kind", incident_id, update_id, planned, created_at, completed_at
           from notifications.broadcast
           where tenant_id = $1 and page_id = $2
               and ($3::uuid is null or update_id = $3)
               and ($4::uuid is null or broadcast_id < $4)
           order by broadcast_id desc
           limit $5"#,
        tenant.uuid(),
        page.uuid(),
        update.map(UpdateId::uuid),
        before.map(|cursor| cursor.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Broadcast {
            broadcast: row.broadcast_id.into(),
            page,
            kind: row.kind,
            incident: row.incident_id.map(Into::into),
            update: row.update_id.map(Into::into),
            planned: row.planned,
            created_at: row.created_at.to_jiff(),
            completed_at: row.completed_at.map(|at| at.to_jiff()),
        })
        .collect())
}

/// Locks a broadcast: of two senders that end its last segments, one is the last.
pub(crate) async fn lock(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "select from notifications.broadcast where tenant_id = $1 and broadcast_id = $2 for no key update",
        tenant.uuid(),
        broadcast.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down that the last delivery has its outcome.
pub(crate) async fn complete(
    db: &mut PgConnection,
    tenant: TenantId,
    broadcast: BroadcastId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update notifications.broadcast set completed_at = $3
         where tenant_id = $1 and broadcast_id = $2 and completed_at is null",
        tenant.uuid(),
        broadcast.uuid(),
        now.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
