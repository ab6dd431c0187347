//! The beats that the reading verbs share.

use std::collections::HashMap;

use jiff::Timestamp;
use kit::{
    Db,
    db::Tx,
    ids::{IncidentId, PageId, TenantId},
    paging::{self, Cursor},
};
use proto::incidents::v1 as wire;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{Affected, Incident, Standing, Update},
    error::Error,
    store::{
        incidents::{self, IncidentRow},
        pages, updates,
    },
};

/// How many incidents a list answers if it is not told.
const LIST_SIZE: i64 = 25;
/// How many components or groups a list answers if it is not told.
pub(super) const COMPONENT_LIST_SIZE: i64 = 100;

/// A transaction that sees one moment of one tenant.
pub(super) async fn snapshot(db: &Db, tenant: TenantId) -> Result<Tx, Error> {
    let mut tx = db.tenant(tenant).await?;
    pages::take_snapshot(&mut tx).await?;
    Ok(tx)
}

/// The incidents of these rows in their order, with all that was told of them: three queries, however many
/// incidents there are.
pub(super) async fn load(
    db: &mut PgConnection,
    tenant: TenantId,
    rows: Vec<IncidentRow>,
) -> Result<Vec<Incident>, Error> {
    let ids = rows.iter().map(|row| row.incident_id.uuid()).collect::<Vec<_>>();
    let mut said_by_update = HashMap::<_, Vec<_>>::new();
    for said in updates::list_update_components(db, tenant, &ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_update.entry(said.update_id).or_default().push(affected);
    }
    let mut updates_by_incident = HashMap::<_, Vec<_>>::new();
    for row in updates::list_updates(db, tenant, &ids).await? {
        updates_by_incident.entry(row.incident_id).or_default().push(Update {
            update_id: row.update_id,
            phase: row.phase,
            body: row.body,
            affected: said_by_update.remove(&row.update_id).unwrap_or_default(),
            displayed_at: row.displayed_at,
            created_at: row.created_at,
            silent: row.silent,
        });
    }
    let mut said_by_incident = HashMap::<_, Vec<_>>::new();
    for said in updates::list_incident_components(db, tenant, &ids).await? {
        let affected = Affected { component_id: said.component_id, status: said.status };
        said_by_incident.entry(said.incident_id).or_default().push(affected);
    }
    let with_all = rows.into_iter().map(|row| Incident {
        incident_id: row.incident_id,
        page_id: row.page_id,
        title: row.title,
        created_at: row.created_at,
        standing: Standing {
            phase: row.phase,
            impact: row.impact,
            started_at: row.started_at,
            resolved_at: row.resolved_at.map(Into::into),
            affected: said_by_incident.remove(&row.incident_id).unwrap_or_default(),
        },
        updates: updates_by_incident.remove(&row.incident_id).unwrap_or_default(),
    });
    Ok(with_all.collect())
}

/// One incident with all that was told of it.
pub(super) async fn incident(db: &Db, tenant: TenantId, incident: IncidentId) -> Result<Incident, Error> {
    let mut tx = snapshot(db, tenant).await?;
    let row = incidents::find_incident(&mut tx, tenant, incident).await?;
    let found = load(&mut tx, tenant, row.into_iter().collect()).await?;
    tx.commit().await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// One lot of a page's incidents, newest first, and where the next lot begins.
pub(super) async fn incidents(
    db: &Db,
    tenant: TenantId,
    page: PageId,
    page_size: i32,
    page_token: &str,
) -> Result<(Vec<wire::Incident>, String), Error> {
    let size = paging::size(page_size, LIST_SIZE);
    let before = match cursor(page_token)? {
        None => (Timestamp::MAX, IncidentId::from_uuid(Uuid::max())),
        Some(cursor) => {
            let started_at = Timestamp::from_microsecond(cursor.at).map_err(|_| {
                Error::invalid("page_token", "must be a `next_page_token` of an earlier answer")
            })?;
            (started_at, IncidentId::from_uuid(cursor.id))
        }
    };
    let mut tx = snapshot(db, tenant).await?;
    let mut rows = incidents::list_incidents(&mut tx, tenant, page, before, size + 1).await?;
    let next = paging::cut(&mut rows, size, |row| Cursor {
        at: row.started_at.as_microsecond(),
        id: row.incident_id.uuid(),
    });
    let found = load(&mut tx, tenant, rows).await?;
    tx.commit().await?;
    Ok((found.into_iter().map(Into::into).collect(), next))
}

/// The place that a list goes on from.
pub(super) fn cursor(page_token: &str) -> Result<Option<Cursor>, Error> {
    Cursor::parse(page_token).map_err(Error::PageToken)
}
