//! What several verbs look up.

use kit::{
    caller::Member,
    db::Tx,
    ids::{BroadcastId, PageId, TenantId},
};
use proto::internal::v1::{LookUpPageRequest, look_up_page_request::Key};

use super::Rpc;
use crate::{
    error::Error,
    store::broadcasts::{self, Standing},
};

pub(super) fn broadcast_id(text: &str) -> Result<BroadcastId, Error> {
    text.parse().map_err(|error| Error::invalid("broadcast_id", error))
}

/// The page of this id, if it is the caller's tenant's. Without the question, a page of nobody and one without
/// broadcasts would look the same.
pub(super) async fn own_page(rpc: &Rpc, caller: &Member, page_id: String) -> Result<PageId, Error> {
    let page = page_id.parse().map_err(|error| Error::invalid("page_id", error))?;
    let look_up = LookUpPageRequest { key: Some(Key::PageId(page_id)) };
    let entry = rpc.pages.clone().look_up_page(look_up).await?.into_inner().page;
    match entry {
        Some(entry) if entry.tenant_id == caller.tenant.to_string() => Ok(page),
        Some(_) | None => Err(Error::NotFound),
    }
}

pub(super) async fn standing(tx: &mut Tx, tenant: TenantId, id: BroadcastId) -> Result<Standing, Error> {
    broadcasts::find(tx, tenant, id).await?.ok_or(Error::NotFound)
}

/// A broadcast as it stands, locked with what is left of it: segments first, as senders lock them.
pub(super) async fn locked(tx: &mut Tx, tenant: TenantId, id: BroadcastId) -> Result<Standing, Error> {
    // Before anything is locked: segments are no tenant's.
    standing(tx, tenant, id).await?;
    broadcasts::lock_segments(tx, id).await?;
    broadcasts::lock(tx, tenant, id).await?;
    standing(tx, tenant, id).await
}
