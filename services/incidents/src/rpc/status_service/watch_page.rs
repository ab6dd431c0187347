//! `StatusService.WatchPage`

use kit::ids::PageId;
use proto::incidents::v1::WatchPageRequest;

use crate::{
    error::Error,
    pages::Key,
    rpc::{Rpc, convert},
    watch::Versions,
};

pub(super) async fn watch_page(rpc: &Rpc, request: WatchPageRequest) -> Result<Versions, Error> {
    let page_id: PageId = convert::id("page_id", &request.page_id)?;
    let page = rpc.pages.find(Key::Id(page_id)).await?;
    Ok(rpc.watchers.watch(page.tenant_id, page.page_id, request.after_version).await?)
}
