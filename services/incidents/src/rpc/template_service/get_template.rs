//! `TemplateService.GetTemplate`

use kit::{caller::Member, ids::TemplateId};
use proto::incidents::v1::{GetTemplateRequest, GetTemplateResponse};

use crate::{
    error::Error,
    rpc::{Rpc, convert},
    store::templates,
};

pub(super) async fn get_template(
    rpc: &Rpc,
    member: &Member,
    request: GetTemplateRequest,
) -> Result<GetTemplateResponse, Error> {
    let template_id: TemplateId = convert::id("template_id", &request.template_id)?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let found = templates::find_template(&mut tx, member.tenant, template_id).await?;
    tx.commit().await?;

    let template = found.ok_or(Error::NotFound)?;
    Ok(GetTemplateResponse { template: Some(template.into()) })
}
