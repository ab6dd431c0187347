//! `PageChangeService.WatchPageChanges`

use crate::{rpc::Rpc, watch::Changes};

pub(super) fn watch_page_changes(rpc: &Rpc) -> Changes {
    rpc.watchers.watch_all()
}
