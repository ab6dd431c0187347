//! Templates.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kit::ids::{ComponentId, PageId, TemplateId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::columns;
use crate::domain::{Affected, ComponentStatus, Phase, Template, TemplateKind, Text};

/// A template as its table has it.
#[derive(Debug)]
struct TemplateRow {
    template_id: TemplateId,
    page_id: PageId,
    name: String,
    kind: TemplateKind,
    title: String,
    body: String,
    phase: Option<Phase>,
    component_ids: Vec<Uuid>,
    statuses: Vec<ComponentStatus>,
    revision: i64,
    created_at: Timestamp,
}

/// Rows of templates: those of the table with this behind it.
macro_rules! template_rows {
    ($which:tt, $($bound:expr),* $(,)?) => {
        sqlx::query_as!(
            TemplateRow,
            r#"select template_id, page_id, name, kind, title, body, phase as "phase: Phase", component_ids, statuses,
                revision, created_at
             from incidents.template "#
                + $which,
            $($bound),*
        )
    };
}

impl TryFrom<TemplateRow> for Template {
    type Error = sqlx::Error;

    /// Fails if a text is not one that was ever let in.
    fn try_from(row: TemplateRow) -> sqlx::Result<Self> {
        let text = |source: &str| Text::parse(source).map_err(|stray| sqlx::Error::Decode(Box::new(stray)));
        let affected = row.component_ids.into_iter().zip(row.statuses);
        Ok(Self {
            template_id: row.template_id,
            page_id: row.page_id,
            name: row.name,
            kind: row.kind,
            title: text(&row.title)?,
            body: text(&row.body)?,
            phase: row.phase,
            affected: affected
                .map(|(id, status)| Affected { component_id: ComponentId::from_uuid(id), status })
                .collect(),
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

pub(crate) async fn count_templates(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from incidents.template where tenant_id = $1 and page_id = $2"#,
        tenant.uuid(),
        page.uuid(),
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_template(
    db: &mut PgConnection,
    tenant: TenantId,
    template: &Template,
) -> sqlx::Result<()> {
    let (component_ids, statuses) = columns(&template.affected);
    sqlx::query!(
        "insert into incidents.template (
             tenant_id, template_id, page_id, name, kind, title, body, phase, component_ids, statuses, revision,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant.uuid(),
        template.template_id.uuid(),
        template.page_id.uuid(),
        template.name,
        template.kind as TemplateKind,
        template.title.source(),
        template.body.source(),
        template.phase as Option<Phase>,
        &component_ids,
        &statuses as &[ComponentStatus],
        template.revision,
        template.created_at.to_sqlx() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what can be changed of a template; answers its new revision.
pub(crate) async fn save_template(
    db: &mut PgConnection,
    tenant: TenantId,
    template: &Template,
) -> sqlx::Result<i64> {
    let (component_ids, statuses) = columns(&template.affected);
    sqlx::query_scalar!(
        "update incidents.template
         set name = $3, title = $4, body = $5, phase = $6, component_ids = $7, statuses = $8,
             revision = revision + 1
         where tenant_id = $1 and template_id = $2
         returning revision",
        tenant.uuid(),
        template.template_id.uuid(),
        template.name,
        template.title.source(),
        template.body.source(),
        template.phase as Option<Phase>,
        &component_ids,
        &statuses as &[ComponentStatus],
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn find_template(
    db: &mut PgConnection,
    tenant: TenantId,
    template: TemplateId,
) -> sqlx::Result<Option<Template>> {
    let row = template_rows!("where tenant_id = $1 and template_id = $2", tenant.uuid(), template.uuid(),)
        .fetch_optional(db)
        .await?;
    row.map(TryInto::try_into).transpose()
}

/// The page's templates after this one, oldest first.
pub(crate) async fn list_templates(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    after: TemplateId,
    limit: i64,
) -> sqlx::Result<Vec<Template>> {
    let rows = template_rows!(
        "where tenant_id = $1 and page_id = $2 and template_id > $3
         order by template_id
         limit $4",
        tenant.uuid(),
        page.uuid(),
        after.uuid(),
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(crate) async fn delete_template(
    db: &mut PgConnection,
    tenant: TenantId,
    template: TemplateId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from incidents.template where tenant_id = $1 and template_id = $2",
        tenant.uuid(),
        template.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those of these components that are on the page, each with its name.
pub(crate) async fn list_component_names(
    db: &mut PgConnection,
    tenant: TenantId,
    page: PageId,
    affected: &[Affected],
) -> sqlx::Result<Vec<(ComponentId, String)>> {
    let (ids, _) = columns(affected);
    let rows = sqlx::query!(
        "select component_id, name from incidents.component
         where tenant_id = $1 and page_id = $2 and component_id = any($3) and deleted_at is null",
        tenant.uuid(),
        page.uuid(),
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.component_id, row.name)).collect())
}
