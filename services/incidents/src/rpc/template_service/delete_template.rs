//! `TemplateService.DeleteTemplate`

use kit::{caller::Member, ids::TemplateId, mask::check_etag};
use proto::incidents::v1::{DeleteTemplateRequest, DeleteTemplateResponse};

use super::write;
use crate::{
    domain::AuditAction,
    error::Error,
    rpc::{Rpc, convert},
    store::{intervals::Recording, pages, templates},
};

pub(super) async fn delete_template(
    rpc: &Rpc,
    member: &Member,
    request: DeleteTemplateRequest,
) -> Result<DeleteTemplateResponse, Error> {
    let template_id: TemplateId = convert::id("template_id", &request.template_id)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    let seen = templates::find_template(&mut tx, tenant, template_id).await?.ok_or(Error::NotFound)?;
    pages::advance_page(&mut tx, tenant, seen.page_id, 0).await?;
    let template = templates::find_template(&mut tx, tenant, template_id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, template.revision)?;
    templates::delete_template(&mut tx, tenant, template_id).await?;
    let by = Recording { tenant, page: template.page_id, member: Some(member.member), clock: &rpc.clock };
    write::log(&mut tx, by, &template, AuditAction::Deleted, String::new()).await?;
    tx.commit().await?;

    Ok(DeleteTemplateResponse {})
}
