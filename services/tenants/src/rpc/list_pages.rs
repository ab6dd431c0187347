use kit::{
    caller::Member,
    paging::{self, Cursor},
};
use proto::tenants::v1::{ListPagesRequest, ListPagesResponse};
use uuid::Uuid;

use super::Rpc;
use crate::{error::Error, store};

const DEFAULT_SIZE: i64 = 100;

pub(super) async fn list_pages(
    rpc: &Rpc,
    caller: &Member,
    request: &ListPagesRequest,
) -> Result<ListPagesResponse, Error> {
    let size = paging::size(request.page_size, DEFAULT_SIZE);
    let after = Cursor::parse(&request.page_token)?.map_or(Uuid::nil(), |cursor| cursor.id);

    let mut tx = rpc.db.tenant(caller.tenant).await?;
    let mut pages = store::list_pages(&mut tx, caller.tenant, after, size + 1).await?;
    tx.commit().await?;

    let next_page_token = paging::cut(&mut pages, size, |page| Cursor { at: 0, id: page.page_id.uuid() });
    Ok(ListPagesResponse { pages: pages.into_iter().map(Into::into).collect(), next_page_token })
}
