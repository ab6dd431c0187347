//! `StatusService.ListHistory`

use kit::ids::PageId;
use proto::incidents::v1::{ListHistoryRequest, ListHistoryResponse};

use super::{Rpc, convert, read};
use crate::{error::Error, pages::Key};

pub(super) async fn list_history(
    rpc: &Rpc,
    request: ListHistoryRequest,
) -> Result<ListHistoryResponse, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    let (incidents, next_page_token) =
        read::incidents(&rpc.db, page.tenant_id, page_id, request.page_size, &request.page_token).await?;
    Ok(ListHistoryResponse { incidents, next_page_token })
}
