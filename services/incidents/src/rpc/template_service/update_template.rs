//! `TemplateService.UpdateTemplate`

use kit::{
    caller::Member,
    ids::TemplateId,
    mask::{Mask, check_etag},
};
use proto::incidents::v1::{UpdateTemplateRequest, UpdateTemplateResponse};

use super::write;
use crate::{
    domain::{AuditAction, Template},
    error::Error,
    rpc::{Rpc, convert},
    store::{intervals::Recording, pages, templates},
};

/// What of a template can be changed, from the contract.
const CHANGEABLE: [&str; 5] = ["name", "title", "body", "phase", "affected_components"];

pub(super) async fn update_template(
    rpc: &Rpc,
    member: &Member,
    mut request: UpdateTemplateRequest,
) -> Result<UpdateTemplateResponse, Error> {
    let template_id: TemplateId = convert::id("template_id", &request.template_id)?;
    let mask = Mask::parse(request.update_mask.take(), &CHANGEABLE)?;

    let tenant = member.tenant;
    let mut tx = rpc.db.tenant(tenant).await?;
    // Looked at before the page is locked: what changes nothing does not move the page on.
    let seen = templates::find_template(&mut tx, tenant, template_id).await?.ok_or(Error::NotFound)?;
    if check_etag(&request.etag, seen.revision).is_ok() && changed(&seen, &mask, &request)? == seen {
        tx.commit().await?;
        return Ok(UpdateTemplateResponse { template: Some(seen.into()) });
    }

    pages::advance_page(&mut tx, tenant, seen.page_id, 0).await?;
    let before = templates::find_template(&mut tx, tenant, template_id).await?.ok_or(Error::NotFound)?;
    check_etag(&request.etag, before.revision)?;
    let mut after = changed(&before, &mask, &request)?;
    write::check_placeholders(&after)?;
    if mask.has("affected_components") {
        write::check_known(&mut tx, tenant, after.page_id, &after.affected, &before.affected).await?;
    }
    after.revision = templates::save_template(&mut tx, tenant, &after).await?;
    let by = Recording { tenant, page: after.page_id, member: Some(member.member), clock: &rpc.clock };
    let detail = CHANGEABLE.into_iter().filter(|field| mask.has(field)).collect::<Vec<_>>().join(", ");
    write::log(&mut tx, by, &after, AuditAction::Updated, detail).await?;
    tx.commit().await?;

    Ok(UpdateTemplateResponse { template: Some(after.into()) })
}

/// The template with what the request changes of it.
fn changed(template: &Template, mask: &Mask, request: &UpdateTemplateRequest) -> Result<Template, Error> {
    let (kind, template) = (template.kind, template.clone());
    let name = mask.pick("name", || convert::line("name", &request.name))?;
    let title = mask.pick("title", || convert::parse_text("title", request.title.trim()))?;
    let body = mask.pick("body", || convert::parse_text("body", &request.body))?;
    let phase = mask.pick("phase", || convert::parse_suggested_phase(kind, request.phase()))?;
    let affected =
        mask.pick("affected_components", || convert::parse_suggested(kind, &request.affected_components))?;
    Ok(Template {
        name: name.unwrap_or(template.name),
        title: title.unwrap_or(template.title),
        body: body.unwrap_or(template.body),
        phase: phase.unwrap_or(template.phase),
        affected: affected.unwrap_or(template.affected),
        ..template
    })
}
