//! What the services answer with: a folder a service, a file a verb, and the beats that verbs share.

mod audit_service;
pub(crate) mod change;
mod component_service;
pub(crate) mod convert;
pub(crate) mod incident_service;
pub(crate) mod maintenance_service;
mod page_change_service;
mod postmortem_service;
mod read;
mod status_history_service;
mod status_service;
mod template_service;
mod uptime_settings_service;
pub(crate) mod vendor_service;

use kit::{Clock, Db};

use crate::{pages::Pages, vendor_reader::Reader, watch::Hub};

/// What the verbs work with.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) pages: Pages,
    pub(crate) vendors: Reader,
    pub(crate) watchers: Hub,
}

impl Rpc {
    pub(crate) fn new(db: Db, clock: Clock, pages: Pages, vendors: Reader, watchers: Hub) -> Self {
        Self { db, clock, pages, vendors, watchers }
    }
}
