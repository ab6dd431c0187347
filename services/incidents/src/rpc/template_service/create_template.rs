//! `TemplateService.CreateTemplate`

use kit::{
    caller::Member,
    ids::{PageId, TemplateId},
};
use proto::incidents::v1::{CreateTemplateRequest, CreateTemplateResponse};

use super::write;
use crate::{
    domain::{AuditAction, TEMPLATES_PER_PAGE, Template},
    error::Error,
    rpc::{Rpc, convert},
    store::{self, intervals::Recording, pages, templates},
};

pub(super) async fn create_template(
    rpc: &Rpc,
    member: &Member,
    request: CreateTemplateRequest,
) -> Result<CreateTemplateResponse, Error> {
    let key = member.request_key("CreateTemplate", &request.request_id, &request);
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let kind = convert::parse_template_kind(request.kind())?;
    let template = Template {
        template_id: TemplateId::new(&rpc.clock),
        page_id,
        name: convert::line("name", &request.name)?,
        kind,
        title: convert::parse_text("title", request.title.trim())?,
        body: convert::parse_text("body", &request.body)?,
        phase: convert::parse_suggested_phase(kind, request.phase())?,
        affected: convert::parse_suggested(kind, &request.affected_components)?,
        revision: 1,
        created_at: rpc.clock.now(),
    };
    write::check_placeholders(&template)?;

    let tenant = member.tenant;
    rpc.pages.check_is_of(tenant, page_id).await?;

    let mut tx = rpc.db.tenant(tenant).await?;
    if let Some(reply) = store::replay(&mut tx, key.as_ref()).await? {
        return Ok(reply);
    }
    pages::advance_page(&mut tx, tenant, page_id, 0).await?;
    if templates::count_templates(&mut tx, tenant, page_id).await? >= i64::from(TEMPLATES_PER_PAGE) {
        return Err(Error::LimitReached { what: "a page", limit: TEMPLATES_PER_PAGE, of: "templates" });
    }
    write::check_known(&mut tx, tenant, page_id, &template.affected, &[]).await?;
    templates::insert_template(&mut tx, tenant, &template).await?;
    let by = Recording { tenant, page: page_id, member: Some(member.member), clock: &rpc.clock };
    write::log(&mut tx, by, &template, AuditAction::Created, String::new()).await?;
    let reply = CreateTemplateResponse { template: Some(template.into()) };
    store::keep(&mut tx, key.as_ref(), &reply).await?;
    tx.commit().await?;

    Ok(reply)
}
