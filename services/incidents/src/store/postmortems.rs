//! Reports after incidents.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{IncidentId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Postmortem;

/// A report with its draft.
#[derive(Debug, Clone)]
pub(crate) struct PostmortemRow {
    /// The text of the draft.
    pub(crate) body: String,
    pub(crate) written_at: Timestamp,
    pub(crate) published_body: Option<String>,
    pub(crate) published_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) edited_at: Option<jiff_sqlx::Timestamp>,
    /// When subscribers were told of the published text; none if they never were.
    pub(crate) notified_at: Option<jiff_sqlx::Timestamp>,
}

impl PostmortemRow {
    /// What readers see.
    pub(crate) fn published(&self) -> Option<Postmortem> {
        let (body, published_at) = (self.published_body.clone()?, self.published_at?);
        Some(Postmortem {
            body,
            published_at: published_at.into(),
            edited_at: self.edited_at.map(Into::into),
        })
    }
}

/// A published report, with its incident.
#[derive(Debug)]
pub(crate) struct PublishedRow {
    pub(crate) incident_id: IncidentId,
    /// None if it was too much beside the others.
    pub(crate) body: Option<String>,
    pub(crate) published_at: Timestamp,
    pub(crate) edited_at: Option<jiff_sqlx::Timestamp>,
}

pub(crate) async fn find_postmortem(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
) -> sqlx::Result<Option<PostmortemRow>> {
    sqlx::query_as!(
        PostmortemRow,
        "select body, written_at, published_body, published_at, edited_at, notified_at
         from incidents.postmortem
         where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The published reports of these incidents, with their bodies as long as those, newest first, have no more than so
/// many bytes together.
pub(crate) async fn list_published(
    db: &mut PgConnection,
    tenant: TenantId,
    incidents: &[Uuid],
    bytes: i64,
) -> sqlx::Result<Vec<PublishedRow>> {
    sqlx::query_as!(
        PublishedRow,
        r#"select incident_id, published_at as "published_at!: jiff_sqlx::Timestamp", edited_at,
             case when sum(octet_length(published_body)) over (
                 order by published_at desc, incident_id desc rows unbounded preceding) <= $3
             then published_body end as body
         from incidents.postmortem
         where tenant_id = $1 and incident_id = any($2) and published_at is not null"#,
        tenant.uuid(),
        incidents,
        bytes,
    )
    .fetch_all(db)
    .await
}

/// Keeps a text as the draft of the report; what is published stays.
pub(crate) async fn save_draft(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    body: &str,
    written_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into incidents.postmortem (tenant_id, incident_id, body, written_at)
         values ($1, $2, $3, $4)
         on conflict on constraint postmortem_pk do update
         set body = excluded.body, written_at = excluded.written_at",
        tenant.uuid(),
        incident.uuid(),
        body,
        written_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what readers see of the report, and when subscribers were told of this text; none takes it off the page.
pub(crate) async fn save_published(
    db: &mut PgConnection,
    tenant: TenantId,
    incident: IncidentId,
    published: Option<&Postmortem>,
    notified_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update incidents.postmortem
         set published_body = $3, published_at = $4, edited_at = $5, notified_at = $6
         where tenant_id = $1 and incident_id = $2",
        tenant.uuid(),
        incident.uuid(),
        published.map(|postmortem| &postmortem.body),
        published.map(|postmortem| postmortem.published_at.to_sqlx()) as _,
        published.and_then(|postmortem| postmortem.edited_at).map(jiff_sqlx::Timestamp::from) as _,
        notified_at.map(jiff_sqlx::Timestamp::from) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
