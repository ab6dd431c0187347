//! `TemplateService.ListTemplates`

use kit::{
    caller::Member,
    ids::{PageId, TemplateId},
    paging::{self, Cursor},
};
use proto::incidents::v1::{ListTemplatesRequest, ListTemplatesResponse};
use uuid::Uuid;

use crate::{
    error::Error,
    rpc::{Rpc, convert, read},
    store::templates,
};

/// How many templates are answered if the request does not say.
const LIST_SIZE: i64 = 25;

pub(super) async fn list_templates(
    rpc: &Rpc,
    member: &Member,
    request: ListTemplatesRequest,
) -> Result<ListTemplatesResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let size = paging::size(request.page_size, LIST_SIZE);
    let after = read::cursor(&request.page_token)?.map_or(Uuid::nil(), |cursor| cursor.id);
    rpc.pages.check_is_of(member.tenant, page_id).await?;

    let mut tx = rpc.db.tenant(member.tenant).await?;
    let after = TemplateId::from_uuid(after);
    let mut found = templates::list_templates(&mut tx, member.tenant, page_id, after, size + 1).await?;
    tx.commit().await?;

    let next_page_token =
        paging::cut(&mut found, size, |template| Cursor { at: 0, id: template.template_id.uuid() });
    Ok(ListTemplatesResponse { templates: found.into_iter().map(Into::into).collect(), next_page_token })
}
